// Typed configuration. A struct lists its fields once, in visit(); reading JSON, writing JSON, key=value overrides and
// the error with the nearest name for an unknown key all follow from that list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cryomer {

class ConfigVisitor {
 public:
  virtual ~ConfigVisitor() = default;
  virtual void field(const char* name, bool& value, const char* meaning) = 0;
  virtual void field(const char* name, int64_t& value, const char* meaning) = 0;
  virtual void field(const char* name, double& value, const char* meaning) = 0;
  virtual void field(const char* name, std::string& value, const char* meaning) = 0;
  virtual void field(const char* name, std::vector<int64_t>& value, const char* meaning) = 0;

  template <class Group>
  void group(const char* name, Group& value) {
    begin_group(name);
    value.visit(*this);
    end_group();
  }

 protected:
  virtual void begin_group(const char* name) = 0;
  virtual void end_group() = 0;
};

class Config {
 public:
  virtual ~Config() = default;
  virtual void visit(ConfigVisitor& visitor) = 0;
};

std::string config_to_json(const Config& config);
// `source` names the file in errors. Keys that are absent keep their value; unknown keys and wrong types fail.
void config_from_json(Config& config, const std::string& json, const std::string& source);
// "training.batch_size=128"
void config_set(Config& config, const std::string& assignment);
struct ConfigChange {
  std::string key, before, after;  // dotted; values as JSON
};
// Of two configurations of the same type.
std::vector<ConfigChange> config_changes(const Config& before, const Config& after);
// One line per field: dotted key, default, meaning.
std::string config_help(const Config& config);

}  // namespace cryomer
