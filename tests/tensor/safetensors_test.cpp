#include "cryomer/tensor/safetensors.h"

#include "cryomer/base/atomic_file.h"
#include "fuzz.h"
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
TEST(Safetensors, SurvivesDamagedFiles) {
  const std::string path = testing::scratch_folder() + "/a.safetensors";
  write_safetensors(path, example());
  testing::fuzz(read_file(path), "damaged.safetensors", 500, [](const std::string& damaged) { read_safetensors(damaged); });
}

TEST(Safetensors, RefusesAShapeWhoseSizeOverflows) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})";
  const uint64_t length = header.size();
  const std::string path = testing::scratch_folder() + "/a.safetensors";
  write_file_atomically(path, std::string(reinterpret_cast<const char*>(&length), 8) + header);
  EXPECT_NE(testing::error_of([&] { read_safetensors(path); }).find("absurd shape"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
