// The parsers behind for_each_model().
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cryomer/io/atom_records.h"
#include "cryomer/io/line_reader.h"

namespace cryomer {

using ModelVisitor = std::function<bool(const std::vector<AtomRecord>&)>;

// Both return the number of models visited.
int64_t read_pdb_models(LineReader& lines, const ModelVisitor& visit);
int64_t read_mmcif_models(LineReader& lines, const ModelVisitor& visit);

}  // namespace cryomer
