#include "cryomer/pose_search/pose_search.h"

#include "cryomer/base/units.h"
#include "pose_search/small_molecule.h"
#include "testing.h"

namespace cryomer {
namespace {

using namespace testing;

const PoseGrid kGrid{45, 12, 4, 4};

// The likelihood itself, view by view, of images whose frequencies above the resolution count nothing.
Tensor brute_force(const ImageModel& model, const PoseSearch& search, const Tensor& conformations, const ParticleBatch& batch) {
  ObservedBatch observed = model.observe(batch);
  const double largest = kSmallBox * kSmallPixel / kGrid.resolution;
  const Tensor kept = (half_spectrum_radius(kSmallBox) <= largest).to(at::kFloat);
  observed.weighted_data = observed.weighted_data * kept.unsqueeze(2);
  observed.weighted_power = observed.weighted_power * kept;
  const int64_t images = batch.size(), rotations = int64_t(search.rotations().size()), shifts = search.shift_count();
  std::vector<int64_t> conformation, image;
  std::vector<float> rotation, shift;
  for (int64_t i = 0; i < images; ++i) {
    for (int64_t c = 0; c < conformations.size(0); ++c) {
      for (const Mat3& r : search.rotations()) {
        for (int64_t s = 0; s < shifts; ++s) {
          conformation.push_back(c);
          image.push_back(i);
          for (const double v : r.values) rotation.push_back(float(v));
          shift.push_back(search.shifts()[2 * s]);
          shift.push_back(search.shifts()[2 * s + 1]);
        }
      }
    }
  }
  const auto views = int64_t(image.size());
  return model.log_likelihood(conformations, tensor_from(rotation, {views, 3, 3}), tensor_from(shift, {views, 2}),
                              {tensor_from(conformation), tensor_from(image)}, observed)
      .log_likelihood.reshape({images, conformations.size(0), rotations, shifts});
}

TEST(PoseSearch, ScoresEveryPoseAsTheLikelihoodDoes) {
  for (const double scale : {8.0, -8.0}) {
    const ImageModel model = small_model(scale);
    const Tensor conformations = small_molecule(2);
    const ParticleBatch batch = small_particles(4, scale);
    const PoseSearch search(model, conformations, kSmallPixel, kGrid);
    const Tensor found = search.all_scores(batch), expected = brute_force(model, search, conformations, batch);
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_GT(expected.abs().max().item<float>(), 20);
    EXPECT_LT((found - expected).abs().max().item<float>(), 2e-3 * expected.abs().max().item<float>());
  }
}

TEST(PoseSearch, ReturnsTheHighestPeaks) {
  const ImageModel model = small_model(8);
  const Tensor conformations = small_molecule(2);
  const ParticleBatch batch = small_particles(21, 8);  // more than one block of images
  const PoseSearch search(model, conformations, kSmallPixel, kGrid);
  const Tensor scores = search.all_scores(batch);
  const auto found = search.search(batch, 3);
  ASSERT_EQ(found.size(), 21u);
  for (int64_t i = 0; i < batch.size(); ++i) {
    ASSERT_EQ(found[i].size(), 3u);
    const PoseCandidate& best = found[i][0];
    EXPECT_NEAR(best.log_likelihood, scores[i].max().item<double>(), 1e-3);
    // It is the score of the pose and conformation that it names.
    const int64_t place = scores[i].argmax().item<int64_t>(), shifts = search.shift_count();
    const int64_t rotations = int64_t(search.rotations().size());
    EXPECT_EQ(best.conformation, place / (shifts * rotations));
    EXPECT_EQ(rotation_distance(best.pose.rotation, search.rotations()[place / shifts % rotations]), 0);
    EXPECT_EQ(best.pose.shift_x, search.shifts()[2 * (place % shifts)]);
    EXPECT_EQ(best.pose.shift_y, search.shifts()[2 * (place % shifts) + 1]);
    for (size_t k = 1; k < 3; ++k) {
      EXPECT_LE(found[i][k].log_likelihood, found[i][k - 1].log_likelihood);
      for (size_t j = 0; j < k; ++j) {
        EXPECT_GE(rotation_distance(found[i][k].pose.rotation, found[i][j].pose.rotation), radians(1.5 * 45));
      }
    }
  }
}

TEST(PoseSearch, RefusesImagesOfAnotherPixelSize) {
  const PoseSearch search(small_model(), small_molecule(), kSmallPixel, kGrid);
  ParticleBatch batch = small_particles(2, 1);
  batch.optics[1].optics.pixel_size = 2.5;
  const std::string message = error_of([&] { search.search(batch, 1); });
  EXPECT_NE(message.find("pixel size of 2.5 A, but the templates have 2 A"), std::string::npos) << message;
}

TEST(PoseSearch, RefusesAResolutionThatLeavesNothing) {
  const std::string message = error_of([&] { PoseSearch(small_model(), small_molecule(), kSmallPixel, {45, 100, 4, 4}); });
  EXPECT_NE(message.find("resolution of 100 A leaves no Fourier coefficients of a box of 64 A"), std::string::npos) << message;
}

}  // namespace
}  // namespace cryomer
