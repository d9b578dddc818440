#include "cryomer/evaluation/latent_readout.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

struct Particles {
  std::vector<int64_t> state_of;
  std::vector<double> values;
  Tensor latents;
};

// 50 states of 20 particles each; the second latent is the state's value and noise of the same deviation, the others noise alone.
Particles particles(Random& random, int states = 50) {
  Particles result;
  std::vector<double> of_state;
  for (int s = 0; s < states; ++s) of_state.push_back(10 + 3 * random.normal());
  const int count = 1000;
  result.latents = at::empty({count, 4});
  for (int i = 0; i < count; ++i) {
    result.state_of.push_back(i % states);
    result.values.push_back(of_state[size_t(i % states)]);
    for (int k = 0; k < 4; ++k) result.latents[i][k] = random.normal();
    result.latents[i][1] = 0.1 * ((result.values.back() - 10) / 3 + random.normal()) + 7;
  }
  return result;
}

TEST(LatentReadout, FindsWhatALatentSays) {
  Random random(3);
  const Particles p = particles(random);
  EXPECT_NEAR(latent_readout_r(p.latents, p.state_of, p.values), std::sqrt(0.5), 0.08);
}

TEST(LatentReadout, FindsNothingWhereThereIsNothing) {
  Random random(4);
  Particles p = particles(random);
  p.latents.select(1, 1).copy_(p.latents.select(1, 0));
  // Each state's particles would know their value if the function had seen the state.
  EXPECT_LT(std::abs(latent_readout_r(p.latents, p.state_of, p.values)), 0.2);
}

TEST(LatentReadout, IsSilentWhereItCannotTell) {
  Random random(5);
  const Particles few = particles(random, 5);
  EXPECT_TRUE(std::isnan(latent_readout_r(few.latents, few.state_of, few.values)));
  const std::vector<int64_t> states = {0, 1, 2, 3};
  EXPECT_TRUE(std::isnan(latent_readout_r(at::zeros({4, 2}), states, {1, 2, 3, 4})));
  Particles wrong = particles(random);
  wrong.latents[3][2] = std::nan("");
  EXPECT_TRUE(std::isnan(latent_readout_r(wrong.latents, wrong.state_of, wrong.values)));
}

}  // namespace
}  // namespace cryomer
