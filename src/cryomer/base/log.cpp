#define FMT_HEADER_ONLY
#define SPDLOG_HEADER_ONLY
#define SPDLOG_FMT_EXTERNAL
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"

namespace cryomer {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: break;
  }
  return spdlog::level::err;
}

// On the terminal only what is wrong says what it is.
class Prefix final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view prefix = message.level == spdlog::level::warn ? "warning: " : message.level == spdlog::level::err ? "error: " : "";
    out.append(prefix.data(), prefix.data() + prefix.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Prefix>(); }
};

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<Prefix>('q').set_pattern("%^%q%v%$");
    sink->set_formatter(std::move(formatter));
    auto created = std::make_shared<spdlog::logger>("cryomer", sink);
    created->set_level(spdlog::level::info);
    return created;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  logger().sinks().front()->set_level(spdlog_level(level));
  logger().set_level(std::min(spdlog_level(level), spdlog::level::info));
}

void set_log_file(const std::string& path) {
  auto& sinks = logger().sinks();
  sinks.resize(1);
  if (path.empty()) return;
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_pattern("%Y-%m-%d %H:%M:%S %l: %v");
    sinks.push_back(sink);
    logger().flush_on(spdlog::level::info);
  } catch (const spdlog::spdlog_ex& problem) {
    fail("cannot write the log file {}: {}", path, problem.what());
  }
}

void log_message(LogLevel level, const std::string& message) {
  if (stderr_is_terminal()) show_status_line("");  // a message must not be glued to a progress line
  logger().log(spdlog_level(level), "{}", message);
}

}  // namespace cryomer
