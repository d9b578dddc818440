#include "cryomer/evaluation/findings.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"
#include "cryomer/base/text.h"
#include "cryomer/evaluation/calibration.h"

namespace cryomer {

namespace {

constexpr double kErrors = 3;         // standard errors beyond which a difference is not chance
constexpr double kHardlyNearer = 0.95;  // of the base structure's RMSD: particles that are not below it say nothing
constexpr double kLeastShift = 0.25;  // A, of a mean distance
constexpr double kNarrow = 0.75;      // ratio of widths below which (or its inverse above which) they differ
constexpr double kLeastShare = 0.05;  // of an occupancy's difference
constexpr double kMissing = 0.2;      // of its true occupancy, below which a group is missing
constexpr double kPerfectCoverage = 0.95;
constexpr double kLeastUncovered = 0.05;   // below that, at least, states are missing; and beyond four standard errors
constexpr double kLeastOffset = 0.5;       // A, of a residue's mean position
constexpr double kRecovered = 0.5;         // share of a motion's variance, below which it is not recovered
constexpr double kLeastMotion = 0.05;      // of the truth's variance: smaller motions are not spoken of
constexpr double kCoverageError = 0.05;    // of an interval
constexpr double kLostByDecoder = 0.04;    // of a correlation
constexpr double kSeriousGeometry = 0.01;  // of residues

std::string percent(double fraction) {
  return formatted("{:.0f} %", 100 * fraction);
}
std::string length(double value) {
  return formatted("{:.2f} A", value);
}

class Writer {
 public:
  template <class... Args>
  void say(Verdict verdict, const char* subject, fmt::format_string<Args...> pattern, Args&&... arguments) {
    list_.push_back({verdict, subject, formatted(pattern, std::forward<Args>(arguments)...)});
  }
  std::vector<Finding> sorted() {
    std::stable_sort(list_.begin(), list_.end(), [](const Finding& a, const Finding& b) { return a.verdict > b.verdict; });
    return std::move(list_);
  }

