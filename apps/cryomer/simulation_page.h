// One page about a simulated data set: what was asked for, a micrograph, its power spectrum with the CTF's zeros, particles.
#pragma once

#include <string>

#include "cryomer/simulation/micrograph_simulation.h"

namespace cryomer {

std::string simulation_page(const MicrographSimulationSummary& summary, const std::string& preset, const std::string& command_line);

}  // namespace cryomer
