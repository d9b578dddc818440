#include "cryomer/evaluation/pair_distance.h"

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(PairDistance, IsReadFromTwoLabels) {
  const Structure structure = testing::polyalanine(4);
  const PairDistance pair = parse_pair_distance(structure, "A/1/CA:A/3/CB");
  EXPECT_EQ(pair.name, "A/1/CA:A/3/CB");
  EXPECT_EQ(pair.first, 1);
  EXPECT_EQ(pair.second, 14);
}

TEST(PairDistance, SaysWhatItExpects) {
  const Structure structure = testing::polyalanine(4);
  const auto message = [&](const char* text) {
    return testing::error_of([&] { parse_pair_distance(structure, text); });
  };
  EXPECT_NE(message("A/1/CA").find("names 1 atom, expected two"), std::string::npos);
  EXPECT_NE(message("A/1/CA:A/2/CA:A/3/CA").find("names 3 atoms"), std::string::npos);
  EXPECT_NE(message("A/1/CA:A/1/CA").find("the same atom twice"), std::string::npos);
  EXPECT_NE(message("A/1/CA:A/9/CA").find("A/9/CA"), std::string::npos);
  message("");
  message(":");
}

TEST(PairDistance, IsMeasuredInEveryConformation) {
  PairDistance pair;
  pair.first = 0;
  pair.second = 2;
  const Ensemble ensemble{3, {0, 0, 0, 9, 9, 9, 3, 4, 0, 1, 1, 1, 9, 9, 9, 1, 1, 3}};
  EXPECT_EQ(distances_of(pair, ensemble), (std::vector<double>{5, 2}));
}

}  // namespace
}  // namespace cryomer
