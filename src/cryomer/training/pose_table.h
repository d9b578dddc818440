// Every particle's candidate poses. A particle has a few slots; each filled slot is a pose with a weight, the share of the
// posterior that it holds. Together with the posterior over latents at each of them (PosteriorTable, one row a slot) they
// are a mixture over pose and conformation, and training maximises its bound
//
//   sum over candidates of weight * (log likelihood - divergence of the latents - log weight),
//
// (orientations and shifts have a uniform prior) whose best weights are the softmax of the candidates' own bounds. The pose is
// not a number of its own beside the conformation: each conformation drawn is seen at the pose that fits it best, near the candidate
// (follow_conformations), and the candidate goes where these are on average.
#pragma once

#include "cryomer/data/particle_stack.h"
#include "cryomer/imaging/particle_batch.h"
#include "cryomer/pose_search/pose_refinement.h"

namespace cryomer {

class PoseTable {
 public:
  PoseTable() = default;
  PoseTable(int64_t particles, int64_t slots);
  // One candidate each, the poses of the file.
  explicit PoseTable(const ParticleStack& stack);

  int64_t particles() const { return rotation.defined() ? rotation.size(0) : 0; }
  int64_t slots() const { return rotation.size(1); }

  // Fills a slot.
  void put(int64_t particle, int64_t slot, const Pose& pose, double bound);
  void clear(int64_t particle, int64_t slot);
  bool filled(int64_t particle, int64_t slot) const;
  Pose pose(int64_t particle, int64_t slot) const;
  double bound_of(int64_t particle, int64_t slot) const { return bound.data_ptr<float>()[particle * slots() + slot]; }
  int64_t best_slot(int64_t particle) const;

  // Weights of a particle's slots at a temperature; candidates that the best one beats by `kNegligible` nats times the
  // temperature get none.
  static constexpr double kNegligible = 9;
  std::vector<double> weights(int64_t particle, double temperature) const;

  // Moves rows' poses half-way to where their conformations want them: move [rows, 5] A, turns times the molecule's radius, then shifts.
  void follow(const Tensor& rows, const Tensor& move, double radius);
  // Bounds just measured are mixed with what is remembered, since each is a noisy estimate.
  void remember_bounds(const Tensor& rows, const Tensor& measured);

  Tensor rotation, shift;  // [particles, slots, 3, 3], [particles, slots, 2] A
  Tensor bound;            // [particles, slots] nats; -inf: an empty slot
  Tensor deviation = at::full({5}, 0.2);  // A, how well images hold a pose, see pose_deviations
};

// The views of a step: each particle of a batch at each of its candidates that matter.
struct CandidateViews {
  ParticleBatch batch;  // one row a view
  Tensor rows;          // [views] int64, row of the tables: particle * slots + slot
  Tensor weight;        // [views]; of each particle they sum to one
  int64_t images = 0;   // particles
};
CandidateViews candidate_views(const ParticleBatch& batch, const PoseTable& table, double temperature);

// What the weights say about a set of particles.
struct PoseFigures {
  double effective_candidates = 0;  // mean of exp(entropy of the weights)
  double entropy = 0;               // nats, mean
  double best_weight = 0;           // mean weight of the best candidate
};
// How the best candidates' viewing directions crowd around one axis (a preferred orientation).
struct ViewSpread {
  Vec3 axis;               // of the molecule
  double near_axis = 0;    // share of the views within 30 degrees of the axis, from either side; 0.134 when they are even
};
ViewSpread view_spread(const PoseTable& table);

PoseFigures pose_figures(const PoseTable& table, const std::vector<int64_t>& particles);

}  // namespace cryomer
