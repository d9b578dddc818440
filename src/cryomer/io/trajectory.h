// Many conformations from and to files: DCD (CHARMM, NAMD, X-PLOR dialects), multi-model PDB and mmCIF.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// Conformations of `structure` one at a time, so that a trajectory need not fit into memory.
class TrajectoryReader {
 public:
  virtual ~TrajectoryReader() = default;
  virtual int64_t size() const = 0;
  // Fills [atoms of the structure][3] in A, in the structure's atom order.
  virtual void read(int64_t index, float* coordinates) = 0;
};

// Conformations that are held in memory; `source` is named when there is no such one.
class HeldTrajectory final : public TrajectoryReader {
 public:
  HeldTrajectory(std::string source, Ensemble ensemble) : source_(std::move(source)), ensemble_(std::move(ensemble)) {}
  int64_t size() const override { return ensemble_.size(); }
  void read(int64_t index, float* coordinates) override;

 private:
  std::string source_;
  Ensemble ensemble_;
};

// Opens a trajectory whose atoms include those of `structure`. Files with names (PDB, mmCIF) are matched by chain,
// residue number, insertion code and atom name; more atoms (hydrogens, waters) are allowed, and models may list them in
// different order. A DCD has no names: its atoms are those of `topology` (PDB, mmCIF or PSF) if given, else of the .pdb,
// .cif or .psf of the same name beside it, else of the structure's own file (all its atoms, or the kept ones), and the
// count must agree. Chains of other names are matched in order when there are equally many. Errors say which atoms are
// missing. A DCD is read frame by frame; models of a text file are held in memory. A reader is for one thread.
std::unique_ptr<TrajectoryReader> open_trajectory(const std::string& path, const Structure& structure,
                                                  const std::string& topology = "");
Ensemble read_ensemble(const std::string& path, const Structure& structure, const std::string& topology = "");

// Writes conformations one at a time; .dcd, .pdb or .cif (multi-model) by the ending. Beside a .dcd comes a .pdb of the
// same name with its atoms (a .cif where PDB cannot hold them); a file of that name that is not such a list is not
// replaced but an error.
class TrajectoryWriter {
 public:
  virtual ~TrajectoryWriter() = default;
  virtual void write(const float* coordinates) = 0;  // [atoms][3], A
  virtual void commit() = 0;                         // nothing appears at the path before this
};
// Whether its ending is one that create_trajectory knows.
bool is_trajectory_name(const std::string& path);
std::unique_ptr<TrajectoryWriter> create_trajectory(const std::string& path, const Structure& structure);
void write_ensemble(const std::string& path, const Structure& structure, const Ensemble& ensemble);

}  // namespace cryomer
