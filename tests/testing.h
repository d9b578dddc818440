// What every test may need: fixtures, the optional shared data, scratch folders, and "this must fail with that text".
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace cryomer::testing {

// A file of tests/fixtures.
std::string fixture(const std::string& name);

// Real data beside the checkout; empty when this machine does not have it.
std::string shared_data(const std::string& name);

// A fresh folder, removed at the end of the program.
std::string scratch_folder();

// Runs `action`, expects an Error and returns its message.
std::string error_of(const std::function<void()>& action);

}  // namespace cryomer::testing

// A message has a part like this.
#define EXPECT_SAYS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

// Skips visibly when there is no GPU to run on, or the build has no kernels for it; wants cryomer/tensor/device.h.
#define CRYOMER_NEEDS_GPU() \
  if (!cryomer::has_cuda()) GTEST_SKIP() << "needs a GPU and a build with CUDA"

// Skips visibly when the shared data is not on this machine.
#define CRYOMER_NEEDS_SHARED_DATA(name) \
  if (cryomer::testing::shared_data(name).empty()) GTEST_SKIP() << "needs shared data: " << (name)
