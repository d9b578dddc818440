#include "cryomer/base/text.h"

#include <cmath>

#include "testing.h"

namespace cryomer {

TEST(ParseDouble, ReadsWhatFortranAndPythonPrint) {
  EXPECT_EQ(parse_double(" 12.5 "), 12.5);
  EXPECT_EQ(parse_double("+1.0e+03"), 1000.0);
  EXPECT_EQ(parse_double("1e-320").has_value(), true);
  EXPECT_TRUE(std::isnan(*parse_double("nan")));
}

TEST(ParseDouble, RefusesAnythingElse) {
  for (const char* text : {"", " ", "1.2.3", "12abc", "abc", "1e999", "--1"}) {
    EXPECT_FALSE(parse_double(text).has_value()) << text;
  }
}

TEST(ParseInt, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_int(" 42 "), 42);
  EXPECT_FALSE(parse_int("4.2").has_value());
  EXPECT_FALSE(parse_int("99999999999999999999").has_value());
}

TEST(ParseDuration, AddsUnits) {
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("1h30m"), 5400);
  EXPECT_EQ(parse_duration("1.5m"), 90);
  EXPECT_FALSE(parse_duration("10x").has_value());
  EXPECT_FALSE(parse_duration("").has_value());
  EXPECT_FALSE(parse_duration("m").has_value());
}

TEST(DurationText, IsReadable) {
  EXPECT_EQ(duration_text(5.25), "5.2s");
  EXPECT_EQ(duration_text(61), "1m01s");
  EXPECT_EQ(duration_text(5025), "1h23m45s");
}

TEST(NearestName, FindsATypingError) {
  const std::vector<std::string> names = {"batch_size", "learning_rate", "latent_dim"};
  EXPECT_EQ(nearest_name("batchsize", names), "batch_size");
  EXPECT_EQ(nearest_name("lerning_rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("quite_different", names), "");
}

}  // namespace cryomer
