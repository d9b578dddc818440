#include "cryomer/report/coordinate_code.h"

#include <cmath>
#include <limits>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

// As the page's script reads it.
Ensemble decoded(const CoordinateCode& code, const std::vector<float>& reference) {
  Ensemble ensemble;
  ensemble.atom_count = int64_t(reference.size()) / 3;
  const size_t count = code.bytes.size() / 2;
  ensemble.coordinates.resize(count);
  size_t place = 0;
  for (int64_t i = 0; i < ensemble.size(); ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      int16_t sum = 0;
      for (int64_t a = 0; a < ensemble.atom_count; ++a, ++place) {
        const unsigned value = static_cast<uint8_t>(code.bytes[place]) | unsigned(static_cast<uint8_t>(code.bytes[count + place])) << 8;
        sum = static_cast<int16_t>(sum + static_cast<int16_t>((value >> 1) ^ (0u - (value & 1))));
        ensemble.conformation(i)[3 * a + axis] = float(reference[3 * a + axis] + code.step * sum);
      }
    }
  }
  return ensemble;
}

TEST(CoordinateCode, KeepsCoordinatesToHalfAStep) {
  Random random(4);
  std::vector<float> reference;
  for (int k = 0; k < 3 * 50; ++k) reference.push_back(float(40 * random.normal()));
  Ensemble ensemble;
  ensemble.atom_count = 50;
  for (int i = 0; i < 7; ++i) {
    std::vector<float> moved = reference;
    for (float& x : moved) x += float(20 * random.normal());  // neighbours far apart, so that differences wrap around
    ensemble.append(moved.data());
  }
  const CoordinateCode code = encode_coordinates(ensemble, reference);
  EXPECT_DOUBLE_EQ(code.step, 0.01);
  const Ensemble found = decoded(code, reference);
  ASSERT_EQ(found.size(), 7);
  for (size_t k = 0; k < found.coordinates.size(); ++k) EXPECT_NEAR(found.coordinates[k], ensemble.coordinates[k], 0.00501);
}

TEST(CoordinateCode, TakesLargerStepsWhereSixteenBitsDoNotReach) {
  const Ensemble far{2, {1000, 0, 0, -1000, 0, 5}};
  const std::vector<float> reference(6, 0.0f);
  const CoordinateCode code = encode_coordinates(far, reference);
  EXPECT_GT(code.step, 0.03);
  const Ensemble found = decoded(code, reference);
  for (int k = 0; k < 6; ++k) EXPECT_NEAR(found.coordinates[k], far.coordinates[k], 0.51 * code.step);
}

TEST(CoordinateCode, PutsWhatIsNotFiniteOnTheReference) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const CoordinateCode code = encode_coordinates({1, {nan, 2, 3}}, {7, 8, 9});
  EXPECT_EQ(decoded(code, {7, 8, 9}).coordinates, (std::vector<float>{7, 2, 3}));
}

TEST(CoordinateCode, RefusesAReferenceOfOtherAtoms) {
  EXPECT_NE(testing::error_of([] { encode_coordinates({2, {1, 2, 3, 4, 5, 6}}, {1, 2, 3}); }).find("3 values for 2 atoms"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
