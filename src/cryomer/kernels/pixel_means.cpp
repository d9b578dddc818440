#include "cryomer/kernels/pixel_means.h"

#include <algorithm>

#include "cryomer/base/error.h"
#include "cryomer/kernels/pixel_means_loops.h"

namespace cryomer {

PointProfiles::PointProfiles(PointKinds of) : kinds(std::move(of)) {
  if (kinds.terms != 1 && kinds.terms != 5) fail("pixel means: {} terms a point, expected 1 or 5", kinds.terms);
  const float flattest = kinds.steepness.empty() ? 1 : *std::min_element(kinds.steepness.begin(), kinds.steepness.end());
  const double widest = 1 / (std::sqrt(2.0) * flattest);
  while (window < 32 && 0.5 * window - 0.5 < 4.2 * widest) window += 8;
  table.reserve(kinds.steepness.size() * size_t(kSteps + 1) * size_t(window));
  for (const float steepness : kinds.steepness) {
    for (int step = 0; step <= kSteps; ++step) {
      const double place = window / 2 - 1 + double(step) / kSteps;
      for (int i = 0; i < window; ++i) {
        table.push_back(
            static_cast<float>(0.5 * (std::erf(steepness * (i - place + 0.5)) - std::erf(steepness * (i - place - 0.5)))));
      }
    }
  }
}

void add_pixel_means(const Points& points, const PointProfiles& profiles, float* image, int width, int height, const Slab* slab,
                     InstructionSet set) {
  detail::PixelMeanLoop loop = detail::add_pixel_means_here;
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) loop = detail::add_pixel_means_avx2;
#endif
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) loop = detail::add_pixel_means_avx512;
#endif
  loop(points, profiles, image, width, height, slab);
}

}  // namespace cryomer
