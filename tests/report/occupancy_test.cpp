#include "cryomer/report/occupancy.h"

#include "report/page_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(OccupancyBars, ShowEverySeriesOfEveryStateThatIsVisited) {
  const Occupancies occupancies{"", {"near < 3", "never", "far"}, {{"truth", Tone::truth, {0.25, 0, 0.75}}, {"learned", Tone::learned, {0.333, 0, 0.667}}}};
  const std::string svg = occupancy_svg(occupancies, 600);
  EXPECT_EQ(testing::markup_problem(svg), "");
  for (const char* text : {"near &lt; 3", ">far<", ">25.0 %<", ">75.0 %<", ">33.3 %<", ">66.7 %<", ">truth<", ">learned<"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
  EXPECT_EQ(svg.find("never"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
