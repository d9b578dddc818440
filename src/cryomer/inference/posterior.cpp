#include "cryomer/inference/posterior.h"

#include <algorithm>
#include <numeric>

#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"

namespace cryomer {

Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack) {
  std::vector<int64_t> all(stack.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  return infer_posterior(trained, stack, all);
}

Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, const std::vector<int64_t>& rows) {
  at::NoGradGuard guard;
  const Autoencoder& model = *trained.model;
  if (stack.box() != model.images.grid().box) {
    fail("{}: images of {} pixels, but the model was trained on {} pixels", stack.path(), stack.box(),
         model.images.grid().box);
  }
  const ParticleLoader loader(stack);
  std::vector<Tensor> means, deviations;
  const auto count = int64_t(rows.size());
  Progress progress("inferring", count, "particles");
  for (int64_t first = 0; first < count; first += 256) {
    const ParticleBatch batch = loader.load({rows.begin() + first, rows.begin() + std::min(first + 256, count)});
    const ObservedBatch observed = model.images.observe(batch);
    const DiagonalGaussian found =
        model.encoder(model.encoder.features(batch, observed, model.images, batch.rotation, batch.shift));
    means.push_back(found.mean);
    deviations.push_back(found.deviation);
    if (stop_requested()) throw Interrupted("stopped; nothing was written");
    progress.advance(batch.size());
  }
  progress.finish();
  return {at::cat(means), at::cat(deviations)};
}

}  // namespace cryomer
