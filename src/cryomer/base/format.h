// Text formatting with fmt's syntax. Only fmt's light core is seen by callers; the rest is compiled once.
#pragma once

#include <fmt/core.h>

#include <string>

namespace cryomer {

namespace detail {
std::string format_erased(fmt::string_view pattern, fmt::format_args arguments);
}

template <class... Args>
std::string formatted(fmt::format_string<Args...> pattern, Args&&... arguments) {
  return detail::format_erased(pattern, fmt::make_format_args(arguments...));
}

}  // namespace cryomer
