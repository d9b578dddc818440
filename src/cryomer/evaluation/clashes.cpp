#include "cryomer/evaluation/clashes.h"

#include <algorithm>

namespace cryomer {

namespace {

constexpr double kDisulphide = 2.5;  // A

}  // namespace

ClashCounter::ClashCounter(const Structure& base, double cutoff) : cutoff_(static_cast<float>(cutoff)) {
  for (const Atom& atom : base.atoms) {
    rules_.radius.push_back(cutoff_ / 2);
    rules_.residue.push_back(atom.residue);
  }
  for (const Residue& residue : base.residues) rules_.bonded_to_previous.push_back(residue.bonded_to_previous);
  const auto is_other = [&](int i) { return base.residues[rules_.residue[i]].kind == ResidueKind::other; };
  const auto is_sulphur = [&](int i) { return base.atoms[i].atomic_number == 16; };
  ClosePairWorkspace workspace;
  for_each_close_pair(base.coordinates().data(), base.atom_count(), float(std::max(cutoff, kDisulphide)), workspace, [&](int i, int j, const float*, float square) {
    const bool disulphide = is_sulphur(i) && is_sulphur(j) && square < kDisulphide * kDisulphide;
    if (disulphide || ((is_other(i) || is_other(j)) && square < cutoff * cutoff)) rules_.join(i, j);
  });
  std::sort(rules_.joined.begin(), rules_.joined.end());
}

int64_t ClashCounter::count(const float* coordinates) const {
  int64_t clashes = 0;
  ClosePairWorkspace workspace;
  for_each_close_pair(coordinates, rules_.atom_count(), cutoff_, workspace, [&](int i, int j, const float*, float) { clashes += !rules_.may_touch(i, j); });
  return clashes;
}

}  // namespace cryomer
