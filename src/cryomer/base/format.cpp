#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <string>

// After fmt's own headers: FMT_HEADER_ONLY must be seen first.
#include "cryomer/base/format.h"

namespace cryomer::detail {

std::string format_erased(fmt::string_view pattern, fmt::format_args arguments) {
  return fmt::vformat(pattern, arguments);
}

}  // namespace cryomer::detail
