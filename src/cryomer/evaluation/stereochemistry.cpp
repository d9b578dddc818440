#include "cryomer/evaluation/stereochemistry.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"
#include "cryomer/evaluation/clashes.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/covalent_geometry.h"
#include "cryomer/evaluation/hydrogen_bonds.h"
#include "cryomer/structure/ramachandran.h"

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
  double bond_square = 0, angle_square = 0, ideal_angle_square = 0;  // A^2, radians^2
  int wrong_hands = 0, twisted = 0, outliers = 0, left_handed = 0, eclipsed = 0;
};

constexpr double kEclipsed = 30;  // degrees from the nearest staggered torsion: half-way to where it is eclipsed
constexpr double kFlat = 30;  // degrees from a flat peptide, beyond which it counts as twisted

void count_covalent(const Structure& base, const CovalentGeometry& geometry, const float* x, Counts& of) {
  for (const CovalentBond& bond : geometry.bonds) {
    const double change = distance(x, bond.i, bond.j) - bond.length;
    of.bond_square += change * change;
  }
  for (const BondAngle& angle : geometry.angles) {
    const double found = bond_angle(x, angle.i, angle.j, angle.k);
    of.angle_square += (found - angle.angle) * (found - angle.angle);
    if (angle.ideal > 0) of.ideal_angle_square += (found - angle.ideal) * (found - angle.ideal);
  }
  for (const ChiralCentre& centre : geometry.centres) of.wrong_hands += !is_left_handed(x, centre);
  for (const PeptidePlane& plane : geometry.planes) {
    const double omega = std::abs(degrees(torsion_angle(x, plane.ca_before, plane.c, plane.n, plane.ca)));
    of.twisted += omega > kFlat && omega < 180 - kFlat;
  }
  for (const BackboneTorsions& t : geometry.torsions) {
    const std::string& name = base.residues[t.residue].name;
    const double phi = torsion_angle(x, t.c_before, t.n, t.ca, t.c);
    of.outliers += is_ramachandran_outlier(name, phi, torsion_angle(x, t.n, t.ca, t.c, t.n_after));
    of.left_handed += phi > 0 && can_be_left_handed(name);
  }
  for (const SideChainBond& bond : geometry.staggered) {
    of.eclipsed += from_staggered(torsion_angle(x, bond.before, bond.from, bond.about, bond.after)) > radians(kEclipsed);
  }
}

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
  const CovalentGeometry geometry(base);

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
      count_covalent(base, geometry, x, of);
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
  double bond_square = 0, angle_square = 0, ideal_square = 0, wrong_hands = 0, twisted = 0, outliers = 0, left_handed = 0, eclipsed = 0;
  for (int64_t i = 0; i < ensemble.size(); ++i) {
    square += shares[i] * counts[i].square;
    square_ideal += shares[i] * counts[i].square_ideal;
    if (counts_clashes[i]) {
      clash_sum += shares[i] * static_cast<double>(counts[i].clashes);
      clash_share += shares[i];
    }
    helix += shares[i] * counts[i].helix;
    strand += shares[i] * counts[i].strand;
    bond_square += shares[i] * counts[i].bond_square;
    angle_square += shares[i] * counts[i].angle_square;
    ideal_square += shares[i] * counts[i].ideal_angle_square;
    wrong_hands += shares[i] * counts[i].wrong_hands;
    twisted += shares[i] * counts[i].twisted;
    outliers += shares[i] * counts[i].outliers;
    left_handed += shares[i] * counts[i].left_handed;
    eclipsed += shares[i] * counts[i].eclipsed;
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
  size_t ideal_angles = 0;
  for (const BondAngle& angle : geometry.angles) ideal_angles += angle.ideal > 0;
  result.all_bonds_rms_deviation = std::sqrt(ratio(bond_square, geometry.bonds.size()));
  result.angle_rms_deviation = degrees(std::sqrt(ratio(angle_square, geometry.angles.size())));
  result.backbone_angle_rms_deviation_ideal = degrees(std::sqrt(ratio(ideal_square, ideal_angles)));
  result.wrong_hands = ratio(wrong_hands, geometry.centres.size());
  result.twisted_peptides = ratio(twisted, geometry.planes.size());
  result.ramachandran_outliers = ratio(outliers, geometry.torsions.size());
  size_t handed = 0;
  for (const BackboneTorsions& t : geometry.torsions) handed += can_be_left_handed(base.residues[t.residue].name);
  result.left_handed_residues = ratio(left_handed, handed);
  result.eclipsed_side_chains = ratio(eclipsed, geometry.staggered.size());
  result.bond_count = static_cast<int>(geometry.bonds.size());
  result.angle_count = static_cast<int>(geometry.angles.size());
  result.centre_count = static_cast<int>(geometry.centres.size());
  result.plane_count = static_cast<int>(geometry.planes.size());
  result.torsion_count = static_cast<int>(geometry.torsions.size());
  result.staggered_count = static_cast<int>(geometry.staggered.size());
  return result;
}

}  // namespace cryomer