 private:
  std::vector<Finding> list_;
};

void judge_hand(const EnsembleComparison& e, Writer& write) {
  const double wrong = e.geometry.wrong_hands;
  if (e.truth_mirror.is_mirrored()) {
    write.say(Verdict::wrong, "mirror_image",
              "The truth is the mirror image of the base structure: mirrored it fits at {}, as it is at {}. Check the files.",
              length(e.truth_mirror.rmsd_mirrored), length(e.truth_mirror.rmsd));
  }
  if (e.mirror.is_mirrored()) {
    write.say(
        Verdict::wrong, "mirror_image",
        "The ensemble is a mirror image of the truth: its fold has the wrong hand. Mirrored, its conformations are within {} of "
        "true ones; as they are, {}.",
        length(e.mirror.rmsd_mirrored), length(e.mirror.rmsd));
  }
  if (wrong > e.truth_geometry.wrong_hands + kSeriousGeometry) {
    write.say(Verdict::wrong, "chirality", "{} of the amino acids are of the wrong hand (D), {} in the truth.", percent(wrong),
              percent(e.truth_geometry.wrong_hands));
  }
}

void judge_emd(const EnsembleComparison& e, Writer& write) {
  const EmdRmsd& emd = e.emd;
  if (e.ensemble_size == 1) {
    write.say(Verdict::wrong, "ensemble", "The ensemble is a single structure: it says nothing about how the molecule moves.");
  } else if (e.ensemble_size < emd.n) {
    write.say(Verdict::note, "ensemble",
              "The ensemble has {} structures, fewer than the {} drawn, so they repeat and EMD-RMSD is larger for it; --n {} "
              "avoids that.",
              e.ensemble_size, emd.n, e.ensemble_size);
  }
  if (std::isnan(emd.floor)) {
    write.say(Verdict::note, "emd_rmsd", "The truth is a single conformation, so EMD-RMSD has no floor.");
    return;
  }
  const double excess = emd.value_at_floor_n - emd.floor;
  const double error = std::hypot(emd.error_at_floor_n, emd.floor_error);
  const std::string at = emd.floor_n == emd.n ? ""
                                              : formatted(" (with {} of each, as the floor: {} and {})", emd.floor_n,
                                                          length(emd.value_at_floor_n), length(emd.floor));
  if (emd.value_at_floor_n > emd.baseline) {
    write.say(Verdict::wrong, "emd_rmsd", "EMD-RMSD is {}, farther from the truth than the base structure repeated ({}){}.",
              length(emd.value), length(emd.baseline), at);
  } else if (excess <= 2 * error) {
    write.say(Verdict::good, "emd_rmsd",
              "EMD-RMSD is at its floor: as far as it can tell, the ensemble is as near to the truth as two draws of the truth are "
              "to each other{}.",
              at);
  } else {
    const double way = (emd.baseline - emd.value_at_floor_n) / (emd.baseline - emd.floor);
    write.say(way < kRecovered ? Verdict::wrong : Verdict::note, "emd_rmsd",
              "EMD-RMSD is {} above its floor: {} of the way from the base structure repeated to the truth{}.", length(excess),
              percent(way), at);
  }
}

void judge_states(const EnsembleComparison& e, Writer& write) {
  const EmdRmsd& emd = e.emd;
  if (std::isnan(emd.coverage)) return;
  const double least =
      kPerfectCoverage - std::max(kLeastUncovered, 4 * std::sqrt(kPerfectCoverage * (1 - kPerfectCoverage) / double(emd.floor_n)));
  if (emd.coverage < least) {
    write.say(Verdict::wrong, "states",
              "States are missing: {} of the truth has a conformation of the ensemble near it (within {}), where another draw of "
              "the truth has 95 %.",
              percent(emd.coverage), length(emd.radius));
  }
  if (emd.precision < least) {
    write.say(Verdict::wrong, "states",
              "There are conformations that are not true: {} of the ensemble has a true one near it (within {}), where another "
              "draw of the truth has 95 %.",
              percent(emd.precision), length(emd.radius));
  }
  if (emd.coverage >= least && emd.precision >= least) {
    write.say(Verdict::good, "states",
              "All states of the truth are there as far as these draws can tell ({} of it has a conformation of the ensemble near it, "
              "where another draw of the truth has 95 %), and nothing else ({} of the ensemble has a true one near it).",
              percent(emd.coverage), percent(emd.precision));
  }
}

void judge_groups(const EnsembleComparison& e, Writer& write) {
  const auto n = static_cast<double>(e.ensemble_size), m = static_cast<double>(e.truth_size);
  const auto tolerance = [&](double p) { return std::max(kLeastShare, kErrors * std::sqrt(p * (1 - p) * (1 / n + 1 / m))); };
  std::vector<char> said(e.groups.size(), 0);
  for (size_t a = 0; a < e.groups.size(); ++a) {
    const ModeGroup& g = e.groups[a];
    for (size_t b = a + 1; b < e.groups.size() && !said[a]; ++b) {
      const ModeGroup& h = e.groups[b];
      if (std::abs(g.truth_fraction - h.truth_fraction) <= 2 * tolerance(g.truth_fraction) || said[b]) continue;
      if (std::abs(g.fraction - h.truth_fraction) > tolerance(h.truth_fraction) ||
          std::abs(h.fraction - g.truth_fraction) > tolerance(g.truth_fraction))
        continue;
      write.say(Verdict::wrong, "group", "The occupancies of {} and {} are swapped: {} and {}, where the truth has {} and {}.",
                g.label, h.label, percent(g.fraction), percent(h.fraction), percent(g.truth_fraction), percent(h.truth_fraction));
      said[a] = said[b] = 1;
    }
    if (said[a] || std::abs(g.fraction - g.truth_fraction) <= tolerance(g.truth_fraction)) continue;
    said[a] = 1;
    if (g.fraction < kMissing * g.truth_fraction) {
      write.say(Verdict::wrong, "group", "The group {} is missing: {} of the truth is in it, {} of the ensemble.", g.label,
                percent(g.truth_fraction), percent(g.fraction));
    } else if (g.truth_fraction < kMissing * g.fraction) {
      write.say(Verdict::wrong, "group", "The group {} is invented: {} of the ensemble is in it, {} of the truth.", g.label,
                percent(g.fraction), percent(g.truth_fraction));
    } else {
      write.say(Verdict::wrong, "group", "The group {} has {} of the ensemble, {} of the truth.", g.label, percent(g.fraction),
                percent(g.truth_fraction));
    }
  }
  if (!e.groups.empty() && std::find(said.begin(), said.end(), 1) == said.end()) {
    write.say(Verdict::good, "group", "All groups are as often occupied as in the truth.");
  }
}

void judge_distances(const EnsembleComparison& e, Writer& write) {
  for (const DistanceComparison& d : e.distances) {
    const double shift = d.mean - d.truth_mean;
    const double error = std::sqrt(d.standard_deviation * d.standard_deviation / double(e.ensemble_size) +
                                   d.truth_standard_deviation * d.truth_standard_deviation / double(e.truth_size));
    const bool by_chance = !std::isnan(d.wasserstein_floor) && d.wasserstein <= d.wasserstein_floor;
    const bool shifted = !by_chance && std::abs(shift) > std::max(kLeastShift, kErrors * error);
    const double ratio = d.truth_standard_deviation > 0 ? d.standard_deviation / d.truth_standard_deviation : 1;
    const bool width = !by_chance && (ratio < kNarrow || ratio > 1 / kNarrow) &&
                       std::abs(d.standard_deviation - d.truth_standard_deviation) > kLeastShift;
    if (shifted) {
      const bool as_a_whole = d.shape_wasserstein < 0.3 * d.wasserstein;
      write.say(Verdict::wrong, "distance", "{} is biased: on average {:.2f} A too {} ({:.2f} where the truth has {:.2f}){}.",
                d.name, std::abs(shift), shift > 0 ? "long" : "short", d.mean, d.truth_mean,
                as_a_whole ? "; the distribution is shifted as a whole" : "");
    }
    if (width) {
      write.say(Verdict::wrong, "distance", "{} varies too {}: a standard deviation of {:.2f} A where the truth has {:.2f}.",
                d.name, ratio < 1 ? "little" : "much", d.standard_deviation, d.truth_standard_deviation);
    }
    if (shifted || width) continue;
    if (by_chance || d.wasserstein < kLeastShift) {
      write.say(Verdict::good, "distance", "{} is distributed as in the truth{}.", d.name,
                by_chance ? ", as far as these draws can tell" : formatted(" to {}", length(d.wasserstein)));
    } else if (!std::isnan(d.wasserstein_floor)) {
      write.say(Verdict::note, "distance",
                "{} has about the right mean and width, but another distribution: Wasserstein distance {}, by chance at most {}.",
                d.name, length(d.wasserstein), length(d.wasserstein_floor));
    }
  }
}

void judge_motions(const EnsembleComparison& e, Writer& write) {
  const PrincipalMotions& m = e.motions;
  bool all = true;
  int number = 0;
  for (const PrincipalMotion& motion : m.motions) {
    ++number;
    if (motion.share < kLeastMotion) continue;
    if (motion.recovered < kRecovered) {
      all = false;
      write.say(Verdict::wrong, "motion",
                "The truth's principal motion {} ({} of its variance) is recovered to {}: {} along it, {} in the truth.", number,
                percent(motion.share), percent(motion.recovered), length(motion.deviation), length(motion.truth_deviation));
    } else if (motion.recovered > 1 / kRecovered) {
      all = false;
      write.say(Verdict::wrong, "motion",
                "Along the truth's principal motion {} ({} of its variance) the ensemble moves too far: {}, {} in the truth.",
                number, percent(motion.share), length(motion.deviation), length(motion.truth_deviation));
    } else if (std::abs(motion.offset) > 0.5 * motion.truth_deviation) {
      all = false;
      write.say(Verdict::wrong, "motion",
                "Along the truth's principal motion {} ({} of its variance) the ensemble is off centre by {}, {:.1f} standard "
                "deviations.",
                number, percent(motion.share), length(std::abs(motion.offset)), std::abs(motion.offset) / motion.truth_deviation);
    }
  }
  if (!m.motions.empty() && all) {
    write.say(Verdict::good, "motion", "The truth's principal motions are recovered (first: {} of its variance, overlap {:.2f}).",
              percent(m.motions[0].recovered), m.motions[0].overlap);
  }
}

void judge_fluctuations(const EnsembleComparison& e, Writer& write) {
  const FluctuationComparison& f = e.fluctuations;
  if (f.residues.empty() || std::isnan(f.ratio)) return;
  size_t worst = 0;
  for (size_t r = 0; r < f.rmsf.size(); ++r) {
    if (std::abs(f.rmsf[r] - f.truth_rmsf[r]) > std::abs(f.rmsf[worst] - f.truth_rmsf[worst])) worst = r;
  }
  const std::string where =
      formatted("most at {}: {} where the truth has {}", f.residues[worst], length(f.rmsf[worst]), length(f.truth_rmsf[worst]));
  if (f.ratio < kNarrow) {
    write.say(Verdict::wrong, "fluctuations", "The ensemble is too rigid: residues fluctuate {} as much as in the truth, {}.",
              percent(f.ratio), where);
  } else if (f.ratio > 1 / kNarrow) {
    write.say(Verdict::wrong, "fluctuations", "The ensemble is too mobile: residues fluctuate {} as much as in the truth, {}.",
              percent(f.ratio), where);
  } else if (f.pearson_r < 0.7) {
    write.say(Verdict::wrong, "fluctuations", "Other residues move than in the truth (correlation of RMSF {:.2f}), {}.",
              f.pearson_r, where);
  } else {
    write.say(Verdict::good, "fluctuations", "Residues fluctuate as in the truth (correlation {:.2f}, {} as much).", f.pearson_r,
              percent(f.ratio));
  }
}

void judge_positions(const EnsembleComparison& e, Writer& write) {
  const std::vector<double>& offsets = e.motions.offsets;
  const FluctuationComparison& f = e.fluctuations;
  if (offsets.empty() || offsets.size() != f.residues.size() || e.mirror.is_mirrored()) return;
  size_t worst = 0;
  int displaced = 0;
  for (size_t r = 0; r < offsets.size(); ++r) {
    const double error =
        std::sqrt(f.rmsf[r] * f.rmsf[r] / double(e.ensemble_size) + f.truth_rmsf[r] * f.truth_rmsf[r] / double(e.truth_size));
    displaced += offsets[r] > std::max(kLeastOffset, kErrors * error);
    if (offsets[r] > offsets[worst]) worst = r;
  }
  if (displaced > 0) {
    write.say(Verdict::wrong, "positions", "{} of {} residues stand elsewhere than in the truth on average, most {}: {} away.",
              displaced, offsets.size(), f.residues[worst], length(offsets[worst]));
  } else {
    write.say(Verdict::good, "positions", "On average every residue stands where it does in the truth (to {}).",
              length(offsets[worst]));
  }
}

void judge_geometry(const EnsembleComparison& e, Writer& write) {
  const Stereochemistry &of = e.geometry, &truth = e.truth_geometry;
  bool good = true;
  const auto worse = [&](double value, double other, double least) { return value > 2 * other + least; };
  if (worse(of.bond_rms_deviation, truth.bond_rms_deviation, 0.02)) {
    good = false;
    write.say(Verdict::wrong, "geometry",
              "The chain is torn or squeezed: peptide bonds are {:.3f} A from the base structure's (rms), {:.3f} in the truth.",
              of.bond_rms_deviation, truth.bond_rms_deviation);
  }
  if (worse(of.all_bonds_rms_deviation, truth.all_bonds_rms_deviation, 0.02)) {
    good = false;
    write.say(Verdict::wrong, "geometry", "Bonds are stretched: {:.3f} A from the base structure's (rms), {:.3f} in the truth.",
              of.all_bonds_rms_deviation, truth.all_bonds_rms_deviation);
  }
  if (worse(of.angle_rms_deviation, truth.angle_rms_deviation, 2)) {
    good = false;
    write.say(Verdict::wrong, "geometry",
              "Bond angles are bent: {:.1f} degrees from the base structure's (rms), {:.1f} in the truth.", of.angle_rms_deviation,
              truth.angle_rms_deviation);
  }
  if (worse(of.twisted_peptides, truth.twisted_peptides, kSeriousGeometry)) {
    good = false;
    write.say(Verdict::wrong, "geometry", "{:.1f} % of the peptide planes are twisted, {:.1f} % in the truth.",
              100 * of.twisted_peptides, 100 * truth.twisted_peptides);
  }
  if (worse(of.ramachandran_outliers, truth.ramachandran_outliers, kSeriousGeometry)) {
    good = false;
    write.say(Verdict::wrong, "geometry", "{:.1f} % of the residues are Ramachandran outliers, {:.1f} % in the truth.",
              100 * of.ramachandran_outliers, 100 * truth.ramachandran_outliers);
  }
  if (worse(of.left_handed_residues, truth.left_handed_residues, kSeriousGeometry)) {
    good = false;
    write.say(Verdict::wrong, "geometry", "{:.1f} % of the residues but glycine are left-handed (phi above 0), {:.1f} % in the truth.",
              100 * of.left_handed_residues, 100 * truth.left_handed_residues);
  }
  if (worse(of.eclipsed_side_chains, truth.eclipsed_side_chains, kSeriousGeometry)) {
    good = false;
    write.say(Verdict::wrong, "geometry", "{:.1f} % of the side chains' torsions are nearer to eclipsed than to staggered, {:.1f} % in the truth.",
              100 * of.eclipsed_side_chains, 100 * truth.eclipsed_side_chains);
  }
  if (worse(of.clashes_per_1000_atoms, truth.clashes_per_1000_atoms, 2)) {
    good = false;
    write.say(Verdict::wrong, "geometry", "Atoms clash: {:.1f} pairs per 1000 atoms, {:.1f} in the truth.",
              of.clashes_per_1000_atoms, truth.clashes_per_1000_atoms);
  }
  if (of.hydrogen_bonds_kept < truth.hydrogen_bonds_kept - 0.1) {
    good = false;
    write.say(Verdict::wrong, "geometry",
              "Secondary structure is lost: {} of the base structure's hydrogen bonds are kept, {} in the truth.",
              percent(of.hydrogen_bonds_kept), percent(truth.hydrogen_bonds_kept));
  }
  if (good && of.wrong_hands <= truth.wrong_hands + kSeriousGeometry)
    write.say(Verdict::good, "geometry", "Bonds, angles, torsions, contacts and secondary structure are as good as in the truth.");
}

}  // namespace

std::string name_of(Verdict verdict) {
  return verdict == Verdict::good ? "good" : verdict == Verdict::note ? "note" : "wrong";
}

std::vector<Finding> findings(const EnsembleComparison& ensemble) {
  Writer write;
  judge_hand(ensemble, write);
  judge_emd(ensemble, write);
  judge_states(ensemble, write);
  judge_groups(ensemble, write);
  judge_distances(ensemble, write);
  judge_motions(ensemble, write);
  judge_positions(ensemble, write);
  judge_fluctuations(ensemble, write);
  judge_geometry(ensemble, write);
  return write.sorted();
}

std::vector<Finding> findings(const PosteriorComparison& p) {
  Writer write;
  if (p.rmsd_mean > kHardlyNearer * p.rmsd_baseline) {
    write.say(Verdict::wrong, "posterior", "Particles are {} nearer to their true states ({}) than the base structure is ({}).",
              p.rmsd_mean < p.rmsd_baseline ? "hardly" : "no", length(p.rmsd_mean), length(p.rmsd_baseline));
  } else {
    write.say(Verdict::good, "posterior", "Particles are nearer to their true states ({}) than the base structure is ({}).",
              length(p.rmsd_mean), length(p.rmsd_baseline));
  }
  for (const DistanceCorrelation& d : p.distances) {
    if (std::isnan(d.pearson_r)) continue;
    if (d.pearson_r < 0) {
      write.say(Verdict::wrong, "distance",
                "{} goes the wrong way: its correlation with the truth is {:.2f}, as in a mirrored solution.", d.name, d.pearson_r);
    } else if (std::abs(d.bias) > kLeastShift && std::abs(d.bias) > kErrors * d.rmse / std::sqrt(double(p.particles))) {
      write.say(Verdict::wrong, "distance", "{} is biased in the particles: on average {:.2f} A too {}.", d.name, std::abs(d.bias),
                d.bias > 0 ? "long" : "short");
    }
    if (d.latents_r > d.pearson_r + kLostByDecoder + 1 / std::sqrt(double(p.particles))) {
      write.say(Verdict::note, "distance", "The latents know more of {} (r {:.2f}) than the structures show ({:.2f}): the decoder loses some of it.",
                d.name, d.latents_r, d.pearson_r);
    }
  }
  if (!p.coverage.empty()) {
    double worst = 0;
    for (size_t k = 0; k < p.coverage.size(); ++k) {
      const double error = p.coverage[k] - kCalibrationLevels[k];
      if (std::abs(error) > std::abs(worst)) worst = error;
    }
    std::vector<std::string> parts;
    for (size_t k = 0; k < p.coverage.size(); ++k)
      parts.push_back(formatted("{:g} % intervals hold {}", 100 * kCalibrationLevels[k], percent(p.coverage[k])));
    if (std::abs(worst) <= kCoverageError) {
      write.say(Verdict::good, "calibration", "The posterior is calibrated: {} of the true distances.", join(parts, ", "));
    } else {
      write.say(Verdict::wrong, "calibration", "The posterior is too {}: {} of the true distances.",
                worst < 0 ? "sure of itself" : "cautious", join(parts, ", "));
    }
  }
  if (!std::isnan(p.uncertainty.ratio)) {
    const double ratio = p.uncertainty.ratio;
    const bool right = ratio < 1.2 && ratio > 1 / 1.2;
    write.say(right ? Verdict::good : Verdict::wrong, "uncertainty",
              "A particle's samples differ from its true state {:.2f} times as much as from each other{}; its spread {} how wrong "
              "it is (rank correlation {:.2f}).",
              ratio,
              right       ? ", as they should"
              : ratio > 1 ? ": particles are more wrong than they say"
                          : ": particles are less wrong than they say",
              p.uncertainty.rank_r > 0.3 ? "tells" : "hardly tells", p.uncertainty.rank_r);
  }
  if (p.has_poses && p.poses.direct.within_10deg < 0.5) {
    const bool frame = p.poses.aligned.within_10deg > 0.5;
    write.say(Verdict::wrong, "poses", "{} of the poses are within 10 degrees{}.", percent(p.poses.direct.within_10deg),
              frame ? formatted("; after one rotation of the model {} are: the frame is turned, not the poses wrong",
                                percent(p.poses.aligned.within_10deg))
                    : "");
  }
  return write.sorted();
}

std::string findings_text(const std::vector<Finding>& findings) {
  if (findings.empty()) return "";
  std::string text = "\nIn words\n";
  for (const Finding& finding : findings) text += formatted("  {:<5}  {}\n", name_of(finding.verdict), finding.text);
  return text;
}

}  // namespace cryomer
