// Two-dimensional real Fourier transforms of single-precision images, through pocketfft (header-only, BSD-3, part of
// gemmi's headers), compiled once for each instruction set.
//
// Forward: spectrum[v][u] = sum image[j][i] exp(-2 pi i (v j / rows + u i / columns)), 0 <= u <= columns / 2, interleaved
// real and imaginary parts. Both directions are unnormalised: backward(forward(x)) = rows * columns * x.
#pragma once

#include "cryomer/kernels/cpu.h"

namespace cryomer {

void real_fft(const float* image, int rows, int columns, float* spectrum, InstructionSet set = active_instruction_set());
// The spectrum is read as Hermitian: what is stored for u = 0 and u = columns / 2 must be so already.
void inverse_real_fft(const float* spectrum, int rows, int columns, float* image,
                      InstructionSet set = active_instruction_set());

}  // namespace cryomer
