#include "cryomer/training/pose_inference.h"

#include "cryomer/data/particle_loader.h"
#include "training/small_run.h"

namespace cryomer {
namespace {

TEST(LaterSearch, GoesOverAllParticlesOnlyWhereItChangesPoses) {
  const std::string data = testing::small_data(120);
  TrainingConfig config = testing::small_pose_config(data, 1);
  config.data.poses = "given";
  const testing::SmallRun run(config, testing::scratch_folder());
  run.trainer->begin();
  config.data.poses = "infer";
  config.pose_search.trial = 30;
  const ParticleLoader loader(run.stack);
  const auto search = [&](double bound) {
    PoseTable poses(120, 2);
    for (int64_t p = 0; p < 120; ++p) poses.put(p, 0, {Mat3(), 50, 50}, bound);
    PosteriorTable none;
    return search_again(run.trainer->model(), loader, config, poses, none, Random(3));
  };
  // Poses that explain nothing, and poses that nothing can beat.
  const SearchOutcome poor = search(-1e6), good = search(1e6);
  EXPECT_EQ(poor.searched, 120);
  EXPECT_EQ(poor.changed, 1);
  EXPECT_GE(poor.proposed, 1);
  EXPECT_EQ(good.searched, 30);
  EXPECT_EQ(good.changed, 0);
  EXPECT_EQ(good.proposed, 0);
}

}  // namespace
}  // namespace cryomer
