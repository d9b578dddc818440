// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
// A generator is its seed, its stream and its position, nothing else: image i of a run draws from stream i whatever
// thread works on it, so one seed gives one result on any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cryomer {

// One block of four random words for a counter and a key.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  // An independent generator for one part of the work, e.g. one image or one training step.
  Random substream(uint64_t index) const;

  uint32_t bits();
  double uniform();             // [0, 1) with 32 bits
  double normal();              // mean 0, variance 1
  uint64_t below(uint64_t n);   // uniform on 0..n-1
  void fill_normal(float* values, size_t count);
  // A random permutation of 0..n-1.
  std::vector<int64_t> permutation(int64_t n);

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t block_ = 0;
  std::array<uint32_t, 4> words_{};
  int used_ = 4;
  bool has_spare_normal_ = false;
  double spare_normal_ = 0;
};

}  // namespace cryomer
