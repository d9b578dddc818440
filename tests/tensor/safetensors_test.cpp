#include "cryomer/tensor/safetensors.h"

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

NamedTensors example() {
  NamedTensors content;
  content.tensors["weights"] = at::arange(6, at::kFloat).reshape({2, 3});
  content.tensors["step"] = at::full({}, 12, at::kLong);
  content.tensors["empty"] = at::empty({0, 4});
  content.metadata["config"] = "{\"a\": 1}";
  return content;
}

TEST(Safetensors, SurviveTheRoundTrip) {
  const std::string path = testing::scratch_folder() + "/a.safetensors";
  write_safetensors(path, example());
  const NamedTensors read = read_safetensors(path);
  EXPECT_EQ(read.metadata.at("config"), "{\"a\": 1}");
  ASSERT_EQ(read.tensors.size(), 3u);
  EXPECT_TRUE(at::equal(read.tensors.at("weights"), example().tensors.at("weights")));
  EXPECT_EQ(read.tensors.at("step").item<int64_t>(), 12);
  EXPECT_EQ(read.tensors.at("empty").sizes(), at::IntArrayRef({0, 4}));
}

TEST(Safetensors, RefuseATruncatedFile) {
  const std::string path = testing::scratch_folder() + "/a.safetensors";
  write_safetensors(path, example());
  const std::string whole = read_file(path);
  write_file_atomically(path, whole.substr(0, whole.size() - 3));
  EXPECT_NE(testing::error_of([&] { read_safetensors(path); }).find("does not fit into the file"), std::string::npos);
}

// Any damage is either read (a changed number) or refused with an Error.
TEST(Safetensors, SurviveMutation) {
  const std::string path = testing::scratch_folder() + "/a.safetensors";
  write_safetensors(path, example());
  const std::string whole = read_file(path);
  Random random(51);
  for (int trial = 0; trial < 500; ++trial) {
    std::string damaged = whole;
    for (int k = 0; k < 3; ++k) damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    write_file_atomically(path, damaged);
    try {
      read_safetensors(path);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace cryomer
