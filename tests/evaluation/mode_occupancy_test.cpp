#include "cryomer/evaluation/mode_occupancy.h"

#include <numeric>

#include "testing.h"

namespace cryomer {
namespace {

PairDistance named(const std::string& name) {
  PairDistance pair;
  pair.name = name;
  return pair;
}

TEST(ModeOccupancy, CountsTheCellsOfThePaper) {
  const std::vector<std::vector<double>> values = {{6, 6, 7, 8, 5}, {38, 36, 40, 30, 41}};
  const std::vector<double> fractions = mode_occupancy(values, {6.5, 37}, {});
  // (<,<) (<,>) (>,<) (>,>)
  EXPECT_EQ(fractions, (std::vector<double>{0.2, 0.4, 0.2, 0.2}));
  const std::vector<double> weighted = mode_occupancy(values, {6.5, 37}, {1, 0, 0, 0, 3});
  EXPECT_EQ(weighted, (std::vector<double>{0, 1, 0, 0}));
}

TEST(ModeOccupancy, PutsAValueOnTheCutAbove) {
  EXPECT_EQ(mode_occupancy({{37, 36.999}}, {37}, {}), (std::vector<double>{0.5, 0.5}));
}

TEST(ModeLabels, NameTheCellsInTheSameOrder) {
  const std::vector<std::string> labels =
      mode_labels({named("A/288/CA:A/255/CZ"), named("A/284/CA:A/225/CA")}, {6.5, 37});
  EXPECT_EQ(labels,
            (std::vector<std::string>{
                "A/288/CA-A/255/CZ<6.5,A/284/CA-A/225/CA<37", "A/288/CA-A/255/CZ<6.5,A/284/CA-A/225/CA>37",
                "A/288/CA-A/255/CZ>6.5,A/284/CA-A/225/CA<37", "A/288/CA-A/255/CZ>6.5,A/284/CA-A/225/CA>37"}));
}

TEST(ModeLabels, NeedOneCutForEachDistance) {
  EXPECT_NE(testing::error_of([] {
              mode_labels({named("a"), named("b")}, {1});
            }).find("1 cut for 2 distances"),
            std::string::npos);
  EXPECT_NE(testing::error_of([] {
              mode_labels(std::vector<PairDistance>(11), std::vector<double>(11));
            }).find("at most 10"),
            std::string::npos);
}

}  // namespace
}  // namespace cryomer
