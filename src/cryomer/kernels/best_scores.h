// The reduction of a pose search: from every template's scores at every shift to each template's best.
#pragma once

#include "cryomer/kernels/cpu.h"

namespace cryomer {

// What is kept of each template.
struct BestScores {
  float* score = nullptr;
  int *conformation = nullptr, *shift = nullptr;
};

// cross [shifts][width], power [width]. Where max over shifts of cross, less power, beats what is kept of a template, it
// takes its place, with this conformation and the first shift that reaches it.
void keep_best_scores(const float* cross, int shifts, int width, const float* power, int conformation, const BestScores& best,
                      InstructionSet set = active_instruction_set());

}  // namespace cryomer
