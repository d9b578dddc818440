#include "cryomer/simulation/extraction.h"

#include <algorithm>
#include <cmath>

#include "cryomer/kernels/fft.h"
#include "cryomer/simulation/half_spectrum.h"

namespace cryomer {

Background background_of(const Micrograph& micrograph, const MicrographPlan& plan, double radius) {
  const int n = micrograph.size;
  std::vector<char> taken(size_t(n) * n, 0);
  for (const PlannedParticle& p : plan.particles) {
    const int first = std::max(0, static_cast<int>(std::floor(p.y - radius))),
              last = std::min(n - 1, static_cast<int>(std::ceil(p.y + radius)));
    for (int y = first; y <= last; ++y) {
      const double half = std::sqrt(std::max(0.0, radius * radius - (y - p.y) * (y - p.y)));
      const int left = std::max(0, static_cast<int>(std::ceil(p.x - half))),
                right = std::min(n - 1, static_cast<int>(std::floor(p.x + half)));
      for (int x = left; x <= right; ++x) taken[size_t(y) * n + x] = 1;
    }
  }
  const bool all = std::all_of(taken.begin(), taken.end(), [](char t) { return t != 0; });
  double sum = 0, squares = 0, count = 0;
  for (size_t i = 0; i < taken.size(); ++i) {
    if (taken[i] && !all) continue;
    const double value = micrograph.noisy[i];
    sum += value, squares += value * value, count += 1;
  }
  const double mean = sum / count;
  return {mean, std::sqrt(std::max(1e-30, squares / count - mean * mean))};
}

std::vector<float> downsampled(const std::vector<float>& image, int from, int to) {
  if (from == to) return image;
  std::vector<float> spectrum(2 * half_count(from)), cropped(2 * half_count(to)), result(size_t(to) * to);
  real_fft(image.data(), from, from, spectrum.data());
  crop_spectrum(spectrum.data(), from, cropped.data(), to, static_cast<float>(1 / (double(from) * from)));
  inverse_real_fft(cropped.data(), to, to, result.data());
  return result;
}

ExtractedParticle extract(const Micrograph& micrograph, const PlannedParticle& particle, const Background& background,
                          const SimulationConfig& config) {
  const ExtractionConfig& e = config.extraction;
  const auto box = static_cast<int>(e.box);
  ExtractedParticle result;
  auto cut = [&](const std::vector<float>& from) {
    std::vector<float> image;
    image.reserve(size_t(box) * box);
    for (int j = 0; j < box; ++j) {
      const float* const row = from.data() + size_t(particle.top + j) * micrograph.size + particle.left;
      image.insert(image.end(), row, row + box);
    }
    return downsampled(image, box, static_cast<int>(config.particle_box()));
  };
  result.noisy = cut(micrograph.noisy);
  result.clean = cut(micrograph.clean);
  double mean = background.mean, deviation = background.deviation;
  if (e.normalisation == "relion") {
    const auto n = static_cast<int>(config.particle_box());
    const double shrunk = double(n) / box, radius = shrunk * (e.background_radius > 0 ? e.background_radius : 0.5 * box - 1);
    double sum = 0, squares = 0, count = 0;
    for (int j = 0; j < n; ++j) {
      for (int i = 0; i < n; ++i) {
        const double x = i - n / 2, y = j - n / 2;
        if (x * x + y * y <= radius * radius) continue;
        const double value = result.noisy[size_t(j) * n + i];
        sum += value, squares += value * value, count += 1;
      }
    }
    mean = sum / count;
    deviation = std::sqrt(std::max(1e-30, squares / count - mean * mean));
  }
  const bool raw = e.normalisation == "raw";  // counts as they are
  if (raw) mean = 0, deviation = 1;
  const auto sign = static_cast<float>((e.invert && !raw ? -1 : 1) / deviation), shift = static_cast<float>(mean);
  for (std::vector<float>* image : {&result.noisy, &result.clean}) {
    for (float& value : *image) value = sign * (value - shift);
  }
  return result;
}

}  // namespace cryomer
