#include "cryomer/kernels/fft.h"

#include <cmath>
#include <complex>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "testing.h"

namespace cryomer {
namespace {

class FftOfEveryInstructionSet : public ::testing::TestWithParam<InstructionSet> {};
INSTANTIATE_TEST_SUITE_P(Fft, FftOfEveryInstructionSet, ::testing::ValuesIn(supported_instruction_sets()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(FftOfEveryInstructionSet, IsTheDirectSum) {
  const int rows = 6, columns = 8, half = columns / 2 + 1;
  Random random(31);
  std::vector<float> image(rows * columns), spectrum(2 * rows * half), back(rows * columns);
  random.fill_normal(image.data(), image.size());
  real_fft(image.data(), rows, columns, spectrum.data(), GetParam());
  for (int v = 0; v < rows; ++v) {
    for (int u = 0; u < half; ++u) {
      std::complex<double> sum = 0;
      for (int j = 0; j < rows; ++j) {
        for (int i = 0; i < columns; ++i) {
          const double phase = -2 * kPi * (double(v) * j / rows + double(u) * i / columns);
          sum += double{image[j * columns + i]} * std::polar(1.0, phase);
        }
      }
      EXPECT_NEAR(spectrum[2 * (v * half + u)], sum.real(), 1e-5);
      EXPECT_NEAR(spectrum[2 * (v * half + u) + 1], sum.imag(), 1e-5);
    }
  }
  inverse_real_fft(spectrum.data(), rows, columns, back.data(), GetParam());
  for (size_t i = 0; i < image.size(); ++i) EXPECT_NEAR(back[i] / (rows * columns), image[i], 1e-6);
}

}  // namespace
}  // namespace cryomer
