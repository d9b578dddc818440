#include "cryomer/report/axis.h"

#include "testing.h"

namespace cryomer {
namespace {

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks()) labels.push_back(tick.label);
  return labels;
}

TEST(Axis, PutsTicksAtRoundNumbers) {
  EXPECT_EQ(labels(Axis::linear(0, 10)), (std::vector<std::string>{"0", "2", "4", "6", "8", "10"}));
  EXPECT_EQ(labels(Axis::linear(-0.3, 0.3)), (std::vector<std::string>{"\u22120.2", "0.0", "0.2"}));
  EXPECT_EQ(labels(Axis::linear(0.013, 0.049)), (std::vector<std::string>{"0.02", "0.03", "0.04"}));
}

TEST(Axis, RoundsItsEndsOutward) {
  const Axis axis = Axis::linear(23.2, 38.7).rounded();
  EXPECT_DOUBLE_EQ(axis.least(), 20);
  EXPECT_DOUBLE_EQ(axis.most(), 40);
}

TEST(Axis, MapsItsEndsToZeroAndOne) {
  for (const Axis& axis : {Axis::linear(-3, 8), Axis::logarithmic(0.01, 300)}) {
    EXPECT_DOUBLE_EQ(axis.share(axis.least()), 0);
    EXPECT_DOUBLE_EQ(axis.share(axis.most()), 1);
  }
  EXPECT_DOUBLE_EQ(Axis::logarithmic(1, 100).share(10), 0.5);
}

TEST(Axis, WidensWhenAllValuesAreOne) {
  const Axis axis = Axis::linear(5, 5);
  EXPECT_LT(axis.least(), 5);
  EXPECT_GT(axis.most(), 5);
  EXPECT_FALSE(axis.ticks().empty());
}

TEST(Axis, OfDecadesHasOnePowerOfTenForEach) {
  EXPECT_EQ(labels(Axis::logarithmic(0.1, 1000)), (std::vector<std::string>{"0.1", "1", "10", "100", "1000"}));
}

TEST(NumberText, GroupsThousandsAndUsesATrueMinus) {
  EXPECT_EQ(number_text(1234567, 0), "1\u2009234\u2009567");
  EXPECT_EQ(number_text(1234, 0), "1234");
  EXPECT_EQ(number_text(-12.345, 2), "\u221212.35");
  EXPECT_EQ(number_text(-0.001, 2), "0.00");
}

}  // namespace
}  // namespace cryomer
