#include "cryomer/io/dcd.h"

#include <algorithm>
#include <cstring>

#include "io_testing.h"

namespace cryomer {
namespace {

using testing::error_of;
using testing::log_of;
using testing::written;

// A DCD in any dialect, put together word by word.
struct Dialect {
  bool big_endian = false;
  int marker_size = 4;
  bool charmm = true;
  bool unit_cell = false, unit_cell_flag = false;
  bool fourth_dimension = false;
  int promised_frames = -1;     // -1: the true number
  std::vector<int> free_atoms;  // 1-based; empty: all move
};

struct DcdBuilder {
  Dialect dialect;
  std::string bytes;

  void number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) {
      bytes += static_cast<char>((value >> (8 * (dialect.big_endian ? size - 1 - i : i))) & 0xff);
    }
  }
  void real(float value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    number(bits, 4);
  }
  template <class Body>
  void record(uint64_t length, Body body) {
    number(length, dialect.marker_size);
    body();
    number(length, dialect.marker_size);
  }
};

// frames: [frame][atom][3]
std::string dcd(const Dialect& dialect, const std::vector<std::vector<float>>& frames) {
  DcdBuilder b{dialect, ""};
  const size_t atoms = frames[0].size() / 3;
  b.record(84, [&] {
    b.bytes += "CORD";
    for (int i = 0; i < 20; ++i) {
      uint64_t value = 0;
      if (i == 0)
        value = static_cast<uint64_t>(dialect.promised_frames < 0 ? static_cast<int>(frames.size())
                                                                  : dialect.promised_frames);
      if (i == 8 && !dialect.free_atoms.empty()) value = atoms - dialect.free_atoms.size();
      if (i == 9) value = 0x3ff00000;  // X-PLOR's time step is a double over two words
      if (i == 10 && dialect.charmm) value = dialect.unit_cell || dialect.unit_cell_flag;
      if (i == 11) value = dialect.fourth_dimension;
      if (i == 19) value = dialect.charmm ? 24 : 0;
      b.number(value, 4);
    }
  });
  b.record(164, [&] {
    b.number(2, 4);
    b.bytes += std::string(160, '*');
  });
  b.record(4, [&] { b.number(atoms, 4); });
  if (!dialect.free_atoms.empty()) {
    b.record(4 * dialect.free_atoms.size(), [&] {
      for (int atom : dialect.free_atoms) b.number(static_cast<uint64_t>(atom), 4);
    });
  }
  for (size_t f = 0; f < frames.size(); ++f) {
    if (dialect.unit_cell) b.record(48, [&] { b.bytes += std::string(48, '\x7f'); });
    std::vector<size_t> moving;
    for (size_t i = 0; i < atoms; ++i) {
      const bool free =
          dialect.free_atoms.empty() || f == 0 ||
          std::count(dialect.free_atoms.begin(), dialect.free_atoms.end(), static_cast<int>(i) + 1) > 0;
      if (free) moving.push_back(i);
    }
    for (int axis = 0; axis < (dialect.fourth_dimension ? 4 : 3); ++axis) {
      b.record(4 * moving.size(), [&] {
        for (size_t i : moving) b.real(axis < 3 ? frames[f][3 * i + static_cast<size_t>(axis)] : -1);
      });
    }
  }
  return b.bytes;
}

std::vector<std::vector<float>> some_frames(size_t frames, size_t atoms) {
  std::vector<std::vector<float>> result(frames, std::vector<float>(3 * atoms));
  Random random(3);
  for (auto& frame : result) random.fill_normal(frame.data(), frame.size());
  return result;
}

std::vector<std::vector<float>> frames_of(const std::string& path) {
  DcdFile file(path);
  std::vector<std::vector<float>> frames;
  // Backwards, since frames may be read in any order.
  for (int64_t i = file.frame_count(); i-- > 0;) {
    frames.emplace_back(static_cast<size_t>(3 * file.atom_count()));
    file.read_frame(i, frames.back().data());
  }
  std::reverse(frames.begin(), frames.end());
  return frames;
}

TEST(Dcd, ReadsEveryDialectAlike) {
  for (const size_t atoms : {5, 12}) {  // twelve atoms fill a record as long as a unit cell's
    const auto frames = some_frames(4, atoms);
    for (int variant = 0; variant < 64; ++variant) {
      Dialect dialect;
      dialect.big_endian = variant & 1;
      dialect.marker_size = variant & 2 ? 8 : 4;
      dialect.charmm = variant & 4;
      dialect.unit_cell = dialect.charmm && (variant & 8);
      dialect.fourth_dimension = dialect.charmm && (variant & 16);
      dialect.promised_frames = variant & 32 ? 0 : -1;
      EXPECT_EQ(frames_of(written("a.dcd", dcd(dialect, frames))), frames) << "variant " << variant;
    }
  }
}

TEST(Dcd, KeepsFixedAtomsWhereTheFirstFrameHasThem) {
  auto frames = some_frames(3, 6);
  Dialect dialect;
  dialect.free_atoms = {2, 5, 6};
  for (const bool unit_cell : {false, true}) {
    dialect.unit_cell = unit_cell;
    for (size_t f = 1; f < 3; ++f) {
      for (size_t i : {0, 2, 3})
        std::copy_n(frames[0].begin() + static_cast<long>(3 * i), 3,
                    frames[f].begin() + static_cast<long>(3 * i));
    }
    EXPECT_EQ(frames_of(written("a.dcd", dcd(dialect, frames))), frames);
  }
}

