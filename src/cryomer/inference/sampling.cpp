#include "cryomer/inference/sampling.h"

#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/protein/relaxation.h"
#include "cryomer/protein/restraints.h"

namespace cryomer {

Tensor decode_structures(const TrainedModel& trained, const Tensor& latents) {
  at::NoGradGuard guard;
  const Autoencoder& model = *trained.model;
  const Tensor positions = model.decoder(latents).to(at::kCPU).contiguous();
  const std::vector<DistanceRestraint> restraints = chain_restraints(trained.setup.structure);
  const int64_t values = positions.size(1) * 3;
  const float origin[3] = {float(trained.setup.origin.x), float(trained.setup.origin.y), float(trained.setup.origin.z)};
  parallel_for(positions.size(0), 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      float* const x = positions.data_ptr<float>() + i * values;
      relax_chain(*model.bodies, restraints, x);
      for (int64_t k = 0; k < values; ++k) x[k] += origin[k % 3];
    }
  });
  return positions;
}

void decode_in_blocks(const TrainedModel& trained, const Tensor& latents, const std::string& label,
                      const std::function<void(const Tensor&)>& consume) {
  Progress progress(label, latents.size(0), "structures");
  for (int64_t first = 0; first < latents.size(0); first += 256) {
    const Tensor block = latents.slice(0, first, std::min(first + 256, latents.size(0)));
    consume(decode_structures(trained, block));
    if (stop_requested()) throw Interrupted("stopped; nothing was written");
    progress.advance(block.size(0));
  }
  progress.finish();
}

}  // namespace cryomer
