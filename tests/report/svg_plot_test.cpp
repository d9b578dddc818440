#include "cryomer/report/svg_plot.h"

#include <cmath>
#include <limits>

#include "report/page_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::count_of;
using testing::markup_problem;

const double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Curves, AreWellFormedAndNamed) {
  const std::string svg = curves_svg({"epoch", "nats & <more>"}, {{"one", Tone::learned, {1, 2, 3}, {5, 6, 7}},
                                                                  {"two", Tone::truth, {1, 2, 3}, {4, 4, 4}}}, {{2, "here"}});
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_NE(svg.find(">one<"), std::string::npos);
  EXPECT_NE(svg.find(">two<"), std::string::npos);
  EXPECT_NE(svg.find(">here<"), std::string::npos);
  EXPECT_NE(svg.find("nats &amp; &lt;more&gt;"), std::string::npos);
}

TEST(Curves, BreakWhereAValueIsMissing) {
  const std::string svg = curves_svg({"x", "y"}, {{"", Tone::learned, {1, 2, 3, 4, 5}, {1, 2, kNan, 2, 1}}});
  const size_t line = svg.find("class=\"line learned\"");
  const std::string path = svg.substr(line, svg.find("/>", line) - line);
  EXPECT_EQ(count_of(path, "M"), 2u);
  EXPECT_EQ(path.find("nan"), std::string::npos);
}

TEST(Curves, SurviveNothingAtAllAndValuesThatALogarithmCannotShow) {
  EXPECT_EQ(markup_problem(curves_svg({"x", "y"}, {})), "");
  PlotFrame frame{"x", "y"};
  frame.logarithmic_y = true;
  const std::string svg = curves_svg(frame, {{"", Tone::learned, {1, 2, 3}, {0, -1, 10}}});
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Histogram, OfOneValueHasOneFullBar) {
  const std::string svg = histogram_svg({"A", "density"}, {{"", Tone::learned, {3, 3, 3}, {}}});
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Histogram, ShowsWeightsOfTheTruth) {
  const std::string equal = histogram_svg({"A", "density"}, {{"", Tone::truth, {1, 2}, {}}});
  const std::string weighted = histogram_svg({"A", "density"}, {{"", Tone::truth, {1, 2}, {9, 1}}});
  EXPECT_NE(equal, weighted);
  EXPECT_EQ(equal, histogram_svg({"A", "density"}, {{"", Tone::truth, {1, 2}, {0.5, 0.5}}}));
}

TEST(Scatter, DrawsEveryFinitePointOnce) {
  Cloud cloud;
  for (int i = 0; i < 100; ++i) {
    cloud.x.push_back(i);
    cloud.y.push_back(i == 50 ? kNan : 2.0 * i);
    cloud.color.push_back(i % 7);
  }
  const std::string svg = scatter_svg({"x", "y"}, cloud);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(count_of(svg, "h0"), 99u);
}

TEST(Gauge, StaysInsideWhenTheValueIsBetterThanBest) {
  const std::string svg = gauge_svg(0.4, 0.5, 2.0);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_NE(svg.find("cx=\"6.0\""), std::string::npos);
}

}  // namespace
}  // namespace cryomer
