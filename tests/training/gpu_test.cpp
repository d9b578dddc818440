// Training on a GPU: the CPU's loss and gradients, and runs that go from one to the other.
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "cryomer/data/particle_loader.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/tensor/device.h"
#include "cryomer/training/objective.h"
#include "training/small_run.h"

namespace cryomer {
namespace {

using testing::scratch_folder;
using testing::small_config;
using testing::SmallRun;

TEST(GpuLoss, IsThatOfTheCpuWithItsGradients) {
  CRYOMER_NEEDS_GPU();
  const std::string data = testing::small_data(40, testing::polyserine(16));
  const TrainingConfig config = small_config(data, 1);
  const SmallRun on_cpu(config, scratch_folder()), on_gpu(config, scratch_folder(), at::kCUDA);
  const Restraints restraints{std::make_shared<std::vector<DistanceRestraint>>(chain_restraints(read_structure(config.data.structure)))};
  auto judge = [&](const SmallRun& run) {
    run.trainer->begin();
    const Autoencoder& model = run.trainer->model();
    {
      at::NoGradGuard guard;  // a decoder that moves everything
      for (const auto& [name, tensor] : model.parameters.all()) {
        if (name.rfind("decoder.", 0) == 0) tensor.add_(0.01);
      }
    }
    const ParticleBatch batch = ParticleLoader(run.stack).load({0, 1, 2, 3, 4, 5});
    const ObservedBatch observed = model.images.observe(batch);
    const DiagonalGaussian posterior = model.encode(batch, observed);
    const LossTerms terms = loss(model, config.objective, restraints, batch, observed, posterior,
                                 draw_conformations(model, posterior, antithetic_noise(Random(5), 6, 4, 2)), {});
    std::vector<Tensor> inputs;
    for (const auto& [name, tensor] : model.parameters.all()) inputs.push_back(tensor);
    std::vector<Tensor> found = torch::autograd::grad({terms.total}, inputs, {}, false, false, true);
    found.push_back(terms.total.detach());
    return found;
  };
  const std::vector<Tensor> gpu = judge(on_gpu), cpu = judge(on_cpu);
  ASSERT_TRUE(on_gpu.trainer->model().device().is_cuda());
  int compared = 0;
  for (size_t i = 0; i < cpu.size(); ++i) {
    ASSERT_EQ(gpu[i].defined(), cpu[i].defined());
    if (!cpu[i].defined()) continue;
    ++compared;
    EXPECT_LT((gpu[i].to(at::kCPU) - cpu[i]).abs().max().item<double>(), 2e-3 * (cpu[i].abs().max().item<double>() + 1e-3)) << i;
  }
  EXPECT_GT(compared, 10);
}

TEST(GpuTrainer, LearnsWhatTheCpuLearnsAndGoesOnThere) {
  CRYOMER_NEEDS_GPU();
  for (const char* const poses : {"given", "infer"}) {
    const std::string data = testing::small_data();
    TrainingConfig config = testing::small_pose_config(data, 6);
    config.data.poses = poses;
    SmallRun on_cpu(config, scratch_folder());
    const SmallRun on_gpu(config, scratch_folder(), at::kCUDA);
    on_cpu.trainer->run();
    on_gpu.trainer->run();
    EXPECT_NEAR(on_gpu.trainer->best_held_out(), on_cpu.trainer->best_held_out(), 0.05 * std::abs(on_cpu.trainer->best_held_out()) + 0.5) << poses;
    // Its checkpoint is any checkpoint.
    config.epochs = 8;
    SmallRun later(config, on_gpu.directory.path);
    later.trainer->resume();
    later.trainer->run();
    EXPECT_GT(later.trainer->step(), on_gpu.trainer->step());
    EXPECT_NEAR(later.trainer->best_held_out(), on_gpu.trainer->best_held_out(), 0.1 * std::abs(on_gpu.trainer->best_held_out()) + 0.5) << poses;
  }
}

}  // namespace
}  // namespace cryomer
