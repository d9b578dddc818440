// Normal draws, for tests of tensors.
#pragma once

#include "cryomer/base/random.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer::testing {

inline Tensor random_tensor(Random& random, at::IntArrayRef shape, double size) {
  Tensor t = at::empty(shape);
  random.fill_normal(t.data_ptr<float>(), size_t(t.numel()));
  return t * size;
}

inline Tensor random_tensor(uint64_t seed, at::IntArrayRef shape, double size) {
  Random random(seed);
  return random_tensor(random, shape, size);
}

}  // namespace cryomer::testing
