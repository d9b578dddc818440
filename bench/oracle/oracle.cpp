// How well could anybody do? With the true states and poses known: the log likelihood of each image under its own state,
// under that with the side chains of the base (what rigid ones lose), under the base and under other states, and what the
// exact posterior over a sample of the states gives.
//
// The posterior's candidates are other states than the particle's own (unless there are too few), so that it tells what
// a sample of the ensemble knows; its log likelihoods may be tempered, since no other state fits as the own one does.
//
// With --part FIRST LAST (numbers of residues) it says what that part is worth: each image's own state with the part as in the
// base, as in another state, at the mean of all states, and gone.
//
// With --poses-unknown each state may turn and shift from the true pose to where it fits an image best. With --search-poses the true poses are
// not used: they are searched, as training does, with the candidate states (64 of them are plenty), and compared with the truth.
//
//   oracle [--poses-unknown] [--search-poses] [--part FIRST LAST] TRUTH.star STRUCTURE STATES [particles] [candidate states] [temperature] [A/284/CA:A/225/CA ...]
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "cryomer/data/particle_loader.h"
#include "cryomer/evaluation/pair_distance.h"
#include "cryomer/evaluation/pose_errors.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/pose_search/pose_finder.h"
#include "cryomer/pose_search/pose_refinement.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/protein/rigid_residues.h"

using namespace cryomer;

