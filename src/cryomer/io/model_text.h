// Conformations of a structure as PDB or mmCIF text, one model after another.
#pragma once

#include <string>
#include <vector>

#include "cryomer/structure/structure.h"

namespace cryomer {

enum class CoordinateFormat { pdb, mmcif };

class ModelText {
 public:
  // `path` is for messages and the mmCIF block name. PDB fails for what its columns cannot hold; with
  // `numbered_models` every model is between MODEL and ENDMDL.
  ModelText(const std::string& path, CoordinateFormat format, const Structure& structure,
            bool numbered_models);

  std::string begin() const;
  // Appends one model ([atoms][3], A). Fails for coordinates that are not finite or do not fit the columns.
  void append_model(std::string& text, const float* coordinates);
  std::string end() const;

 private:
  void prepare_pdb_lines();
  void prepare_mmcif_lines();

  std::string path_;
  CoordinateFormat format_;
  const Structure structure_;
  bool numbered_models_;
  int64_t models_ = 0;
  // What stands before and after the coordinates of each atom; `ending` holds a TER line too where a chain
  // ends.
  std::vector<std::string> beginning_, ending_;
};

// Why PDB cannot hold the structure ("chain name 'LONG' has more than two letters"), or an empty text.
std::string reason_against_pdb(const Structure& structure);

}  // namespace cryomer
