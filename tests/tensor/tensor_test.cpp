#include "cryomer/tensor/device.h"

#include "testing.h"

namespace cryomer {
namespace {

TEST(ThreadLimit, GivesTheThreadsBack) {
  const int before = thread_count();
  set_thread_count(4);
  {
    const ThreadLimit two(2);
    EXPECT_EQ(thread_count(), 2);
    const ThreadLimit more(8);
    EXPECT_EQ(thread_count(), 2);
  }
  EXPECT_EQ(thread_count(), 4);
  set_thread_count(before);
}

TEST(DeviceNamed, SaysWhatIsMissing) {
  EXPECT_TRUE(device_named("cpu").is_cpu());
  EXPECT_EQ(device_named("auto").is_cuda(), has_cuda());
  EXPECT_NE(testing::error_of([] { device_named("cud"); }).find("Did you mean 'cuda'?"), std::string::npos);
  if (has_cuda()) {
    EXPECT_TRUE(device_named("cuda").is_cuda());
  } else {
    EXPECT_NE(testing::error_of([] { device_named("cuda"); }).find("--device cpu works without"), std::string::npos);
  }
}

TEST(MessageOf, SaysWhatToDoWithoutMemory) {
  auto message = [](const char* text) { return message_of(c10::Error({__func__, __FILE__, uint32_t(__LINE__)}, text)); };
  EXPECT_EQ(message("CUDA out of memory. Tried to allocate 2.00 GiB\nmore").rfind("the GPU is out of memory: take a smaller optimiser.batch_size", 0), 0u);
  EXPECT_EQ(message("DefaultCPUAllocator: can't allocate memory: you tried").rfind("out of memory: the sizes asked for", 0), 0u);
  EXPECT_EQ(message("anything else"), "anything else");
}

TEST(BytesOn, CopiesWhatItIsGiven) {
  std::vector<int> values = {1, -2, 300};
  const Tensor bytes = bytes_on(at::kCPU, values);
  values[1] = 7;
  EXPECT_EQ(static_cast<const int*>(bytes.data_ptr())[1], -2);
  EXPECT_EQ(bytes.numel(), int64_t(3 * sizeof(int)));
}

}  // namespace
}  // namespace cryomer
