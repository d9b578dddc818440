#include "cryomer/evaluation/comparison_text.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cryomer/base/format.h"
#include "cryomer/evaluation/calibration.h"
#include "cryomer/evaluation/findings.h"
#include "cryomer/evaluation/text_table.h"

namespace cryomer {

namespace {

using Json = nlohmann::ordered_json;

Json coverage_json(const std::vector<double>& coverage) {
  Json json = Json::object();
  for (size_t k = 0; k < coverage.size(); ++k)
    json[formatted("{:g}", 100 * kCalibrationLevels[k])] = coverage[k];
  return json;
}

Json geometry_json(const Stereochemistry& geometry) {
  return {{"bond_rms_deviation", geometry.bond_rms_deviation},
          {"bond_rms_deviation_ideal", geometry.bond_rms_deviation_ideal},
          {"clashes_per_1000_atoms", geometry.clashes_per_1000_atoms},
          {"hydrogen_bonds_kept", geometry.hydrogen_bonds_kept},
          {"helix_bonds_kept", geometry.helix_bonds_kept},
          {"strand_bonds_kept", geometry.strand_bonds_kept},
          {"all_bonds_rms_deviation", geometry.all_bonds_rms_deviation},
          {"angle_rms_deviation", geometry.angle_rms_deviation},
          {"backbone_angle_rms_deviation_ideal", geometry.backbone_angle_rms_deviation_ideal},
          {"wrong_hands", geometry.wrong_hands},
          {"twisted_peptides", geometry.twisted_peptides},
          {"ramachandran_outliers", geometry.ramachandran_outliers},
          {"left_handed_residues", geometry.left_handed_residues},
          {"eclipsed_side_chains", geometry.eclipsed_side_chains}};
}

// 95 %, from a standard error.
Json interval_json(double value, double error) {
  return {value - kHalfInterval * error, value + kHalfInterval * error};
}

Json uncertainty_json(const UncertaintyCheck& check) {
  Json bins = Json::array();
  for (const UncertaintyBin& bin : check.bins)
    bins.push_back({{"particles", bin.particles}, {"stated", bin.stated}, {"actual", bin.actual}});
  return {{"rank_r", check.rank_r}, {"ratio", check.ratio}, {"bins", bins}};
}

Json motions_json(const PrincipalMotions& motions) {
  Json list = Json::array();
  for (const PrincipalMotion& m : motions.motions) {
    list.push_back({{"share", m.share},
                    {"truth_std", m.truth_deviation},
                    {"std", m.deviation},
                    {"offset", m.offset},
                    {"recovered", m.recovered},
                    {"overlap", m.overlap},
                    {"wasserstein", m.wasserstein},
                    {"ks", m.ks}});
  }
  return {{"truth_std", motions.truth_deviation},
          {"std", motions.deviation},
          {"offset", motions.offset},
          {"subspace_overlap", motions.subspace_overlap},
          {"motions", list}};
}

// The entry of the distance, made if it is not there yet.
Json& distance_entry(Json& list, const std::string& name) {
  for (Json& entry : list) {
    if (entry["name"] == name) return entry;
  }
  list.push_back({{"name", name}});
  return list.back();
}

Json agreement_json(const Agreement& agreement) {
  Json distances = Json::array();
  for (const DistanceAgreement& d : agreement.distances) {
    distances.push_back({{"name", d.name},
                         {"mean", d.mean},
                         {"mean_error", d.mean_error},
                         {"std", d.standard_deviation},
                         {"std_error", d.deviation_error},
                         {"wasserstein", d.wasserstein},
                         {"ks", d.ks},
                         {"centres", d.centres},
                         {"shares", d.shares}});
    if (!std::isnan(d.cut)) {
      distances.back()["cut"] = d.cut;
      distances.back()["below_cut"] = d.below_cut;
    }
  }
  return {{"names", agreement.names},
          {"sizes", agreement.sizes},
          {"atoms", name_of(agreement.atoms)},
          {"emd_rmsd", agreement.emd.value_at_floor_n},
          {"emd_rmsd_interval", interval_json(agreement.emd.value_at_floor_n, agreement.emd.error_at_floor_n)},
          {"emd_rmsd_floor", agreement.emd.floor},
          {"emd_rmsd_baseline", agreement.emd.baseline},
          {"n", agreement.emd.floor_n},
          {"residues", agreement.residues},
          {"rmsf", agreement.rmsf},
          {"disagreement", agreement.disagreement},
          {"median_disagreement", agreement.median_disagreement},
          {"resolved", agreement.resolved},
          {"rmsf_r", agreement.rmsf_r},
          {"principal_motions", motions_json(agreement.motions)},
          {"distances", distances}};
}

Json figure_json(const PopulationFigure& figure) {
  return {{"value", figure.value}, {"error", figure.error}, {"averaged", figure.averaged}, {"of_means", figure.of_means}};
}

Json population_json(const Population& p) {
  Json json = {{"name", p.name},
               {"particles", p.particles},
               {"samples_per_particle", p.samples_per_particle},
               {"centres", p.centres},
               {"share", p.share},
               {"low", p.low},
               {"high", p.high},
               {"averaged", p.averaged},
               {"of_means", p.of_means},
               {"prior", p.prior},
               {"mean", figure_json(p.mean)},
               {"std", figure_json(p.standard_deviation)}};
  if (p.has_cut) {
    json["cut"] = p.cut;
    json["below_cut"] = figure_json(p.below_cut);
  }
  return json;
}

Json run_json(const RunJudgement& run) {
  Json json = {{"run", run.run}, {"absent", run.absent}};
  if (run.held_out) {
    const HeldOutFigures& h = *run.held_out;
    json["held_out"] = {{"epoch", h.epoch},
                        {"log_likelihood", h.log_likelihood},
                        {"divergence", h.divergence},
                        {"base_log_likelihood", h.base_log_likelihood},
                        {"training_log_likelihood", h.training_log_likelihood},
                        {"gain", h.gain()}};
  }
  Json axes = Json::array();
  for (const LatentAxis& axis : run.latent) {
    axes.push_back({{"share", axis.share},
                    {"std", axis.deviation},
                    {"prior_std", axis.prior_deviation},
                    {"offset", axis.offset},
                    {"ks", axis.ks}});
  }
  json["latent_directions"] = axes;
  if (run.particles_and_prior) json["particles_and_prior"] = agreement_json(*run.particles_and_prior);
  Json populations = Json::array();
  for (const Population& population : run.populations) populations.push_back(population_json(population));
  json["populations"] = populations;
  if (run.recovery) {
    const PosteriorComparison& r = *run.recovery;
    Json distances = Json::array();
    for (const DistanceCorrelation& d : r.distances) distances.push_back({{"name", d.name}, {"pearson_r", d.pearson_r}, {"rmse", d.rmse}});
    json["recovery"] = {{"images", r.particles}, {"strength", run.recovery_strength}, {"atoms", name_of(r.atoms)}, {"rmsd_mean", r.rmsd_mean}, {"rmsd_baseline", r.rmsd_baseline}, {"distances", distances}};
    if (r.has_poses) json["recovery"]["poses"] = {{"within_10deg", r.poses.direct.within_10deg}, {"median_deg", r.poses.direct.median_deg}};
  }
  return json;
}

}  // namespace

std::string comparison_json(const EnsembleComparison* ensemble, const PosteriorComparison* posterior) {
  return evaluation_json({ensemble, posterior, nullptr, nullptr});
}

std::string evaluation_json(const EvaluationParts& parts) {
  const EnsembleComparison* const ensemble = parts.ensemble;
  const PosteriorComparison* const posterior = parts.posterior;
  Json json = Json::object();
  Json distances = Json::array();
  if (ensemble) {
    json["emd_rmsd"] = ensemble->emd.value;
    json["emd_rmsd_floor"] = ensemble->emd.floor;
    json["emd_rmsd_baseline"] = ensemble->emd.baseline;
    json["n"] = ensemble->emd.n;
    json["floor_n"] = ensemble->emd.floor_n;
    json["emd_rmsd_interval"] = interval_json(ensemble->emd.value, ensemble->emd.error);
    json["emd_rmsd_floor_interval"] = interval_json(ensemble->emd.floor, ensemble->emd.floor_error);
    json["emd_rmsd_at_floor_n"] = ensemble->emd.value_at_floor_n;
    json["emd_rmsd_at_floor_n_interval"] = interval_json(ensemble->emd.value_at_floor_n, ensemble->emd.error_at_floor_n);
    json["coverage"] = ensemble->emd.coverage;
    json["precision"] = ensemble->emd.precision;
    json["coverage_radius"] = ensemble->emd.radius;
    json["atoms"] = name_of(ensemble->atoms);
    json["ensemble_size"] = ensemble->ensemble_size;
    json["truth_size"] = ensemble->truth_size;
    for (const DistanceComparison& distance : ensemble->distances) {
      Json& entry = distance_entry(distances, distance.name);
      entry["mean"] = distance.mean;
      entry["std"] = distance.standard_deviation;
      entry["truth_mean"] = distance.truth_mean;
      entry["truth_std"] = distance.truth_standard_deviation;
      entry["wasserstein"] = distance.wasserstein;
      entry["ks"] = distance.ks;
      entry["wasserstein_floor"] = distance.wasserstein_floor;
      entry["ks_floor"] = distance.ks_floor;
      entry["shape_wasserstein"] = distance.shape_wasserstein;
    }
  }
  if (posterior) {
    json["particles"] = posterior->particles;
    json["samples_per_particle"] = posterior->samples_per_particle;
    if (!ensemble) json["atoms"] = name_of(posterior->atoms);
    json["rmsd_mean"] = posterior->rmsd_mean;
    json["rmsd_median"] = posterior->rmsd_median;
    json["rmsd_baseline"] = posterior->rmsd_baseline;
    json["posterior_emd_rmsd"] = posterior->emd_rmsd;
    json["posterior_emd_rmsd_error"] = posterior->emd_rmsd_error;
    for (const DistanceCorrelation& distance : posterior->distances) {
      Json& entry = distance_entry(distances, distance.name);
      entry["pearson_r"] = distance.pearson_r;
      if (std::isfinite(distance.latents_r)) entry["latents_r"] = distance.latents_r;
      entry["rmse"] = distance.rmse;
      entry["bias"] = distance.bias;
      if (!distance.coverage.empty()) entry["calibration"] = coverage_json(distance.coverage);
      if (!distance.uncertainty.bins.empty()) entry["uncertainty"] = uncertainty_json(distance.uncertainty);
    }
    if (posterior->has_poses) {
      const PoseErrors& poses = posterior->poses;
      json["pose_error_median_deg"] = poses.direct.median_deg;
      json["pose_within_10deg"] = poses.direct.within_10deg;
      json["shift_error_median_A"] = poses.direct.shift_median_A;
      json["pose_error_median_deg_aligned"] = poses.aligned.median_deg;
      json["pose_within_10deg_aligned"] = poses.aligned.within_10deg;
      json["shift_error_median_A_aligned"] = poses.aligned.shift_median_A;
    }
    if (!posterior->coverage.empty()) json["calibration"] = coverage_json(posterior->coverage);
    if (!posterior->uncertainty.bins.empty()) json["uncertainty"] = uncertainty_json(posterior->uncertainty);
  }
  json["distances"] = distances;
  if (ensemble) {
    Json groups = Json::array();
    for (const ModeGroup& group : ensemble->groups) {
      groups.push_back(
          {{"label", group.label}, {"fraction", group.fraction}, {"truth_fraction", group.truth_fraction}});
    }
    json["groups"] = groups;
    json["geometry"] = geometry_json(ensemble->geometry);
    json["truth_geometry"] = geometry_json(ensemble->truth_geometry);
    json["base_geometry"] = geometry_json(ensemble->base_geometry);
    const FluctuationComparison& f = ensemble->fluctuations;
    json["rmsf"] = {{"residues", f.residues},
                    {"ensemble", f.rmsf},
                    {"truth", f.truth_rmsf},
                    {"pearson_r", f.pearson_r},
                    {"ratio", f.ratio},
                    {"rms_difference", f.rms_difference},
                    {"offset", ensemble->motions.offsets}};
    json["principal_motions"] = motions_json(ensemble->motions);
    json["mirror_image"] = {{"rmsd", ensemble->mirror.rmsd},
                            {"rmsd_mirrored", ensemble->mirror.rmsd_mirrored},
                            {"is_mirrored", ensemble->mirror.is_mirrored()}};
  }
  Json words = Json::array();
  const auto add = [&](const std::vector<Finding>& list) {
    for (const Finding& finding : list)
      words.push_back({{"verdict", name_of(finding.verdict)}, {"subject", finding.subject}, {"text", finding.text}});
  };
  if (ensemble) add(findings(*ensemble));
  if (posterior) add(findings(*posterior));
  if (parts.half_sets) {
    json["half_sets"] = agreement_json(*parts.half_sets);
    add(findings(*parts.half_sets));
  }
  if (parts.run) {
    json["run"] = run_json(*parts.run);
    add(findings(*parts.run));
  }
  json["findings"] = words;
  return json.dump(2) + "\n";
}

std::string comparison_table(const EnsembleComparison& ensemble) {
  const EmdRmsd& emd = ensemble.emd;
  std::string text = formatted("EMD-RMSD over {} atoms, {} conformations of each side\n",
                               ensemble.atoms == AtomSet::ca ? "CA" : "all heavy", emd.n);
  std::vector<std::vector<std::string>> rows = {
      {"ensemble to truth", length(emd.value) + " A", plus_minus(emd.error)},
      {"floor: two disjoint draws of the truth" + (emd.floor_n == emd.n ? "" : formatted(", {} each", emd.floor_n)),
       length(emd.floor) + " A", plus_minus(emd.floor_error)},
      {"baseline: the base structure repeated", length(emd.baseline) + " A"}};
  if (emd.floor_n > 0 && emd.floor_n < emd.n) {
    rows.insert(rows.begin() + 2, {formatted("ensemble to truth, {} each", emd.floor_n), length(emd.value_at_floor_n) + " A",
                                   plus_minus(emd.error_at_floor_n)});
  }
  text += aligned(rows);
  if (!std::isnan(emd.coverage)) {
    text += formatted(
        "\nStates, within {:.2f} A of one of the other side (95 % of the truth are that near to another draw of it)\n", emd.radius);
    text +=
        aligned({{"truth covered by the ensemble", percent(emd.coverage)}, {"ensemble near the truth", percent(emd.precision)}});
  }
  if (!ensemble.distances.empty()) {
    text += "\nDistances (A), ensemble and truth; in brackets what chance makes at most\n";
    rows = {{"", "mean", "truth", "std", "truth", "Wasserstein", "", "KS", ""}};
    for (const DistanceComparison& d : ensemble.distances) {
      rows.push_back({d.name, length(d.mean), length(d.truth_mean), length(d.standard_deviation),
                      length(d.truth_standard_deviation), length(d.wasserstein), "(" + length(d.wasserstein_floor) + ")",
                      ratio(d.ks), "(" + ratio(d.ks_floor) + ")"});
    }
    text += aligned(rows);
  }
  if (!ensemble.groups.empty()) {
    text += "\nGroups\n";
    rows = {{"", "ensemble", "truth"}};
    for (const ModeGroup& group : ensemble.groups) {
      rows.push_back({group.label, percent(group.fraction), percent(group.truth_fraction)});
    }
    text += aligned(rows);
  }
  if (!ensemble.motions.motions.empty()) {
    text += "\nPrincipal motions of the truth, over CAs (A RMSD)\n";
    rows = {{"", "of its variance", "std", "truth", "recovered", "off centre", "overlap", "Wasserstein"}};
    for (const PrincipalMotion& m : ensemble.motions.motions) {
      rows.push_back({formatted("motion {}", rows.size()), percent(m.share), length(m.deviation), length(m.truth_deviation),
                      percent(m.recovered), length(m.offset), length(m.overlap), length(m.wasserstein)});
    }
    text += aligned(rows);
  }
  if (const FluctuationComparison& f = ensemble.fluctuations; !f.residues.empty()) {
    text += "\nFluctuations of residues, over CAs\n";
    text += aligned({{"correlation of RMSF with the truth's", ratio(f.pearson_r)},
                     {"size, of the truth's", std::isnan(f.ratio) ? "-" : percent(f.ratio)},
                     {"rms difference", length(f.rms_difference) + " A"}});
    text += formatted("\nHand: nearest true conformation {} A, of the mirror image {} A\n", length(ensemble.mirror.rmsd),
                      length(ensemble.mirror.rmsd_mirrored));
  }
  const Stereochemistry *of = &ensemble.geometry, *truth = &ensemble.truth_geometry,
                        *base = &ensemble.base_geometry;
  const auto row = [&](const std::string& name, double Stereochemistry::*figure) {
    return std::vector<std::string>{name, ratio(of->*figure), ratio(truth->*figure), ratio(base->*figure)};
  };
  const auto share_row = [&](const std::string& name, double Stereochemistry::*figure) {
    return std::vector<std::string>{name, share(of->*figure), share(truth->*figure), share(base->*figure)};
  };
  text += "\nGeometry\n";
  text += aligned({{"", "ensemble", "truth", "base"},
                   row("C-N bonds, rms deviation from the base (A)", &Stereochemistry::bond_rms_deviation),
                   row("C-N bonds, rms deviation from 1.329 A (A)", &Stereochemistry::bond_rms_deviation_ideal),
                   row("all bonds, rms deviation from the base (A)", &Stereochemistry::all_bonds_rms_deviation),
                   row("angles, rms deviation from the base (degrees)", &Stereochemistry::angle_rms_deviation),
                   row("backbone angles, from Engh and Huber (degrees)", &Stereochemistry::backbone_angle_rms_deviation_ideal),
                   share_row("amino acids of the wrong hand", &Stereochemistry::wrong_hands),
                   share_row("twisted peptide planes", &Stereochemistry::twisted_peptides),
                   share_row("Ramachandran outliers (coarse regions)", &Stereochemistry::ramachandran_outliers),
                   share_row("left-handed residues (phi above 0, not Gly)", &Stereochemistry::left_handed_residues),
                   share_row("side chains' torsions eclipsed (30 degrees)", &Stereochemistry::eclipsed_side_chains),
                   row("clashes per 1000 atoms", &Stereochemistry::clashes_per_1000_atoms),
                   row(formatted("hydrogen bonds kept, of {}", of->helix_bond_count + of->strand_bond_count),
                       &Stereochemistry::hydrogen_bonds_kept),
                   row(formatted("  in helices, of {}", of->helix_bond_count), &Stereochemistry::helix_bonds_kept),
                   row(formatted("  in sheets, of {}", of->strand_bond_count), &Stereochemistry::strand_bonds_kept)});
  return text + findings_text(findings(ensemble));
}

std::string comparison_table(const PosteriorComparison& posterior) {
  std::string text = formatted("Per-image RMSD over {} atoms, {} particles{}\n",
                               posterior.atoms == AtomSet::ca ? "CA" : "all heavy", posterior.particles,
                               posterior.samples_per_particle > 1
                                   ? formatted(" with {} samples each", posterior.samples_per_particle)
                                   : "");
  std::vector<std::vector<std::string>> rows = {
      {"mean", length(posterior.rmsd_mean) + " A"},
      {"median", length(posterior.rmsd_median) + " A"},
      {"baseline: the base structure", length(posterior.rmsd_baseline) + " A"}};
  text += aligned(rows);
  text += formatted("\nEMD-RMSD of the particles' structures to the truth: {:.2f} A +- {:.2f}\n", posterior.emd_rmsd, 2 * posterior.emd_rmsd_error);
  if (!posterior.distances.empty()) {
    text += "\nDistances, particle by particle\n";
    const bool latents = std::isfinite(posterior.distances.front().latents_r);
    rows = {{"", "r", "rmse (A)", "bias (A)"}};
    if (latents) rows[0].push_back("r of the latents");
    for (const DistanceCorrelation& d : posterior.distances) {
      rows.push_back({d.name, ratio(d.pearson_r), length(d.rmse), length(d.bias)});
      if (latents) rows.back().push_back(ratio(d.latents_r));
    }
    text += aligned(rows);
  }
  if (!posterior.coverage.empty()) {
    text += "\nCalibration: how often the true distance lies in the posterior's interval\n";
    rows = {{"interval"}, {"all distances"}};
    for (const double level : kCalibrationLevels) rows[0].push_back(formatted("{:g} %", 100 * level));
    for (const double covered : posterior.coverage) rows[1].push_back(percent(covered));
    for (const DistanceCorrelation& d : posterior.distances) {
      rows.push_back({d.name});
      for (const double covered : d.coverage) rows.back().push_back(percent(covered));
    }
    text += aligned(rows);
  }
  if (posterior.has_poses) {
    const auto row = [](const std::string& name, const PoseErrorFigures& of) {
      return std::vector<std::string>{name, length(of.median_deg) + " deg", percent(of.within_10deg),
                                      length(of.shift_median_A) + " A"};
    };
    text += "\nPoses\n";
    text += aligned({{"", "median error", "within 10 deg", "median shift error"},
                     row("as given", posterior.poses.direct),
                     row("after the best rotation and shift of the model", posterior.poses.aligned)});
  }
  if (!posterior.uncertainty.bins.empty()) {
    text += "\nUncertainty: RMSD between a particle's samples and to its true state (A), by tenths of the particles\n";
    rows = {{"between samples"}, {"to the truth"}};
    for (const UncertaintyBin& bin : posterior.uncertainty.bins) {
      rows[0].push_back(length(bin.stated));
      rows[1].push_back(length(bin.actual));
    }
    text += aligned(rows);
    rows = {{"", "rank correlation", "actual over stated"}};
    rows.push_back({"whole structure", ratio(posterior.uncertainty.rank_r), ratio(posterior.uncertainty.ratio)});
    for (const DistanceCorrelation& d : posterior.distances)
      rows.push_back({d.name, ratio(d.uncertainty.rank_r), ratio(d.uncertainty.ratio)});
    text += aligned(rows);
  }
  return text + findings_text(findings(posterior));
}

}  // namespace cryomer
