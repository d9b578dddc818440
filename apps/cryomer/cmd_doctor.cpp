#include <sys/utsname.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "command.h"
#include "cryomer/base/text.h"
#include "cryomer/kernels/cpu.h"
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/report/page_script.h"
#include "cryomer/tensor/device.h"

#include <torch/version.h>

namespace cryomer {

namespace {

void doctor(const CommonOptions& common) {
  common.apply();
  utsname system{};
  ::uname(&system);
  std::string sets;
  for (const InstructionSet set : supported_instruction_sets()) sets += std::string(sets.empty() ? "" : ", ") + name_of(set);
  const char* blas = std::getenv("OPENBLAS_CORETYPE");
  std::printf("cryomer %s\n", CRYOMER_VERSION);
  std::printf("system             %s %s, %s\n", system.sysname, system.release, system.machine);
  std::printf("cores              %u, of which %d are used\n", std::thread::hardware_concurrency(), thread_count());
  std::printf("instruction sets   %s; kernels use %s\n", sets.c_str(), name_of(active_instruction_set()));
  std::printf("libtorch           %d.%d.%d\n", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, TORCH_VERSION_PATCH);
  std::printf("OPENBLAS_CORETYPE  %s\n", blas ? blas : "not set");
  std::printf("report             %s\n", page_script().empty() ? "pictures only; built without npm" : "interactive");
  std::printf("GPU                %s\n", has_cuda() ? cuda::device_name().c_str() : ("none: " + missing_for_cuda()).c_str());
}

}  // namespace

void add_doctor(CLI::App& program) {
  CLI::App* command = program.add_subcommand("doctor", "What this machine and build can do, to paste into a report of a problem");
  auto common = std::make_shared<CommonOptions>();
  common->add(*command, false);
  command->callback([common] { doctor(*common); });
}

}  // namespace cryomer
