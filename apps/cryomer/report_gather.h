// Gathers what the report on a run shows: from its folder, its particles, and the files that the command line names.
#pragma once

#include "comparison_inputs.h"
#include "cryomer/report/run_report.h"

namespace cryomer {

struct ReportSettings {
  ComparisonInputs inputs;
  std::string run_folder, data_dir;
  std::string other_half;  // a run on the other half of the particles, or an ensemble; or none
  int64_t seed = 1;
};

RunReport gather_report(const ReportSettings& settings);

}  // namespace cryomer
