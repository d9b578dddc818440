// One way to fail: fail("what is wrong, where, what was expected, what to do"). main() prints "error: ..." and returns
// 1, or 2 when the command line itself was wrong.
#pragma once

#include <stdexcept>
#include <string>

#include "cryomer/base/format.h"

namespace cryomer {

class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The command line or configuration was wrong, before any work was done.
class UsageError : public Error {
  using Error::Error;
};

// The user asked to stop (Ctrl-C); what was done so far is saved.
class Interrupted : public Error {
  using Error::Error;
};

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> pattern, Args&&... arguments) {
  throw Error(formatted(pattern, std::forward<Args>(arguments)...));
}

template <class... Args>
[[noreturn]] void fail_usage(fmt::format_string<Args...> pattern, Args&&... arguments) {
  throw UsageError(formatted(pattern, std::forward<Args>(arguments)...));
}

}  // namespace cryomer
