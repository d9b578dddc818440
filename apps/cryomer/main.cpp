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

namespace cryomer {
namespace {

// "The following argument was not expected: --foo" with the nearest flag of the sub-command that was meant.
std::string explain(const CLI::App& program, const CLI::ParseError& problem, int count, char** arguments) {
  std::string message = problem.what();
  const CLI::App* command = &program;
  if (count > 1) {
    for (const CLI::App* candidate : program.get_subcommands({})) {
      if (candidate->get_name() == arguments[1]) command = candidate;
    }
  }
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
    log_message(LogLevel::error, problem.what());
    return 1;
  }
}
