#include "cryomer/report/valley.h"

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

std::vector<double> mixture(double share, double apart, int count) {
  Random random(8);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(20 + (i < share * count ? 0 : apart) + random.normal());
  return values;
}

TEST(Valley, LiesBetweenTwoPeaks) {
  const auto found = valley_of(mixture(0.4, 8, 2000));
  ASSERT_TRUE(found.has_value());
  EXPECT_GT(*found, 22.5);
  EXPECT_LT(*found, 25.5);
}

TEST(Valley, IsNotFoundInOnePeak) {
  EXPECT_FALSE(valley_of(mixture(0.5, 0, 2000)).has_value());
  EXPECT_FALSE(valley_of(mixture(0.5, 1.5, 2000)).has_value());  // a shoulder
}

TEST(Valley, DoesNotPartAFewStragglers) { EXPECT_FALSE(valley_of(mixture(0.97, 12, 2000)).has_value()); }

TEST(Valley, IsNotSoughtInTooFewOrEqualValues) {
  EXPECT_FALSE(valley_of({1, 9}).has_value());
  EXPECT_FALSE(valley_of(std::vector<double>(500, 3.0)).has_value());
}

}  // namespace
}  // namespace cryomer
