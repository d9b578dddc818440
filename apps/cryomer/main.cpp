#include <algorithm>
#include <cstdio>
#include <new>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "command.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {
namespace {

// What a flag takes, by the name CLI11 has for its type.
std::string expected_by(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (starts_with(type, "INT") || starts_with(type, "UINT")) return "a whole number";
  return starts_with(type, "FLOAT") ? "a number" : "another value";
}

// The flag with its value, when it is why the command line was refused.
std::string explain_value(const CLI::App& command, const CLI::ParseError& problem) {
  const std::string message = problem.what();
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    if (dynamic_cast<const CLI::ConversionError*>(&problem) && message.find(" " + name + " ") != std::string::npos) {
      return formatted("{} {}: expected {}.", name, join(option->results(), " "), expected_by(*option));
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&problem) && starts_with(message, name + ":")) {
      const bool several = option->results().size() > 1;
      return several ? formatted("{} is given {} times, expected once.", name, option->results().size())
                     : formatted("{}: a value is missing ({}).", name, option->get_description());
    }
  }
  return message + ".";
}

// "The following argument was not expected: --foo" with the nearest flag of the sub-command that was meant.
std::string explain(const CLI::App& program, const CLI::ParseError& problem, int count, char** arguments) {
  const CLI::App* command = &program;
  if (count > 1) {
    for (const CLI::App* candidate : program.get_subcommands({})) {
      if (candidate->get_name() == arguments[1]) command = candidate;
    }
  }
  std::string message = explain_value(*command, problem);
  std::vector<std::string> names;
  if (command == &program) {
    for (const CLI::App* candidate : program.get_subcommands({})) names.push_back(candidate->get_name());
  }
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (int i = 1; i < count; ++i) {
    const std::string given = split(arguments[i], '=').front();
    // An unknown option is the likely cause of whatever else is wrong, such as a required one that is missing.
    const bool unknown_flag = starts_with(given, "--") && given.size() > 2;
    const bool unknown_command = i == 1 && command == &program && !starts_with(given, "-");
    const bool known = std::find(names.begin(), names.end(), given) != names.end();
    if ((unknown_flag || unknown_command) && !known) {
      message = formatted("{} '{}' is not known.{}", unknown_flag ? "option" : "sub-command", given, did_you_mean(given, names));
      if (unknown_command) break;  // its options are unknown, too
    }
  }
  const std::string who = command == &program ? "cryomer" : "cryomer " + command->get_name();
  return message + " See " + who + " --help.";
}

int run(int count, char** arguments) {
  CLI::App program("Cryomer: the distribution of atomic conformations in cryo-EM particle images", "cryomer");
  program.require_subcommand(1);
  program.set_version_flag("--version", std::string("cryomer ") + CRYOMER_VERSION);
  program.get_formatter()->column_width(34);
  add_simulate(program);
  add_train(program);
  add_sample(program);
  add_infer(program);
  add_interpolate(program);
  add_analyze(program);
  add_map(program);
  add_place(program);
  add_project(program);
  add_evaluate(program);
  add_report(program);
  add_doctor(program);
  for (int i = 0; i < count; ++i) command_line += (i ? " " : "") + std::string(i ? arguments[i] : "cryomer");
  try {
    program.parse(count, arguments);
  } catch (const CLI::Success& information) {
    return program.exit(information);  // --help, --version
  } catch (const CLI::ParseError& problem) {
    std::fprintf(stderr, "error: %s\n", explain(program, problem, count, arguments).c_str());
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace cryomer

// A training step allocates and frees the same hundred megabytes over and over. Left alone, the C library hands them back to
// the system each time, and a third of the time goes into fetching them again.
static void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

int main(int count, char** arguments) {
  using namespace cryomer;
  keep_freed_memory();
  catch_stop_signals();
  try {
    return run(count, arguments);
  } catch (const UsageError& problem) {
    log_message(LogLevel::error, problem.what());
    return 2;
  } catch (const Interrupted& stop) {
    log_message(LogLevel::warning, stop.what());
    return 1;
  } catch (const std::bad_alloc&) {
    log_message(LogLevel::error, "out of memory");
    return 1;
  } catch (const std::exception& problem) {
    log_message(LogLevel::error, message_of(problem));
    return 1;
  }
}
