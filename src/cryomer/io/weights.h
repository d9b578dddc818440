// Weights of the states of a trajectory: a text file with one number a line; empty lines and lines that begin with #
// do not count.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cryomer {

// Fails unless there is one finite number of zero or more for each of `count` states of `states` (a file's name, for
// messages), and a positive sum.
std::vector<double> read_weights(const std::string& path, int64_t count, const std::string& states);

}  // namespace cryomer
