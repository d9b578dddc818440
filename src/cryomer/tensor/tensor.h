// The door to libtorch: the one header through which the layers above see tensors, so that what differs between libtorch
// 1.13 and 2.x stays here.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <functional>
#include <string>
#include <vector>

#include "cryomer/base/error.h"

namespace cryomer {

using at::Tensor;

// Copies; float32 on the CPU unless said otherwise.
Tensor tensor_from(const std::vector<float>& values, at::IntArrayRef shape);
Tensor tensor_from(const std::vector<int64_t>& values);
Tensor tensor_from(const std::vector<double>& values);
std::vector<float> to_floats(const Tensor& tensor);  // any device and type, contiguous order
std::vector<double> to_doubles(const Tensor& tensor);
// The tensor on a device. A copy from the CPU to a GPU is queued there and not waited for.
Tensor brought_to(at::Device device, const Tensor& tensor);

// "[256, 64, 64]"
std::string shape_text(at::IntArrayRef shape);
// Fails, naming the argument, unless the tensor has this shape; -1 fits any size.
void check_shape(const Tensor& tensor, const char* argument, at::IntArrayRef shape);
// Fails unless the tensor is float32, contiguous and on the device.
void check_float(const Tensor& tensor, const char* argument, at::Device device = at::kCPU);

// Splits [0, count) over the threads of --threads; `body(first, last)` runs on each part.
void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body);
// For work that records gradients: [0, count) in as many parts of at least `least` as there are threads, and
// `body(part, first, last)` on each, one thread to a part. Cheaper than sharing every operation among the threads, since
// they meet only at the end.
int64_t part_count(int64_t count, int64_t least);
void parallel_parts(int64_t count, int64_t parts, const std::function<void(int64_t, int64_t, int64_t)>& body);
void set_thread_count(int threads);  // 0: all cores
int thread_count();
// No more threads than this while it lives.
class ThreadLimit {
 public:
  explicit ThreadLimit(int most);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
};

// What an exception says, for people: libtorch's own without their stack traces, and a plain word when memory is short.
std::string message_of(const std::exception& problem);

}  // namespace cryomer
