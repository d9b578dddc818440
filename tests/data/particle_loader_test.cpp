#include "cryomer/data/particle_loader.h"

#include <set>

#include "io/io_testing.h"

namespace cryomer {
namespace {

// Six images of 4 x 4; the last is the only one of its optics group.
ParticleStack stack_with_a_rare_group() {
  const std::string folder = testing::scratch_folder();
  MrcStackWriter writer(folder + "/s.mrcs", 4, 4, 1.5);
  std::string text =
      "data_optics\nloop_\n_rlnOpticsGroup\n_rlnVoltage\n_rlnSphericalAberration\n_rlnAmplitudeContrast\n"
      "_rlnImagePixelSize\n1 300 2.7 0.1 1.5\n2 200 2.7 0.1 1.5\n\n"
      "data_particles\nloop_\n_rlnImageName\n_rlnOpticsGroup\n_rlnDefocusU\n";
  for (int i = 0; i < 6; ++i) {
    const std::vector<float> image(16, float(i));
    writer.write_section(image.data());
    text += formatted("{}@s.mrcs {} 10000\n", i + 1, i < 5 ? 1 : 2);
  }
  writer.commit();
  write_file_atomically(folder + "/p.star", text);
  return ParticleStack::open(folder + "/p.star");
}

TEST(ParticleLoader, ReadsThePixelsOfTheParticlesInTheOrderAskedFor) {
  const ParticleStack stack = stack_with_a_rare_group();
  const ParticleBatch batch = ParticleLoader(stack).load({4, 0});
  EXPECT_EQ(batch.images[0][0][0].item<float>(), 4);
  EXPECT_EQ(batch.images[1][3][3].item<float>(), 0);
}

// What is learned group by group from a choice, such as the noise, would otherwise be missing for the rest.
TEST(ParticleLoader, HasEveryOpticsGroupInARandomChoice) {
  const ParticleStack stack = stack_with_a_rare_group();
  const std::vector<ParticleBatch> batches = ParticleLoader(stack).load_some({0, 1, 2, 3, 4}, 2, 1);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].size(), 3);
  EXPECT_EQ(batches[0].particle.back(), 5);
  EXPECT_EQ(std::set<int>(batches[0].optics_group.begin(), batches[0].optics_group.end()), (std::set<int>{0, 1}));
}

TEST(SplitParticles, HoldsOutTheFractionAskedFor) {
  const ParticleSplit split = split_particles(10, 0.25);
  EXPECT_EQ(split.held_out.size(), 2u);
  EXPECT_EQ(split.training.size(), 8u);
  EXPECT_NE(testing::error_of([] { split_particles(10, 1); }).find("less than 1"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
