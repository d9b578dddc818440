#include "run_latents.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/inference/sampling.h"
#include "cryomer/inference/structure_frame.h"
#include "cryomer/io/npy.h"

namespace cryomer {

namespace {

RunLatents latents_of_folder(const std::string& folder, const TrainedModel& trained) {
  for (const char* name : {"latents.npy", "latents_std.npy"}) {
    if (!std::filesystem::exists(folder + "/" + name))
      fail("--posterior {}: there is no {} in it; expected the --out folder of `cryomer infer`", folder, name);
  }
  const NpyArray mean = read_npy(folder + "/latents.npy"), deviation = read_npy(folder + "/latents_std.npy");
  if (mean.shape.size() != 2 || mean.shape[0] < 1 || mean.shape[1] != trained.model->latent_dim || deviation.shape != mean.shape) {
    fail(
        "--posterior {}: latents.npy is {} and latents_std.npy {}, expected [particles, {}] of both: is it a posterior of this "
        "run?",
        folder, shape_text(mean.shape), shape_text(deviation.shape), trained.model->latent_dim);
  }
  RunLatents result;
  result.mean = tensor_from(mean.values, mean.shape);
  result.deviation = tensor_from(deviation.values, deviation.shape);
  result.rows = spread_rows(mean.shape[0], mean.shape[0]);
  result.complete = true;
  result.source = formatted("all {} particles of {}", mean.shape[0], folder);
  return result;
}

}  // namespace

RunLatents latents_of_run(const TrainedModel& trained, const std::string& posterior, const std::string& data_dir, int64_t most) {
  if (!posterior.empty()) return latents_of_folder(posterior, trained);
  const ParticleStack stack =
      ParticleStack::open(trained.setup.config.data.particles, particle_options(trained.setup.config, data_dir));
  RunLatents result;
  result.rows = spread_rows(stack.size(), most);
  const Posterior found = infer_posterior_of(result.rows, trained, stack, true);
  result.mean = found.mean;
  result.deviation = found.deviation;
  result.complete = int64_t(result.rows.size()) == stack.size();
  result.source = formatted("{} of {} particles", result.rows.size(), stack.size());
  return result;
}

std::vector<std::vector<double>> effects_of_latents(const TrainedModel& trained, const std::vector<double>& mean,
                                                    const std::vector<double>& deviation, const std::vector<int>& cas) {
  const auto dim = int64_t(mean.size()), count = int64_t(cas.size());
  Tensor latents = at::empty({2 * dim + 1, dim});
  for (int64_t row = 0; row <= 2 * dim; ++row) {
    for (int64_t k = 0; k < dim; ++k) {
      const double move = row == 2 * dim || row / 2 != k ? 0 : row % 2 ? deviation[k] : -deviation[k];
      latents.data_ptr<float>()[row * dim + k] = float(mean[k] + move);
    }
  }
  Ensemble whole;
  whole.atom_count = trained.setup.structure.atom_count();
  decode_in_blocks(trained, latents, "moving", [&](const Tensor& block) {
    for (int64_t i = 0; i < block.size(0); ++i) whole.append(block.data_ptr<float>() + i * block.size(1) * 3);
  });
  const Ensemble moved = selected(whole, spread_rows(whole.size(), whole.size()), cas);
  std::vector<std::vector<double>> effects(dim, std::vector<double>(3 * count, 0.0));
  const float* const middle = moved.conformation(2 * dim);
  for (int64_t row = 0; row < 2 * dim; ++row) {
    const float* const x = moved.conformation(row);
    const RigidTransform onto = superpose(x, middle, size_t(count)).transform;
    const double scale = (row % 2 ? 0.5 : -0.5) / (std::max(deviation[row / 2], 1e-12) * std::sqrt(double(count)));
    for (int64_t a = 0; a < count; ++a) {
      const Vec3 place = onto.apply({x[3 * a], x[3 * a + 1], x[3 * a + 2]});
      for (int k = 0; k < 3; ++k) effects[row / 2][3 * a + k] += scale * (place[k] - middle[3 * a + k]);
    }
  }
  return effects;
}

LatentDirections moving_directions(const TrainedModel& trained, const RunLatents& latents, int64_t most) {
  const int64_t count = latents.mean.size(0), dim = latents.mean.size(1);
  const std::vector<float> means = to_floats(latents.mean);
  PointSpread spread;
  if (latents.deviation.defined()) spread.variances = to_floats(latents.deviation.square());
  const std::vector<int> cas = atoms_of(trained.setup.structure, AtomSet::ca);
  if (cas.size() > 3) {
    // Over the population: variances of the latents, of which a particle's own are a part.
    std::vector<double> mean(dim, 0.0), deviation(dim, 0.0);
    for (int64_t i = 0; i < count * dim; ++i) mean[i % dim] += means[i] / double(count);
    for (int64_t i = 0; i < count * dim; ++i) {
      const double off = means[i] - mean[i % dim];
      deviation[i % dim] += (off * off + (spread.variances.empty() ? 0 : spread.variances[i])) / double(count);
    }
    for (double& value : deviation) value = std::sqrt(value);
    spread.effects = effects_of_latents(trained, mean, deviation, cas);
  }
  return principal_directions(means, dim, most, spread);
}

Tensor aggregated_draws(const RunLatents& latents, int64_t count, Random random) {
  const int64_t particles = latents.mean.size(0), dim = latents.mean.size(1);
  const std::vector<int64_t> order = random.substream(0).permutation(particles);
  std::vector<int64_t> rows;
  for (int64_t k = 0; k < count; ++k) rows.push_back(order[k % particles]);
  Tensor noise = at::empty({count, dim});
  random.substream(1).fill_normal(noise.data_ptr<float>(), size_t(count * dim));
  const Tensor index = tensor_from(rows);
  return latents.mean.index_select(0, index) + latents.deviation.index_select(0, index) * noise;
}

Ensemble decoded_structures(const TrainedModel& trained, const Tensor& latents, const std::string& label) {
  std::vector<StructureFrame> frames;
  if (trained.poses_were_inferred()) frames = frames_on_base(trained, latents);
  Ensemble ensemble;
  ensemble.atom_count = trained.setup.structure.atom_count();
  decode_in_blocks(trained, latents, label, [&](const Tensor& block) {
    for (int64_t i = 0; i < block.size(0); ++i) {
      ensemble.append(block.data_ptr<float>() + i * block.size(1) * 3);
      if (!frames.empty()) frames[ensemble.size() - 1].place(ensemble.conformation(ensemble.size() - 1), ensemble.atom_count);
    }
  });
  return ensemble;
}

}  // namespace cryomer
