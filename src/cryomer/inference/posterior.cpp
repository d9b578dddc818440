#include "cryomer/inference/posterior.h"

#include <algorithm>
#include <numeric>

#include "cryomer/base/progress.h"
#include "cryomer/base/random.h"
#include "cryomer/base/stop.h"

namespace cryomer {

namespace {

DiagonalGaussian refined(const Autoencoder& model, const DiagonalGaussian& start, const ParticleBatch& batch,
                         const ObservedBatch& observed, const Refinement& refinement, uint64_t seed) {
  at::AutoGradMode on(true);
  const int64_t count = batch.size(), dim = start.mean.size(1), samples = refinement.samples;
  ParameterSet own(0);
  const Tensor mean = own.from("mean", start.mean), log_deviation = own.from("log_deviation", start.deviation.log());
  Adam adam(own);
  const Tensor image = at::arange(count, at::kLong).repeat_interleave(samples);
  const ViewIndex views{at::arange(count * samples, at::kLong), image};
  const Tensor rotation = batch.rotation.repeat_interleave(samples, 0), shift = batch.shift.repeat_interleave(samples, 0);
  for (int64_t step = 0; step < refinement.steps; ++step) {
    Tensor noise = at::empty({count, samples, dim});
    Random random = Random(seed, 0x2ef).substream(uint64_t(step));
    random.fill_normal(noise.data_ptr<float>(), size_t(noise.numel()));
    const DiagonalGaussian posterior{mean, log_deviation.exp()};
    const Tensor positions = model.decoder(posterior.sample(noise).reshape({-1, dim}));
    const Tensor fit = model.images.log_likelihood(positions, rotation, shift, views, observed).log_likelihood;
    const Tensor loss = posterior.divergence_from_standard_normal().sum() - fit.sum() / double(samples);
    adam.clear_gradients();
    loss.backward();
    const double rate = refinement.learning_rate * (1 - double(step) / double(refinement.steps));
    adam.step(rate, 1e30);
  }
  return {mean.detach().clone(), log_deviation.detach().exp()};
}

}  // namespace

Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, const Refinement& refinement) {
  std::vector<int64_t> all(stack.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  return infer_posterior_of(all, trained, stack, refinement);
}

Posterior infer_posterior_of(const std::vector<int64_t>& rows, const TrainedModel& trained, const ParticleStack& stack,
                             const Refinement& refinement) {
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
    DiagonalGaussian found =
        model.encoder(model.encoder.features(batch, observed, model.images, batch.rotation, batch.shift));
    if (refinement.steps > 0) {
      found = refined(model, found, batch, observed, refinement, uint64_t(trained.setup.config.seed) + uint64_t(first));
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
