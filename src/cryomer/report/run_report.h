// The report on a run as plain data, and the page made of it. Whatever is absent is left out of the page; `absent` says why.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cryomer/evaluation/comparison_text.h"
#include "cryomer/evaluation/latent_directions.h"
#include "cryomer/geometry/vec3.h"
#include "cryomer/io/csv.h"
#include "cryomer/report/explorer.h"
#include "cryomer/report/gray_image.h"
#include "cryomer/report/occupancy.h"
#include "cryomer/report/trace_view.h"

namespace cryomer {

// One particle: what was seen beside what the model says it should look like.
struct GalleryParticle {
  std::string label;
  GrayImage observed, predicted;  // same units
};

struct Gallery {
  std::vector<GalleryParticle> particles;
  double pixel_size = 1;  // A
  std::string remark;     // which particles these are
};

// CA atoms only, everything in the order of `residues`.
struct EnsembleView {
  std::string source;                 // "1000 structures of ensemble.dcd"
  std::vector<std::string> residues;  // labels, "A/284"
  std::vector<double> rmsf;           // A
  double color_most = 1;              // A, where the ramp ends; a few residues (loose ends) may be beyond
  std::vector<double> truth_rmsf;     // A; empty without the truth
  TraceView traces;                   // a few of the conformations
};

struct DistanceView {
  std::string name;
  std::vector<double> learned;  // A, per conformation
  std::vector<double> truth, truth_weights;
  std::optional<double> cut;    // A
  // Per particle, for the particles of LatentView.
  std::vector<double> inferred;        // A
  std::vector<double> true_inferred;   // A; empty without the truth
};

struct LatentView {
  std::string remark;  // which particles, of how many
  int64_t particles = 0, dimension = 0;
  LatentDirections directions;                 // of the posteriors
  std::vector<std::vector<double>> projected;  // [direction][particle]
  std::string unit;                // of what is projected on them; A where they are weighed by how far they move CAs
};

struct NoiseSpectrum {
  std::string name;                       // of the optics group
  std::vector<double> frequency, power;   // 1/A; variance per pixel
};

struct RunReport {
  std::string title, subtitle;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> commands;
  CsvTable metrics;  // of metrics.csv
  std::optional<Gallery> gallery;
  std::optional<EnsembleView> ensemble;
  std::vector<DistanceView> distances;
  std::string distance_remark;
  std::optional<Occupancies> occupancies;
  std::optional<LatentView> latents;
  std::optional<Explorer> explorer;
  std::vector<Vec3> viewing_directions;
  std::vector<NoiseSpectrum> noise;
  std::optional<EnsembleComparison> ensemble_comparison;
  std::optional<PosteriorComparison> posterior_comparison;
  std::optional<Agreement> half_sets;
  std::optional<RunJudgement> judgement;
  std::vector<std::string> absent;
};

// "A/284/CA:A/225/CA" as people write it.
std::string spoken(const std::string& pair);

// What `evaluate` would say of the same.
EvaluationParts parts_of(const RunReport& report);

std::string run_report_html(const RunReport& report);

}  // namespace cryomer
