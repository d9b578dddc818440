// How a protein's signal fades with exposure (Grant & Grigorieff 2015, eLife 4:e06980): the amplitude at the frequency k after N
// e/A^2 is exp(-N / (2 N_c)), with the critical exposure N_c(k) = 0.24499 k^-1.6649 + 2.8141 e/A^2 at 300 kV.
#pragma once

namespace cryomer {

// e/A^2; k in 1/A, voltage in kV. At other voltages it follows what 200 kV showed: a fifth less there.
double critical_exposure(double k, double voltage);

// Share of the amplitude that is left in the plain sum of an exposure from 0 to `dose`, in so many frames of constant damage each
// (half of a frame's own dose counts).
double damaged_amplitude(double k, double dose, double voltage, int frames);

}  // namespace cryomer
