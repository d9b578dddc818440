#include "cryomer/evaluation/comparison_text.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cryomer/base/format.h"
#include "cryomer/evaluation/calibration.h"

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
          {"strand_bonds_kept", geometry.strand_bonds_kept}};
}

// The entry of the distance, made if it is not there yet.
Json& distance_entry(Json& list, const std::string& name) {
  for (Json& entry : list) {
    if (entry["name"] == name) return entry;
  }
  list.push_back({{"name", name}});
  return list.back();
}

std::string percent(double fraction) {
  return formatted("{:.1f} %", 100 * fraction);
}

// Columns as wide as their widest cell; the first is flush left, the others flush right.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> width;
  for (const auto& row : rows) {
    width.resize(std::max(width.size(), row.size()), 0);
    for (size_t k = 0; k < row.size(); ++k) width[k] = std::max(width[k], row[k].size());
  }
  std::string text;
  for (const auto& row : rows) {
    text += formatted("  {:<{}}", row[0], width[0]);
    for (size_t k = 1; k < row.size(); ++k) text += formatted("  {:>{}}", row[k], width[k]);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string length(double value) {
  return std::isnan(value) ? "-" : formatted("{:.2f}", value);
}
std::string ratio(double value) {
  return std::isnan(value) ? "-" : formatted("{:.3f}", value);
}

}  // namespace

std::string comparison_json(const EnsembleComparison* ensemble, const PosteriorComparison* posterior) {
  Json json = Json::object();
  Json distances = Json::array();
  if (ensemble) {
    json["emd_rmsd"] = ensemble->emd.value;
    json["emd_rmsd_floor"] = ensemble->emd.floor;
    json["emd_rmsd_baseline"] = ensemble->emd.baseline;
    json["n"] = ensemble->emd.n;
    json["floor_n"] = ensemble->emd.floor_n;
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
    }
  }
  if (posterior) {
    json["particles"] = posterior->particles;
    json["samples_per_particle"] = posterior->samples_per_particle;
    if (!ensemble) json["atoms"] = name_of(posterior->atoms);
    json["rmsd_mean"] = posterior->rmsd_mean;
    json["rmsd_median"] = posterior->rmsd_median;
    json["rmsd_baseline"] = posterior->rmsd_baseline;
    for (const DistanceCorrelation& distance : posterior->distances) {
      Json& entry = distance_entry(distances, distance.name);
      entry["pearson_r"] = distance.pearson_r;
      entry["rmse"] = distance.rmse;
      entry["bias"] = distance.bias;
      if (!distance.coverage.empty()) entry["calibration"] = coverage_json(distance.coverage);
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
  }
  return json.dump(2) + "\n";
}

std::string comparison_table(const EnsembleComparison& ensemble) {
  const EmdRmsd& emd = ensemble.emd;
  std::string text = formatted("EMD-RMSD over {} atoms, {} conformations of each side\n",
                               ensemble.atoms == AtomSet::ca ? "CA" : "all heavy", emd.n);
  std::vector<std::vector<std::string>> rows = {
      {"ensemble to truth", length(emd.value) + " A"},
      {"floor: two disjoint draws of the truth" +
           (emd.floor_n == emd.n ? "" : formatted(", {} each", emd.floor_n)),
       length(emd.floor) + " A"},
      {"baseline: the base structure repeated", length(emd.baseline) + " A"}};
  text += aligned(rows);
  if (!ensemble.distances.empty()) {
    text += "\nDistances (A), ensemble and truth\n";
    rows = {{"", "mean", "truth", "std", "truth", "Wasserstein", "KS"}};
    for (const DistanceComparison& d : ensemble.distances) {
      rows.push_back({d.name, length(d.mean), length(d.truth_mean), length(d.standard_deviation),
                      length(d.truth_standard_deviation), length(d.wasserstein), ratio(d.ks)});
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
  const Stereochemistry *of = &ensemble.geometry, *truth = &ensemble.truth_geometry,
                        *base = &ensemble.base_geometry;
  const auto row = [&](const std::string& name, double Stereochemistry::*figure) {
    return std::vector<std::string>{name, ratio(of->*figure), ratio(truth->*figure), ratio(base->*figure)};
  };
  text += "\nGeometry\n";
  text += aligned(
      {{"", "ensemble", "truth", "base"},
       row("C-N bonds, rms deviation from the base (A)", &Stereochemistry::bond_rms_deviation),
       row("C-N bonds, rms deviation from 1.329 A (A)", &Stereochemistry::bond_rms_deviation_ideal),
       row("clashes per 1000 atoms", &Stereochemistry::clashes_per_1000_atoms),
       row(formatted("hydrogen bonds kept, of {}", of->helix_bond_count + of->strand_bond_count),
           &Stereochemistry::hydrogen_bonds_kept),
       row(formatted("  in helices, of {}", of->helix_bond_count), &Stereochemistry::helix_bonds_kept),
       row(formatted("  in sheets, of {}", of->strand_bond_count), &Stereochemistry::strand_bonds_kept)});
  return text;
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
  if (!posterior.distances.empty()) {
    text += "\nDistances, particle by particle\n";
    rows = {{"", "r", "rmse (A)", "bias (A)"}};
    for (const DistanceCorrelation& d : posterior.distances) {
      rows.push_back({d.name, ratio(d.pearson_r), length(d.rmse), length(d.bias)});
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
  return text;
}

}  // namespace cryomer
