// Frequencies of the half spectra that kernels/fft makes: [size][size / 2 + 1], row v holds v or v - size.
#pragma once

#include <cstddef>
#include <vector>

namespace cryomer {

inline int half_columns(int size) {
  return size / 2 + 1;
}
inline size_t half_count(int size) {
  return size_t(size) * size_t(half_columns(size));
}
inline int frequency_of_row(int v, int size) {
  return v <= size / 2 ? v : v - size;
}

// visit(index, kx, ky), frequencies in 1/A.
template <class Visit>
void for_each_frequency(int size, double pixel, Visit&& visit) {
  const double step = 1 / (size * pixel);
  size_t index = 0;
  for (int v = 0; v < size; ++v) {
    const double ky = step * frequency_of_row(v, size);
    for (int u = 0; u < half_columns(size); ++u, ++index) visit(index, step * u, ky);
  }
}

// The smallest even number that is not below `least` and has no prime factor above 5: a fast transform.
int fast_size(double least);

// The middle of a half spectrum, as the spectrum of an image of `to` pixels over the same field: Fourier cropping. The highest
// frequency is left out, and values are scaled by `scale`.
void crop_spectrum(const float* spectrum, int from, float* cropped, int to, float scale);

}  // namespace cryomer
