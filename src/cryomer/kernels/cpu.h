// Which instruction set the hot loops use, decided once at run time. Every kernel has a plain C++ reference that defines
// what is right, and faster versions that one and the same test compares with it.
#pragma once

#include <string>
#include <vector>

namespace cryomer {

enum class InstructionSet { reference, avx2, avx512 };

const char* name_of(InstructionSet set);
// What this processor and this build support, slowest first; always contains reference.
const std::vector<InstructionSet>& supported_instruction_sets();
// The fastest supported one, or the one that the environment variable CRYOMER_INSTRUCTION_SET names.
InstructionSet active_instruction_set();

}  // namespace cryomer