namespace {

// The residues of `base`, each in the frame that it has in `state`.
void rigid_side_chains(const Structure& base, const RigidBodyData& bodies, const float* state, float* result) {
  Structure moved = base;
  moved.set_coordinates(state);
  const std::vector<ResidueFrame> frames = residue_frames(moved);
  for (int r = 0; r < bodies.residue_count(); ++r) {
    for (int a = bodies.first_atom[r]; a < bodies.first_atom[r + 1]; ++a) {
      const float* l = bodies.local.data() + 3 * a;
      const Vec3 x = frames[r].rotation * Vec3{l[0], l[1], l[2]} + frames[r].origin;
      for (int k = 0; k < 3; ++k) result[3 * a + k] = float(x[k]);
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  const bool poses_unknown = count > 1 && std::string(arguments[1]) == "--poses-unknown";
  if (poses_unknown) --count, ++arguments;
  const bool search_poses = count > 1 && std::string(arguments[1]) == "--search-poses";
  if (search_poses) --count, ++arguments;
  int first_residue = 1, last_residue = 0;
  if (count > 3 && std::string(arguments[1]) == "--part") {
    first_residue = std::atoi(arguments[2]);
    last_residue = std::atoi(arguments[3]);
    count -= 3;
    arguments += 3;
  }
  if (count < 4) return std::fprintf(stderr, "usage: oracle [--poses-unknown] [--search-poses] [--part FIRST LAST] TRUTH.star STRUCTURE STATES [particles] [states] [temperature] [distance ...]\n"), 2;
  at::NoGradGuard guard;
  ParticleStackOptions options;
  options.require_poses = true;
  const ParticleStack stack = ParticleStack::open(arguments[1], options);
  Structure base = read_structure(arguments[2]);
  const auto states = open_trajectory(arguments[3], base);
  const Vec3 centre = base.centroid();
  for (Atom& atom : base.atoms) atom.position = atom.position - centre;
  const std::vector<float> base_positions = base.coordinates();
  const std::vector<int> ca = atoms_of(base, AtomSet::ca);
  const int64_t particles = std::min<int64_t>(count > 4 ? std::atoll(arguments[4]) : 512, stack.size());
  const int column = stack.particle_table().column("cryomerStateIndex");
  std::vector<int64_t> rows(particles);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const ParticleLoader loader(stack);
  const ParticleBatch batch = loader.load(rows);
  const int64_t all = states->size();
  Tensor every_state = at::empty({all, base.atom_count(), 3});
  for (int64_t i = 0; i < all; ++i) {
    float* x = every_state.data_ptr<float>() + i * base.atom_count() * 3;
    states->read(i, x);
    std::vector<float> mobile, target;
    for (const int a : ca) {
      for (int k = 0; k < 3; ++k) {
        mobile.push_back(x[3 * a + k]);
        target.push_back(base_positions[3 * a + k]);
      }
    }
    const RigidTransform move = superpose(mobile.data(), target.data(), ca.size()).transform;
    for (int a = 0; a < base.atom_count(); ++a) {
      const Vec3 p = move.apply({x[3 * a], x[3 * a + 1], x[3 * a + 2]});
      for (int k = 0; k < 3; ++k) x[3 * a + k] = float(p[k]);
    }
  }
  std::vector<int64_t> own_state(particles);
  for (int64_t i = 0; i < particles; ++i) own_state[i] = stack.particle_table().integer(i, column);
  const Tensor truth = every_state.index_select(0, tensor_from(own_state));
  Tensor rigid = at::empty_like(every_state);
  const auto bodies = rigid_residues(base);
  for (int64_t i = 0; i < all; ++i) {
    const int64_t values = base.atom_count() * 3;
    rigid_side_chains(base, *bodies, every_state.data_ptr<float>() + i * values, rigid.data_ptr<float>() + i * values);
  }
  rigid = rigid.index_select(0, tensor_from(own_state));
  for (const double padding : {1.0, 2.0}) {
    ImageModel images(unit_blobs(base, 1.0), stack.box(), padding);
    calibrate(images, {batch}, tensor_from(base_positions, {1, base.atom_count(), 3}));
    std::printf("padding %.0f: scale prior %.4f +- %.4f\n", padding, images.scale.mean[0], images.scale.deviation[0]);
    const ObservedBatch observed = images.observe(batch);
    const Tensor index = at::arange(particles, at::kLong);
    const auto own = images.log_likelihood(truth, batch.rotation, batch.shift, {index, index}, observed);
    const auto with_base = images.log_likelihood(tensor_from(base_positions, {1, base.atom_count(), 3}), batch.rotation,
                                                 batch.shift, {at::zeros({particles}, at::kLong), index}, observed);
    const auto with_rigid = images.log_likelihood(rigid, batch.rotation, batch.shift, {index, index}, observed);
    std::printf("  own state %.2f nats (scale %.4f), with the base's side chains %.2f nats, base %.2f nats (scale %.4f)\n",
                own.log_likelihood.mean().item<double>(), own.scale.mean().item<double>(), with_rigid.log_likelihood.mean().item<double>(),
                with_base.log_likelihood.mean().item<double>(), with_base.scale.mean().item<double>());
  }

  const int64_t candidates = std::min<int64_t>(count > 5 ? std::atoll(arguments[5]) : 0, all);
  if (candidates == 0 && first_residue > last_residue) return 0;
  ImageModel images(unit_blobs(base, 1.0), stack.box(), 1.0);
  calibrate(images, {batch}, every_state.mean(0));
  images.scale.mean.assign(images.scale.mean.size(), 1.0);  // as simulated
  images.scale.deviation.assign(images.scale.mean.size(), 0.05);
  const ObservedBatch observed = images.observe(batch);
  const Tensor index = at::arange(particles, at::kLong);
  if (first_residue <= last_residue) {
    Tensor part = at::zeros({base.atom_count(), 1});
    for (int a = 0; a < base.atom_count(); ++a) {
      const int number = base.residues[base.atoms[a].residue].number;
      if (number >= first_residue && number <= last_residue) part[a][0] = 1;
    }
    auto with_part = [&](const Tensor& there) {
      const Tensor x = (truth * (1 - part) + there * part).contiguous();
      return images.log_likelihood(x, batch.rotation, batch.shift, {index, index}, observed).log_likelihood.mean().item<double>();
    };
    const double own = with_part(truth);
    std::printf("residues %d to %d in their own state: %.2f nats; less with the base's %.2f, with another state's %.2f, with the mean of all %.2f, gone %.2f\n",
                first_residue, last_residue, own, own - with_part(tensor_from(base_positions, {1, base.atom_count(), 3})),
                own - with_part(truth.roll(1, 0)), own - with_part(every_state.mean(0, true)), own - with_part(truth + 1000));
  }

  if (candidates == 0) return 0;
  const double temperature = count > 6 ? std::atof(arguments[6]) : 1;
  std::vector<int64_t> order = Random(1).permutation(all);
  order.resize(size_t(candidates));
  const Tensor ca_index = tensor_from(std::vector<int64_t>(ca.begin(), ca.end()));
  const Tensor expected = truth.index_select(1, ca_index).contiguous();
  if (search_poses) {
    // As a model that knows the states would have it.
    images.scale.deviation.assign(images.scale.mean.size(), 1.0);
    const Tensor own_scale = images.log_likelihood(truth, batch.rotation, batch.shift, {index, index}, observed).scale;
    images.scale.mean.assign(images.scale.mean.size(), own_scale.mean().item<double>());
    images.scale.deviation.assign(images.scale.mean.size(), 0.1 * own_scale.mean().item<double>());
    const Tensor searched = every_state.index_select(0, tensor_from(order)).contiguous(), searched_ca = searched.index_select(1, ca_index).contiguous();
    PoseFinder finder(images, searched, {15, 12, 5, 2.5});  // the defaults of training
    constexpr int64_t kBlock = 64;
    std::vector<Pose> found_poses, true_poses;
    double explained = 0, error = 0;
    for (int64_t first = 0; first < particles; first += kBlock) {
      const ParticleBatch block = batch.slice(first, std::min(first + kBlock, particles));
      const auto found = finder.find(block, 12, 1);
      for (int64_t i = 0; i < block.size(); ++i) {
        const PoseCandidate& best = found[size_t(i)].front();
        explained += best.log_likelihood / double(particles);
        found_poses.push_back(best.pose);
        true_poses.push_back(stack.pose(first + i));
        const auto values = int64_t(3 * ca.size());
        error += superpose(searched_ca.data_ptr<float>() + best.conformation * values, expected.data_ptr<float>() + (first + i) * values, ca.size()).rmsd /
                 double(particles);
      }
    }
    const PoseErrorFigures errors = pose_errors(found_poses, true_poses).direct;
    std::printf("poses searched with %lld states: %.1f %% within 10 degrees, median error %.2f degrees, best explains %.1f nats, CA RMSD of its state %.2f A\n",
                static_cast<long long>(candidates), 100 * errors.within_10deg, errors.median_deg, explained, error);
    return 0;
  }
  Tensor log_likelihood = at::empty({candidates, particles});
  for (int64_t c = 0; c < candidates; ++c) {
    const Tensor state = every_state.slice(0, order[c], order[c] + 1);
    const ViewIndex views{at::zeros({particles}, at::kLong), index};
    log_likelihood[c] = poses_unknown
                            ? refine_poses(images, observed, state, views, {batch.rotation, batch.shift}, {10, 0.3, 0.05}).log_likelihood
                            : images.log_likelihood(state, batch.rotation, batch.shift, views, observed).log_likelihood;
  }
  if (candidates < all) {
    for (int64_t c = 0; c < candidates; ++c) {
      for (int64_t i = 0; i < particles; ++i) {
        if (own_state[i] == order[c]) log_likelihood[c][i] = -1e30;
      }
    }
  }
  const Tensor share = at::softmax(log_likelihood / temperature, 0);  // [candidates, particles]
  const Tensor some = every_state.index_select(0, tensor_from(order)).index_select(1, ca_index).reshape({candidates, -1});
  const Tensor mean = at::matmul(share.t(), some).reshape({particles, -1, 3}).contiguous();
  double rmsd = 0;
  for (int64_t i = 0; i < particles; ++i) {
    rmsd += superpose(mean.data_ptr<float>() + i * mean.size(1) * 3, expected.data_ptr<float>() + i * mean.size(1) * 3,
                      ca.size()).rmsd / double(particles);
  }
  const double effective = share.square().sum(0).reciprocal().mean().item<double>();
  std::printf("posterior over %lld other states, poses %s, temperature %.3g: effective number %.1f, CA RMSD of its mean %.3f A\n",
              static_cast<long long>(candidates), poses_unknown ? "unknown" : "known", temperature, effective, rmsd);
  for (int k = 7; k < count; ++k) {
    const PairDistance pair = parse_pair_distance(base, arguments[k]);
    auto distance = [&](const Tensor& x) { return (x.select(1, pair.first) - x.select(1, pair.second)).norm(2, 1); };
    const Tensor found = at::matmul(share.t(), distance(every_state.index_select(0, tensor_from(order))).unsqueeze(1)).squeeze(1);
    const Tensor real = distance(truth);
    const Tensor pairs = at::stack({found, real});
    const Tensor centred = pairs - pairs.mean(1, true);
    const double r = ((centred[0] * centred[1]).sum() / (centred[0].norm() * centred[1].norm())).item<double>();
    std::printf("  %s: r %.3f\n", arguments[k], r);
  }
}
