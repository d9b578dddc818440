#include "cryomer/inference/posterior.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/training/objective.h"

namespace cryomer {

namespace {

DiagonalGaussian refined(const Autoencoder& model, const DiagonalGaussian& start, const ParticleBatch& batch,
                         const ObservedBatch& observed, const Refinement& refinement, const Random& random) {
  const at::AutoGradMode with_gradients(true);  // wherever this is called from
  const FrozenParameters frozen(model.parameters);
  const auto no_restraints = std::make_shared<std::vector<DistanceRestraint>>();
  ObjectiveConfig objective;
  objective.chain = objective.centring = 0;
  const Tensor rows = at::arange(batch.size(), at::kLong);
  PosteriorTable table(batch.size(), model.latent_dim);
  table.assign(rows, start);
  for (int64_t step = 0; step < refinement.steps; ++step) {
    const PosteriorTable::Leaves own = table.leaves(rows);
    // The same draws for all images: what is found for one does not depend on those beside it.
    const Tensor noise = antithetic_noise(random.substream(uint64_t(step)), 1, refinement.samples, model.latent_dim)
                             .expand({batch.size(), -1, -1});
    const LossTerms terms = loss(model, objective, no_restraints, batch, observed, own.posterior(), noise, 1.0);
    (terms.total * double(batch.size())).backward();
    table.update(own, refinement.learning_rate * (1 - double(step) / double(refinement.steps)));
    if (stop_requested()) throw Interrupted("stopped; nothing was written");
  }
  return table.rows(rows);
}

}  // namespace

Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, const Refinement& refinement) {
  return infer_posterior_of(all_particles(stack), trained, stack, refinement);
}

Posterior infer_posterior_of(const std::vector<int64_t>& rows, const TrainedModel& trained, const ParticleStack& stack,
                             const Refinement& refinement) {
  const Autoencoder& model = *trained.model;
  if (stack.box() != model.images.grid().box) {
    fail("{}: images of {} pixels, but the model was trained on {} pixels", stack.path(), stack.box(),
         model.images.grid().box);
  }
  const double pixel_size = smallest_pixel_size(stack);
  if (std::abs(pixel_size - trained.smallest_pixel_size) > 0.02 * trained.smallest_pixel_size) {
    fail("{}: a pixel size of {:.4g} A, but the model was trained on {:.4g} A, and its noise spectrum holds for that. Rescale "
         "the particles, or correct the pixel size",
         stack.path(), pixel_size, trained.smallest_pixel_size);
  }
  if (stack.optics_groups().size() > model.images.scale.mean.size()) {
    fail("{}: {} optics groups, but the model was trained on {}: nothing is known of the noise of the others. Give particles "
         "of those groups only, in the order of the training data",
         stack.path(), stack.optics_groups().size(), model.images.scale.mean.size());
  }
  const ParticleLoader loader(stack);
  std::vector<Tensor> means, deviations;
  const auto count = int64_t(rows.size());
  Progress progress("inferring", count, "particles");
  for (int64_t first = 0; first < count; first += 256) {
    const ParticleBatch batch = loader.load({rows.begin() + first, rows.begin() + std::min(first + 256, count)});
    const ObservedBatch observed = model.images.observe(batch);
    DiagonalGaussian found;
    {
      at::NoGradGuard guard;
      found = model.encode(batch, observed);
    }
    if (refinement.steps > 0) {
      found = refined(model, found, batch, observed, refinement, Random(uint64_t(trained.setup.config.seed), 0x2ef));
    }
    means.push_back(found.mean);
    deviations.push_back(found.deviation);
    if (stop_requested()) throw Interrupted("stopped; nothing was written");
    progress.advance(batch.size());
  }
  progress.finish();
  return {at::cat(means), at::cat(deviations)};
}

}  // namespace cryomer
