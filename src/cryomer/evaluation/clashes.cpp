#include "cryomer/evaluation/clashes.h"

#include <algorithm>

#include "cryomer/kernels/close_pairs.h"

namespace cryomer {

namespace {

constexpr double kDisulphide = 2.5;  // A

}  // namespace

ClashCounter::ClashCounter(const Structure& base, double cutoff)
    : cutoff_(cutoff), atom_count_(base.atom_count()) {
  for (const Atom& atom : base.atoms) residue_.push_back(atom.residue);
  for (const Residue& residue : base.residues) bonded_to_previous_.push_back(residue.bonded_to_previous);
  const auto is_other = [&](int i) { return base.residues[residue_[i]].kind == ResidueKind::other; };
  const auto is_sulphur = [&](int i) { return base.atoms[i].atomic_number == 16; };
  ClosePairWorkspace workspace;
  for_each_close_pair(base.coordinates().data(), atom_count_, float(std::max(cutoff, kDisulphide)), workspace, [&](int i, int j, const float*, float square) {
    const bool disulphide = is_sulphur(i) && is_sulphur(j) && square < kDisulphide * kDisulphide;
    if (disulphide || ((is_other(i) || is_other(j)) && square < cutoff * cutoff)) joined_.emplace_back(std::min(i, j), std::max(i, j));
  });
  std::sort(joined_.begin(), joined_.end());
}

int64_t ClashCounter::count(const float* coordinates) const {
  int64_t clashes = 0;
  ClosePairWorkspace workspace;
  for_each_close_pair(coordinates, atom_count_, float(cutoff_), workspace, [&](int i, int j, const float*, float) {
    const int r = std::min(residue_[i], residue_[j]), s = std::max(residue_[i], residue_[j]);
    if (r == s || (s == r + 1 && bonded_to_previous_[s])) return;
    if (!std::binary_search(joined_.begin(), joined_.end(), std::make_pair(std::min(i, j), std::max(i, j)))) ++clashes;
  });
  return clashes;
}

}  // namespace cryomer
