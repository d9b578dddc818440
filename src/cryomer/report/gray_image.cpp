#include "cryomer/report/gray_image.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

// Convolves rows with a symmetric kernel, kernel[k] at distance k, and returns the transposed image.
GrayImage convolved_transposed(const GrayImage& image, const std::vector<double>& kernel) {
  GrayImage result{image.size, std::vector<float>(image.values.size())};
  const int last = image.size - 1, reach = static_cast<int>(kernel.size()) - 1;
  for (int y = 0; y < image.size; ++y) {
    const float* const row = image.values.data() + size_t(y) * image.size;
    for (int x = 0; x < image.size; ++x) {
      double sum = kernel[0] * row[x];
      for (int k = 1; k <= reach; ++k) sum += kernel[k] * (row[std::max(0, x - k)] + row[std::min(last, x + k)]);
      result.values[size_t(x) * image.size + y] = static_cast<float>(sum);
    }
  }
  return result;
}

}  // namespace

GrayImage low_passed(const GrayImage& image, double resolution, double pixel_size) {
  const double sigma = resolution / pixel_size * std::sqrt(2 * std::log(2.0)) / (2 * kPi);  // pixels
  std::vector<double> kernel;
  double sum = 0;
  for (int k = 0; k <= std::ceil(3 * sigma); ++k) {
    kernel.push_back(std::exp(-0.5 * k * k / (sigma * sigma)));
    sum += (k == 0 ? 1 : 2) * kernel.back();
  }
  for (double& weight : kernel) weight /= sum;
  return convolved_transposed(convolved_transposed(image, kernel), kernel);
}

GrayImage binned(const GrayImage& image, int factor) {
  GrayImage small{image.size / factor, {}};
  small.values.assign(size_t(small.size) * small.size, 0.0f);
  for (int y = 0; y < small.size * factor; ++y) {
    for (int x = 0; x < small.size * factor; ++x) {
      small.values[size_t(y / factor) * small.size + x / factor] += image.values[size_t(y) * image.size + x] / float(factor * factor);
    }
  }
  return small;
}

GrayImage centred(const GrayImage& image) {
  double sum = 0;
  for (const float value : image.values) sum += value;
  GrayImage result = image;
  for (float& value : result.values) value -= static_cast<float>(sum / double(image.values.size()));
  return result;
}

GrayImage difference(const GrayImage& a, const GrayImage& b) {
  GrayImage result = a;
  for (size_t i = 0; i < result.values.size(); ++i) result.values[i] -= b.values[i];
  return result;
}

double standard_deviation(const GrayImage& image) {
  double sum = 0;
  const GrayImage around_zero = centred(image);
  for (const float value : around_zero.values) sum += double(value) * value;
  return std::sqrt(sum / double(image.values.size()));
}

std::vector<uint8_t> gray_levels(const GrayImage& image, double limit) {
  std::vector<uint8_t> bytes;
  bytes.reserve(image.values.size());
  for (const float value : image.values) {
    bytes.push_back(static_cast<uint8_t>(std::lround(std::clamp(127.5 + 127.5 * value / std::max(limit, 1e-30), 0.0, 255.0))));
  }
  return bytes;
}

}  // namespace cryomer
