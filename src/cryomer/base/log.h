// Messages for people: to the terminal (stderr) and, once a run folder exists, to its log.txt with time stamps.
#pragma once

#include <string>

#include "cryomer/base/format.h"

namespace cryomer {

enum class LogLevel { debug, info, warning, error };

// Of the terminal.
void set_log_level(LogLevel level);
// Everything at `info` and above also goes to this file, appended; an empty path ends it.
void set_log_file(const std::string& path);
void log_message(LogLevel level, const std::string& message);

template <class... Args>
void log_debug(fmt::format_string<Args...> pattern, Args&&... arguments) {
  log_message(LogLevel::debug, formatted(pattern, std::forward<Args>(arguments)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> pattern, Args&&... arguments) {
  log_message(LogLevel::info, formatted(pattern, std::forward<Args>(arguments)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> pattern, Args&&... arguments) {
  log_message(LogLevel::warning, formatted(pattern, std::forward<Args>(arguments)...));
}

}  // namespace cryomer
