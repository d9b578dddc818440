#include "cryomer/evaluation/stereochemistry.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/evaluation/clashes.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/hydrogen_bonds.h"

namespace cryomer {

namespace {

constexpr int64_t kClashConformations = 1000;  // counted in; it takes longer than everything else here
constexpr double kIdealPeptideBond = 1.329;  // A

struct PeptideBond {
  int carbon, nitrogen;
  double base_length;  // A
};

double distance(const float* x, int i, int j) {
  double sum = 0;
  for (int k = 0; k < 3; ++k) {
    const double d = static_cast<double>(x[3 * i + k]) - x[3 * j + k];
    sum += d * d;
  }
  return std::sqrt(sum);
}

std::vector<PeptideBond> peptide_bonds(const Structure& base, const float* coordinates) {
  std::vector<PeptideBond> bonds;
  for (int r = 1; r < base.residue_count(); ++r) {
    if (!base.residues[r].bonded_to_previous) continue;
    const int carbon = base.find_atom(r - 1, "C"), nitrogen = base.find_atom(r, "N");
    if (carbon >= 0 && nitrogen >= 0)
      bonds.push_back({carbon, nitrogen, distance(coordinates, carbon, nitrogen)});
  }
  return bonds;
}

// Sums over one conformation.
struct Counts {
  double square = 0, square_ideal = 0;
  int64_t clashes = 0;
  int helix = 0, strand = 0;
};

// Marks at most `largest` of the conformations that have a share, evenly spread over them.
std::vector<char> spread_choice(const std::vector<double>& shares, int64_t largest) {
  std::vector<int64_t> present;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] > 0) present.push_back(int64_t(i));
  }
  const auto count = int64_t(present.size()), step = (count + largest - 1) / largest;
  std::vector<char> chosen(shares.size(), 0);
  for (int64_t k = 0; k < count; k += step) chosen[present[k]] = 1;
  return chosen;
}

}  // namespace

Stereochemistry stereochemistry(const Structure& base, const Ensemble& ensemble,
                                const std::vector<double>& weights) {
  require_usable(ensemble, "ensemble");
  if (ensemble.atom_count != base.atom_count()) {
    fail("the ensemble has {} atoms and {} {}, expected the same", ensemble.atom_count, base.source,
         base.atom_count());
  }
  const std::vector<double> shares = normalised_weights(weights, ensemble.size(), "ensemble");
  const std::vector<PeptideBond> bonds = peptide_bonds(base, base.coordinates().data());
  const std::vector<BackboneHydrogenBond> hydrogen_bonds = secondary_structure_bonds(base);
  const ClashCounter clashes(base);

  const std::vector<char> counts_clashes = spread_choice(shares, kClashConformations);
  std::vector<Counts> counts(ensemble.size());
  at::parallel_for(0, ensemble.size(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* x = ensemble.conformation(i);
      Counts& of = counts[i];
      for (const PeptideBond& bond : bonds) {
        const double length = distance(x, bond.carbon, bond.nitrogen);
        of.square += (length - bond.base_length) * (length - bond.base_length);
        of.square_ideal += (length - kIdealPeptideBond) * (length - kIdealPeptideBond);
      }
      if (counts_clashes[i]) of.clashes = clashes.count(x);
      for (const BackboneHydrogenBond& bond : hydrogen_bonds) {
        if (hydrogen_bond_energy(bond, x) >= kHydrogenBondEnergy) continue;
        ++(bond.kind == SecondaryStructure::helix ? of.helix : of.strand);
      }
    }
  });

  Stereochemistry result;
  for (const BackboneHydrogenBond& bond : hydrogen_bonds) {
    ++(bond.kind == SecondaryStructure::helix ? result.helix_bond_count : result.strand_bond_count);
  }
  double square = 0, square_ideal = 0, clash_sum = 0, clash_share = 0, helix = 0, strand = 0;
  for (int64_t i = 0; i < ensemble.size(); ++i) {
    square += shares[i] * counts[i].square;
    square_ideal += shares[i] * counts[i].square_ideal;
    if (counts_clashes[i]) {
      clash_sum += shares[i] * static_cast<double>(counts[i].clashes);
      clash_share += shares[i];
    }
    helix += shares[i] * counts[i].helix;
    strand += shares[i] * counts[i].strand;
  }
  const auto ratio = [](double part, size_t whole) {
    return whole > 0 ? part / static_cast<double>(whole) : std::numeric_limits<double>::quiet_NaN();
  };
  result.bond_rms_deviation = std::sqrt(ratio(square, bonds.size()));
  result.bond_rms_deviation_ideal = std::sqrt(ratio(square_ideal, bonds.size()));
  result.clashes_per_1000_atoms = 1000 * clash_sum / clash_share / static_cast<double>(ensemble.atom_count);
  result.hydrogen_bonds_kept = ratio(helix + strand, hydrogen_bonds.size());
  result.helix_bonds_kept = ratio(helix, result.helix_bond_count);
  result.strand_bonds_kept = ratio(strand, result.strand_bond_count);
  return result;
}

}  // namespace cryomer
