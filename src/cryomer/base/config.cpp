#include "cryomer/base/config.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace {

using Json = nlohmann::ordered_json;

// Keeps track of the dotted path of the field being visited.
class PathVisitor : public ConfigVisitor {
 protected:
  void begin_group(const char* name) override { groups_.push_back(name); }
  void end_group() override { groups_.pop_back(); }
  std::string path(const char* name) const {
    return groups_.empty() ? std::string(name) : join(groups_, ".") + "." + name;
  }
  std::vector<std::string> groups_;
};

class JsonWriter final : public PathVisitor {
 public:
  Json result = Json::object();
  void field(const char* name, bool& value, const char*) override { here()[name] = value; }
  void field(const char* name, int64_t& value, const char*) override { here()[name] = value; }
  void field(const char* name, double& value, const char*) override { here()[name] = value; }
  void field(const char* name, std::string& value, const char*) override { here()[name] = value; }
  void field(const char* name, std::vector<int64_t>& value, const char*) override { here()[name] = value; }

 private:
  Json& here() {
    Json* node = &result;
    for (const std::string& group : groups_) node = &(*node)[group];
    return *node;
  }
};

// Text that is not UTF-8, such as a path in an old encoding, must not end in an exception of its own.
std::string as_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void flatten(const Json& node, const std::string& prefix, std::map<std::string, Json>& values) {
  for (const auto& [key, value] : node.items()) {
    const std::string path = prefix.empty() ? key : prefix + "." + key;
    if (value.is_object()) {
      flatten(value, path, values);
    } else {
      values[path] = value;
    }
  }
}

class Assigner final : public PathVisitor {
 public:
  Assigner(std::map<std::string, Json> values, std::string source)
      : values_(std::move(values)), source_(std::move(source)) {}

  void field(const char* name, bool& value, const char*) override {
    if (const Json* found = take(name)) {
      if (!found->is_boolean()) wrong_type(name, *found, "true or false");
      value = found->get<bool>();
    }
  }
  void field(const char* name, int64_t& value, const char*) override {
    if (const Json* found = take(name)) {
      if (!found->is_number_integer()) wrong_type(name, *found, "a whole number");
      value = found->get<int64_t>();
    }
  }
  void field(const char* name, double& value, const char*) override {
    if (const Json* found = take(name)) {
      if (!found->is_number()) wrong_type(name, *found, "a number");
      value = found->get<double>();
    }
  }
  void field(const char* name, std::string& value, const char*) override {
    if (const Json* found = take(name)) {
      if (!found->is_string()) wrong_type(name, *found, "text");
      value = found->get<std::string>();
    }
  }
  void field(const char* name, std::vector<int64_t>& value, const char*) override {
    if (const Json* found = take(name)) {
      const bool numbers = found->is_array() && std::all_of(found->begin(), found->end(), [](const Json& item) {
                             return item.is_number_integer();
                           });
      if (!numbers) wrong_type(name, *found, "a list of whole numbers");
      value = found->get<std::vector<int64_t>>();
    }
  }

  void fail_on_unknown_keys() const {
    if (values_.empty()) return;
    const std::string& unknown = values_.begin()->first;
    for (const std::string& key : known_) {
      if (starts_with(key, unknown + ".")) {
        fail_usage("{}: configuration key '{}' is {}, expected an object of keys such as '{}'", source_, unknown,
                   as_text(values_.begin()->second), key);
      }
      if (starts_with(unknown, key + ".")) fail_usage("{}: configuration key '{}' is an object, expected one value", source_, key);
    }
    fail_usage("{}: unknown configuration key '{}'.{} `cryomer train --help-config` and `cryomer simulate --help-presets` list all keys.", source_, unknown,
               did_you_mean(unknown, known_));
  }

 private:
  const Json* take(const char* name) {
    const std::string key = path(name);
    known_.push_back(key);
    const auto found = values_.find(key);
    if (found == values_.end()) return nullptr;
    taken_ = found->second;
    values_.erase(found);
    return &taken_;
  }
  [[noreturn]] void wrong_type(const char* name, const Json& found, const char* expected) const {
    fail_usage("{}: configuration key '{}' is {}, expected {}", source_, path(name), as_text(found), expected);
  }

  std::map<std::string, Json> values_;
  std::string source_;
  std::vector<std::string> known_;
  Json taken_;
};

class HelpWriter final : public PathVisitor {
 public:
  std::string text;
  void field(const char* name, bool& value, const char* meaning) override { line(name, value ? "true" : "false", meaning); }
  void field(const char* name, int64_t& value, const char* meaning) override { line(name, formatted("{}", value), meaning); }
  void field(const char* name, double& value, const char* meaning) override { line(name, formatted("{}", value), meaning); }
  void field(const char* name, std::string& value, const char* meaning) override { line(name, formatted("\"{}\"", value), meaning); }
  void field(const char* name, std::vector<int64_t>& value, const char* meaning) override { line(name, Json(value).dump(), meaning); }

 private:
  void line(const char* name, const std::string& value, const char* meaning) {
    text += formatted("  {:<34} {:<18} {}\n", path(name), value, meaning);
  }
};

void assign(Config& config, const Json& json, const std::string& source) {
  std::map<std::string, Json> values;
  flatten(json, "", values);
  Assigner assigner(std::move(values), source);
  config.visit(assigner);
  assigner.fail_on_unknown_keys();
}

}  // namespace

std::vector<ConfigChange> config_changes(const Config& before, const Config& after) {
  std::map<std::string, Json> old_values, new_values;
  flatten(Json::parse(config_to_json(before)), "", old_values);
  flatten(Json::parse(config_to_json(after)), "", new_values);
  std::vector<ConfigChange> changes;
  for (const auto& [key, value] : new_values) {
    if (old_values[key] != value) changes.push_back({key, as_text(old_values[key]), as_text(value)});
  }
  return changes;
}

std::string config_to_json(const Config& config) {
  JsonWriter writer;
  const_cast<Config&>(config).visit(writer);  // the writer only reads
  return as_text(writer.result, 2) + "\n";
}

void config_from_json(Config& config, const std::string& json, const std::string& source) {
  Json parsed;
  try {
    parsed = Json::parse(json, nullptr, true, /*ignore_comments=*/true);
  } catch (const Json::parse_error& problem) {
    const std::string said = problem.what();  // "[code] parse error at line ..."
    fail_usage("{}: not valid JSON: {}", source, said.substr(said.find("] ") == std::string::npos ? 0 : said.find("] ") + 2));
  }
  if (!parsed.is_object()) fail_usage("{}: expected a JSON object of configuration keys", source);
  assign(config, parsed, source);
}

void config_set(Config& config, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos) fail_usage("--set {}: expected key=value", assignment);
  const std::string key = assignment.substr(0, equals);
  const std::string text = assignment.substr(equals + 1);
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) value = text;
  Json nested = value;
  const std::vector<std::string> parts = split(key, '.');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) nested = Json{{*part, nested}};
  assign(config, nested, "--set " + assignment);
}

std::string config_help(const Config& config) {
  HelpWriter writer;
  const_cast<Config&>(config).visit(writer);  // the writer only reads
  return writer.text;
}

}  // namespace cryomer
