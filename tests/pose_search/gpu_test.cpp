// The search for poses on a GPU: what the CPU finds.
#include "cryomer/pose_search/pose_finder.h"
#include "cryomer/tensor/device.h"
#include "pose_search/small_molecule.h"
#include "testing.h"

namespace cryomer {
namespace {

using namespace testing;

TEST(GpuPoseSearch, FindsWhatTheCpuFinds) {
  CRYOMER_NEEDS_GPU();
  const ImageModel model = small_model(8);
  const Tensor conformations = small_molecule(2);
  const ParticleBatch batch = small_particles(300, 8);  // more than one block of images
  const PoseGrid grid{30, 12, 4, 2};
  const auto cpu = PoseSearch(model, conformations, kSmallPixel, grid).search(batch, 4);
  const auto gpu = PoseSearch(model.to(at::kCUDA), conformations, kSmallPixel, grid).search(batch, 4);
  int same = 0;
  for (int64_t i = 0; i < batch.size(); ++i) {
    ASSERT_FALSE(cpu[i].empty());
    ASSERT_FALSE(gpu[i].empty());
    const PoseCandidate &a = cpu[i].front(), &b = gpu[i].front();
    EXPECT_NEAR(a.log_likelihood, b.log_likelihood, 1e-3 * (1 + std::abs(a.log_likelihood)));
    same += a.conformation == b.conformation && a.pose.rotation.values == b.pose.rotation.values && a.pose.shift_x == b.pose.shift_x &&
            a.pose.shift_y == b.pose.shift_y;
  }
  EXPECT_GE(same, 297);  // all but ties
}

TEST(GpuPoseFinder, ClimbsToWhereTheCpuClimbs) {
  CRYOMER_NEEDS_GPU();
  const ImageModel model = small_model(60), on_gpu = model.to(at::kCUDA);
  const ParticleBatch batch = small_particles(40, 60);
  const PoseGrid grid{15, 12, 4, 2};
  const auto cpu = PoseFinder(model, small_molecule(), grid).find(batch, 12, 3), gpu = PoseFinder(on_gpu, small_molecule(), grid).find(batch, 12, 3);
  int same = 0;
  for (int64_t i = 0; i < batch.size(); ++i) {
    ASSERT_FALSE(gpu[i].empty());
    same += near_each_other(cpu[i].front().pose, gpu[i].front().pose, 0.02, 0.2) && std::abs(cpu[i].front().log_likelihood - gpu[i].front().log_likelihood) < 0.5;
    const Mat3& r = gpu[i].front().pose.rotation;
    EXPECT_NEAR(trace(r * transposed(r)), 3, 1e-5);
  }
  EXPECT_GE(same, 36);  // a climb may end on the other side of a ridge
}

}  // namespace
}  // namespace cryomer
