// How well could anybody do? With the true states and poses known: the log likelihood of each image under its own state,
// under the base and under other states, and what the exact posterior over a sample of the states gives.
//
//   oracle TRUTH.star STRUCTURE STATES [particles] [states]
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "cryomer/data/particle_loader.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/protein/atom_blobs.h"

using namespace cryomer;

int main(int count, char** arguments) {
  if (count < 4) return std::fprintf(stderr, "usage: oracle TRUTH.star STRUCTURE STATES [particles]\n"), 2;
  at::NoGradGuard guard;
  ParticleStackOptions options;
  options.require_poses = true;
  const ParticleStack stack = ParticleStack::open(arguments[1], options);
  Structure base = read_structure(arguments[2]);
  const auto states = open_trajectory(arguments[3], base);
  Vec3 centre;
  for (const Atom& atom : base.atoms) centre += atom.position;
  centre = (1.0 / base.atom_count()) * centre;
  for (Atom& atom : base.atoms) atom.position = atom.position - centre;
  const std::vector<float> base_positions = base.coordinates();
  const std::vector<int> ca = atoms_of(base, AtomSet::ca);
  const int64_t particles = std::min<int64_t>(count > 4 ? std::atoll(arguments[4]) : 512, stack.size());
  const int column = stack.particle_table().column("cryomerStateIndex");
  std::vector<int64_t> rows(particles);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const ParticleLoader loader(stack);
  const ParticleBatch batch = loader.load(rows);
  Tensor truth = at::empty({particles, base.atom_count(), 3});
  for (int64_t i = 0; i < particles; ++i) {
    float* x = truth.data_ptr<float>() + i * base.atom_count() * 3;
    states->read(stack.particle_table().integer(i, column), x);
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
  for (const double padding : {1.0, 2.0}) {
    ImageModel images(unit_blobs(base, 1.0), stack.box(), stack.optics(0).pixel_size, padding);
    calibrate(images, {batch}, tensor_from(base_positions, {1, base.atom_count(), 3}));
    std::printf("padding %.0f: scale prior %.4f +- %.4f\n", padding, images.scale.mean[0], images.scale.deviation[0]);
    const ObservedBatch observed = images.observe(batch);
    const Tensor index = at::arange(particles, at::kLong);
    const auto own = images.log_likelihood(truth, batch.rotation, batch.shift, {index, index}, observed);
    const auto with_base = images.log_likelihood(tensor_from(base_positions, {1, base.atom_count(), 3}), batch.rotation,
                                                 batch.shift, {at::zeros({particles}, at::kLong), index}, observed);
    std::printf("  own state %.2f nats (scale %.4f), base %.2f nats (scale %.4f)\n",
                own.log_likelihood.mean().item<double>(), own.scale.mean().item<double>(),
                with_base.log_likelihood.mean().item<double>(), with_base.scale.mean().item<double>());
  }
}
