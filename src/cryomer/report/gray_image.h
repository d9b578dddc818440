// Square images of real numbers, made ready for the eye.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct GrayImage {
  int size = 0;
  std::vector<float> values;  // [size][size]
};

// Gaussian low-pass that halves the amplitude at `resolution` (A); the image is continued by its edge.
GrayImage low_passed(const GrayImage& image, double resolution, double pixel_size);

// Means of squares of `factor` x `factor` pixels; what does not fill a square at the right and lower edge is left out.
GrayImage binned(const GrayImage& image, int factor);

// Without its mean.
GrayImage centred(const GrayImage& image);

GrayImage difference(const GrayImage& a, const GrayImage& b);

double standard_deviation(const GrayImage& image);

// Bytes with middle grey at 0, black and white at -limit and +limit.
std::vector<uint8_t> gray_levels(const GrayImage& image, double limit);

}  // namespace cryomer
