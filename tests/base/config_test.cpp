#include "cryomer/base/config.h"

#include "cryomer/base/atomic_file.h"
#include "fuzz.h"
#include "testing.h"

namespace cryomer {
namespace {

struct Optimiser {
  double learning_rate = 3e-4;
  void visit(ConfigVisitor& v) { v.field("learning_rate", learning_rate, "Adam step size"); }
};

struct Example final : Config {
  int64_t batch_size = 256;
  std::string encoder = "canonical";
  bool verbose = false;
  std::vector<int64_t> widths = {512, 256};
  Optimiser optimiser;
  void visit(ConfigVisitor& v) override {
    v.field("batch_size", batch_size, "images per step");
    v.field("encoder", encoder, "image or canonical");
    v.field("verbose", verbose, "say more");
    v.field("widths", widths, "layer widths");
    v.group("optimiser", optimiser);
  }
};

TEST(Config, SurvivesTheRoundTripThroughJson) {
  Example written;
  written.batch_size = 31;
  written.widths = {7, 8, 9};
  written.optimiser.learning_rate = 0.125;
  Example read;
  config_from_json(read, config_to_json(written), "test");
  EXPECT_EQ(read.batch_size, 31);
  EXPECT_EQ(read.widths, (std::vector<int64_t>{7, 8, 9}));
  EXPECT_EQ(read.optimiser.learning_rate, 0.125);
}

TEST(Config, NamesTheNearestKeyOfAnUnknownOne) {
  Example config;
  const std::string message = testing::error_of(
      [&] { config_from_json(config, R"({"optimiser": {"lerning_rate": 1e-3}})", "my.json"); });
  EXPECT_NE(message.find("my.json"), std::string::npos) << message;
  EXPECT_NE(message.find("optimiser.lerning_rate"), std::string::npos) << message;
  EXPECT_NE(message.find("Did you mean 'optimiser.learning_rate'?"), std::string::npos) << message;
}

TEST(Config, RefusesAWrongTypeAndBrokenJson) {
  Example config;
  EXPECT_NE(testing::error_of([&] { config_from_json(config, R"({"batch_size": 2.5})", "f"); })
                .find("'batch_size' is 2.5, expected a whole number"),
            std::string::npos);
  EXPECT_NE(testing::error_of([&] { config_from_json(config, "{", "f"); }).find("not valid JSON"), std::string::npos);
}

TEST(Config, TakesSingleAssignments) {
  Example config;
  config_set(config, "optimiser.learning_rate=0.5");
  config_set(config, "encoder=image");
  config_set(config, "widths=[1,2]");
  EXPECT_EQ(config.optimiser.learning_rate, 0.5);
  EXPECT_EQ(config.encoder, "image");
  EXPECT_EQ(config.widths.size(), 2u);
  testing::error_of([&] { config_set(config, "encoder"); });
}

TEST(Config, SaysWhenAGroupAndAValueAreMistakenForEachOther) {
  Example config;
  EXPECT_EQ(testing::error_of([&] { config_from_json(config, R"({"optimiser": 3})", "f"); }),
            "f: configuration key 'optimiser' is 3, expected an object of keys such as 'optimiser.learning_rate'");
  EXPECT_EQ(testing::error_of([&] { config_from_json(config, R"({"encoder": {"kind": "image"}})", "f"); }),
            "f: configuration key 'encoder' is an object, expected one value");
}

TEST(Config, SaysWhatChanged) {
  Example before, after;
  EXPECT_TRUE(config_changes(before, after).empty());
  config_set(after, "optimiser.learning_rate=0.5");
  config_set(after, "encoder=image");
  const std::vector<ConfigChange> changes = config_changes(before, after);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].key, "encoder");
  EXPECT_EQ(changes[1].key, "optimiser.learning_rate");
  EXPECT_EQ(changes[1].after, "0.5");
  EXPECT_NE(changes[1].before, "0.5");
}

TEST(Config, WritesTextThatIsNotUtf8) {
  Example config;
  config.encoder = "caf\xe9";
  EXPECT_NE(config_to_json(config).find("caf\uFFFD"), std::string::npos);
}

TEST(Config, SurvivesDamagedFiles) {
  testing::fuzz(config_to_json(Example()), "config.json", 500, [](const std::string& path) {
    Example config;
    config_from_json(config, read_file(path), path);
    config_help(config);
  });
}

}  // namespace
}  // namespace cryomer
