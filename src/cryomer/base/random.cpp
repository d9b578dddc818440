#include "cryomer/base/random.h"

#include <cmath>
#include <numeric>

#include "cryomer/base/units.h"

namespace cryomer {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
  constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

namespace {

// SplitMix64's finaliser: spreads (stream, index) pairs over the stream space.
uint64_t mixed(uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

}  // namespace

Random Random::substream(uint64_t index) const { return Random(seed_, mixed(mixed(stream_) + index)); }

uint32_t Random::bits() {
  if (used_ == 4) {
    words_ = philox4x32({static_cast<uint32_t>(block_), static_cast<uint32_t>(block_ >> 32),
                         static_cast<uint32_t>(stream_), static_cast<uint32_t>(stream_ >> 32)},
                        {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
    ++block_;
    used_ = 0;
  }
  return words_[used_++];
}

double Random::uniform() { return bits() * 0x1p-32; }

double Random::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  // Box-Muller; the half-open interval is shifted so that the logarithm stays finite.
  const double u = (bits() + 0.5) * 0x1p-32;
  const double v = bits() * 0x1p-32;
  const double radius = std::sqrt(-2.0 * std::log(u));
  spare_normal_ = radius * std::sin(2.0 * kPi * v);
  has_spare_normal_ = true;
  return radius * std::cos(2.0 * kPi * v);
}

uint64_t Random::below(uint64_t n) {
  // Rejection keeps it unbiased.
  const uint64_t limit = ~uint64_t{0} - ~uint64_t{0} % n;
  while (true) {
    const uint64_t high = bits();
    const uint64_t value = high << 32 | bits();
    if (value < limit) return value % n;
  }
}

void Random::fill_normal(float* values, size_t count) {
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(normal());
}

std::vector<int64_t> Random::permutation(int64_t n) {
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = n - 1; i > 0; --i) std::swap(order[i], order[below(static_cast<uint64_t>(i) + 1)]);
  return order;
}

}  // namespace cryomer