TEST(Dcd, BelievesTheFileWhenTheFlagOfTheUnitCellIsWrong) {
  const auto frames = some_frames(2, 7);
  Dialect dialect;
  dialect.unit_cell_flag = true;
  EXPECT_EQ(frames_of(written("a.dcd", dcd(dialect, frames))), frames);
}

TEST(Dcd, CountsFramesByTheSizeOfTheFile) {
  const auto frames = some_frames(3, 5);
  Dialect dialect;
  for (const int promised : {0, 2, 500, 2147483647}) {
    dialect.promised_frames = promised;
    const std::string path = written("a.dcd", dcd(dialect, frames));
    const std::string log = log_of([&] { EXPECT_EQ(DcdFile(path).frame_count(), 3); });
    EXPECT_NE(log.find(formatted("its header says {} frames, its size 3", promised)), std::string::npos)
        << log;
  }
}

TEST(Dcd, DropsATruncatedLastFrameWithAWarning) {
  const auto frames = some_frames(3, 5);
  const std::string bytes = dcd({}, frames);
  const std::string path = written("a.dcd", bytes.substr(0, bytes.size() - 7));
  const std::string log = log_of([&] { EXPECT_EQ(frames_of(path).size(), 2u); });
  EXPECT_NE(log.find("a.dcd ends within frame 3: the last 77 bytes are left out"), std::string::npos) << log;
}

TEST(Dcd, SaysWhatIsWrong) {
  const auto frames = some_frames(2, 5);
  const std::string good = dcd({}, frames);
  const auto message = [](const std::string& bytes) {
    const std::string path = written("a.dcd", bytes);
    const std::string text = error_of([&] { frames_of(path); });
    return text.substr(0, path.size()) == path ? text.substr(path.size()) : text;
  };
  EXPECT_EQ(message("ATOM"),
            " is no DCD trajectory: it does not begin with a record of 84 bytes and the letters CORD");
  EXPECT_EQ(message(""),
            " is no DCD trajectory: it does not begin with a record of 84 bytes and the letters CORD");
  std::string bytes = good;
  bytes.replace(4, 4, "VELD");
  EXPECT_EQ(message(bytes), " holds velocities (VELD), expected coordinates (CORD)");
  EXPECT_EQ(message(good.substr(0, 300)),
            " holds no complete frame: it has 5 atoms, so a frame takes 84 bytes, and only 24 follow the "
            "header. Is the file "
            "incomplete?");
  EXPECT_EQ(message(good.substr(0, 100)),
            " is damaged or no DCD file: the record at byte 92 (title) is not closed");
  bytes = good;
  bytes[276 + 84 + 28] = 21;  // the opening marker of y in the second frame
  EXPECT_EQ(message(bytes),
            " is damaged in frame 2 (counted from 1) at byte 388: expected a record of 20 bytes, found 21");
  bytes = good;
  bytes.replace(268, 4, std::string("\xff\xff\xff\xff", 4));
  EXPECT_EQ(message(bytes), " claims to have -1 atoms");
  bytes.replace(268, 4, std::string("\xff\xff\xff\x7f", 4));  // must not try to hold two billion atoms
  EXPECT_NE(message(bytes).find("holds no complete frame: it has 2147483647 atoms"), std::string::npos);
  EXPECT_NE(error_of([&] { DcdFile(testing::scratch_folder()); }).find("it is not a regular file"),
            std::string::npos);
  EXPECT_NE(error_of([&] { DcdFile("/no/such.dcd"); }).find("cannot open /no/such.dcd: No such file"),
            std::string::npos);
}

TEST(Dcd, WriterAndReaderAgreeToTheBit) {
  const auto frames = some_frames(5, 9);
  const std::string path = testing::scratch_folder() + "/a.dcd";
  DcdFileWriter writer(path, 9);
  for (const auto& frame : frames) writer.write_frame(frame.data());
  EXPECT_NE(error_of([&] { DcdFile file(path); }).find("No such file"), std::string::npos);
  writer.commit();
  const std::string log = log_of([&] { EXPECT_EQ(frames_of(path), frames); });
  EXPECT_EQ(log, "");  // the number of frames in the header is right
}

TEST(Dcd, SurvivesDamagedFiles) {
  Dialect dialect;
  dialect.unit_cell = true;
  dialect.free_atoms = {1, 2};
  set_log_level(LogLevel::error);
  testing::fuzz(dcd(dialect, some_frames(3, 4)), "a.dcd", 300,
                [](const std::string& path) { frames_of(path); });
  dialect = {};
  dialect.big_endian = true;
  dialect.marker_size = 8;
  testing::fuzz(dcd(dialect, some_frames(3, 4)), "a.dcd", 300,
                [](const std::string& path) { frames_of(path); });
  set_log_level(LogLevel::info);
}

}  // namespace
}  // namespace cryomer
