#include "cryomer/base/atomic_file.h"

#include <filesystem>

#include "testing.h"

namespace cryomer {

TEST(AtomicFile, LeavesNothingBehindWithoutCommit) {
  const std::string folder = testing::scratch_folder();
  const std::string path = folder + "/a.txt";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST(AtomicFile, ReplacesTheFileOnCommit) {
  const std::string path = testing::scratch_folder() + "/a.txt";
  write_file_atomically(path, "old");
  AtomicFile file(path);
  file.write("NEW text");
  file.write_at(0, "new", 3);
  file.commit();
  EXPECT_EQ(read_file(path), "new text");
}

TEST(AtomicFile, SaysWhichFolderIsMissing) {
  const std::string message = testing::error_of([] { AtomicFile file("/no/such/folder/a.txt"); });
  EXPECT_NE(message.find("the folder /no/such/folder does not exist"), std::string::npos) << message;
}

TEST(AtomicFile, WritesThroughLinksAndToDevices) {
  const std::string folder = testing::scratch_folder(), file = folder + "/a.txt", link = folder + "/link.txt", null = folder + "/null";
  write_file_atomically(file, "old");
  std::filesystem::create_symlink("a.txt", link);
  write_file_atomically(link, "new");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(read_file(file), "new");
  std::filesystem::create_symlink("/dev/null", null);
  write_file_atomically(null, "nothing");
  EXPECT_TRUE(std::filesystem::is_symlink(null));
  EXPECT_TRUE(std::filesystem::is_character_file(null));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 3);
}

TEST(CheckDiskRoom, SaysWhatNeedsHowMuchAndWhatToDo) {
  const std::string folder = testing::scratch_folder();
  check_disk_room(folder, 1, "a byte", "");
  const std::string error = testing::error_of([&] { check_disk_room(folder, 1e24, "the ensemble", "Draw fewer"); });
  EXPECT_NE(error.find(folder + ": the ensemble needs "), std::string::npos) << error;
  EXPECT_NE(error.find("the disk has "), std::string::npos) << error;
  EXPECT_NE(error.find("Draw fewer"), std::string::npos) << error;
  check_disk_room(folder + "/nowhere", 1e24, "what cannot be known", "");  // is not refused
}

TEST(AtomicFile, ReportsAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  // A file that links to /dev/full fails on every flush, as a full disk does.
  const std::string folder = testing::scratch_folder();
  std::filesystem::create_symlink("/dev/full", folder + "/a.txt.tmp" + std::to_string(getpid()));
  const std::string message = testing::error_of([&] {
    AtomicFile file(folder + "/a.txt");
    file.write(std::string(1 << 20, 'x'));
    file.commit();
  });
  EXPECT_NE(message.find("No space left"), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(folder + "/a.txt"));
}

}  // namespace cryomer
