#include "cryomer/kernels/cpu.h"

#include <cstdlib>

#include "cryomer/base/error.h"

namespace cryomer {

const char* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx2: return "avx2";
    case InstructionSet::avx512: return "avx512";
    case InstructionSet::reference: break;
  }
  return "reference";
}

const std::vector<InstructionSet>& supported_instruction_sets() {
  static const std::vector<InstructionSet> sets = [] {
    std::vector<InstructionSet> found = {InstructionSet::reference};
#ifdef CRYOMER_HAS_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(InstructionSet::avx2);
#endif
#ifdef CRYOMER_HAS_AVX512
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
      found.push_back(InstructionSet::avx512);
    }
#endif
    return found;
  }();
  return sets;
}

InstructionSet active_instruction_set() {
  static const InstructionSet active = [] {
    const char* wanted = std::getenv("CRYOMER_INSTRUCTION_SET");
    if (!wanted) return supported_instruction_sets().back();
    std::string names;
    for (const InstructionSet set : supported_instruction_sets()) {
      if (std::string(wanted) == name_of(set)) return set;
      names += std::string(" ") + name_of(set);
    }
    fail_usage("CRYOMER_INSTRUCTION_SET={}: this processor and build support:{}", wanted, names);
  }();
  return active;
}

}  // namespace cryomer
