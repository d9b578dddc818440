// The header of an MRC stack, for who writes its images in another order than mrc.h's writer does.
#pragma once

#include <cstdint>
#include <string>

namespace cryomer {

struct ImageValues {
  double minimum = 0, maximum = 0, mean = 0, deviation = 0;  // of all pixels
};

// The 1024 bytes before `images` images (mode 2, little-endian) of nx x ny pixels.
std::string mrc_stack_header(int64_t nx, int64_t ny, int64_t images, double pixel_size, const ImageValues& values);

}  // namespace cryomer
