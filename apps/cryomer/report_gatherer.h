// The work behind gather_report: one member function for each thing that a report shows, over what the run's folder and the
// command line brought. Its particles are in report_particles.cpp.
#pragma once

#include <functional>
#include <numeric>
#include <optional>

#include "cryomer/evaluation/conformations.h"
#include "cryomer/io/npy.h"
#include "report_gather.h"
#include "report_movies.h"
#include "run_evaluation.h"
#include "run_latents.h"

namespace cryomer {

class Gatherer {
 public:
  explicit Gatherer(const ReportSettings& settings) : settings_(settings), inputs_(settings.inputs), directory_{settings.run_folder} {}

  RunReport gather();

 private:
  void open_run();
  void open_particles();
  void open_ensemble();
  void choose_distances();
  void read_truth();
  void describe();
  void view_ensemble();
  void choose_cuts();  // those given, or the valleys of distances that have two peaks
  void view_states(const Ensemble& superposed);
  void view_occupancies();  // once all distances are known
  void view_particles();
  void view_given_posterior();
  void view_own_posterior();
  void choose_shown();
  // A point's structures: several where its posterior was sampled.
  void add_particle(int64_t point, const float* structures, int64_t count);
  void view_points(RunLatents latents);
  // Of points that have structures: what was seen and what the model says of it. Poses are of all points, positions in the
  // frame of the model.
  void view_pictures(const std::function<Tensor(const std::vector<int64_t>& points)>& positions_of, const std::vector<Pose>& poses);
  void view_gallery();
  void compare();
  void judge();  // what can be said without a truth
  void compare_halves();

  void absent(const std::string& what) { report_.absent.push_back(what); }
  Ensemble cas_of(const Ensemble& ensemble) const {
    std::vector<int64_t> all(ensemble.size());
    std::iota(all.begin(), all.end(), 0);
    return selected(ensemble, all, cas_);
  }
  // Posterior means of these particles: of the given folder, or of the encoder.
  Tensor latents_of(const std::vector<int64_t>& particles);
  // What a particle truly was; fails when its row has no state.
  const float* true_state(int64_t row) const;

  const ReportSettings& settings_;
  const ComparisonInputs& inputs_;
  RunDirectory directory_;
  RunReport report_;
  TrainingConfig config_;
  Structure structure_;
  std::optional<TrainedModel> trained_;
  std::optional<ParticleStack> stack_;
  std::vector<Pose> poses_;  // the particles' own, or those of the posterior folder
  std::vector<int> cas_;
  std::vector<PairDistance> pairs_;
  std::vector<size_t> cut_pairs_;  // those of `pairs_` that part states, and where
  std::vector<double> cuts_;       // A
  std::string cut_remark_;
  MovieRoom room_;
  Explorer explorer_;
  Ensemble ensemble_;  // empty when there is none
  Ensemble states_;    // the truth; empty when there is none
  std::vector<double> weights_;
  std::optional<PosteriorTruth> particle_truth_;
  NpyArray given_latents_;  // of the posterior folder
  bool drawn_here_ = false;            // the ensemble is of the model's distribution
  std::optional<RunLatents> latents_;  // of the particles that are shown, where the model can decode them
  SampledDistances sampled_;           // of their posteriors, where they were sampled
};

}  // namespace cryomer
