// Inside Cryomer: lengths in A, angles in radians, frequencies in 1/A. Files and the command line: degrees, kV, mm.
#pragma once

namespace cryomer {

inline constexpr double kPi = 3.14159265358979323846;

constexpr double radians(double degrees) { return degrees * (kPi / 180.0); }
constexpr double degrees(double radians) { return radians * (180.0 / kPi); }

}  // namespace cryomer
