#include "cryomer/io/weights.h"

#include "fuzz.h"
#include "io/io_testing.h"

namespace cryomer {
namespace {

using testing::error_of;
using testing::written;

TEST(Weights, AreReadOneALine) {
  const std::string path = written("w.txt", "# of the states\n1\n\n 2.5 \r\n0\n");
  EXPECT_EQ(read_weights(path, 3, "states.dcd"), (std::vector<double>{1, 2.5, 0}));
}

TEST(Weights, ThatMakeNoSenseAreRefused) {
  const auto message = [](const std::string& text) {
    const std::string path = written("w.txt", text);
    std::string said = error_of([&] { read_weights(path, 2, "states.dcd"); });
    EXPECT_EQ(said.compare(0, path.size(), path), 0) << said;
    return said.substr(path.size());
  };
  EXPECT_EQ(message("1\n2\n3\n"),
            " has 3 weights for the 2 states of states.dcd, expected one weight for each state, one a line");
  EXPECT_EQ(message(""), " has 0 weights for the 2 states of states.dcd, expected one weight for each state, one a line");
  EXPECT_EQ(message("1\n-2\n"), ", line 2: a weight is -2, expected a finite number, zero or more");
  EXPECT_EQ(message("1\nnan\n"), ", line 2: a weight is nan, expected a finite number, zero or more");
  EXPECT_EQ(message("1\none\n"), ", line 2: 'one' is not a number; expected one weight a line");
  EXPECT_EQ(message("0\n0\n"), ": the weights sum to 0, expected a positive sum");
}

TEST(Weights, SurvivesDamagedFiles) {
  testing::fuzz("0.5\n# x\n1e-3\n2\n", "w.txt", 300, [](const std::string& path) { read_weights(path, 3, "states.dcd"); });
}

}  // namespace
}  // namespace cryomer
