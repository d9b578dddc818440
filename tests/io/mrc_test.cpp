#include "cryomer/io/mrc.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/random.h"
#include "cryomer/io/half.h"
#include "testing.h"

namespace cryomer {

namespace {

using testing::error_of;

// An MRC file put together byte by byte, independently of the writer.
struct RawMrc {
  bool big_endian = false;
  std::string bytes = std::string(1024, '\0');

  RawMrc(int nx, int ny, int nz, int mode, bool is_big_endian = false) : big_endian(is_big_endian) {
    word(0, nx), word(4, ny), word(8, nz), word(12, mode);
    word(28, nx), word(32, ny), word(36, nz);
    real(40, 1.5f * static_cast<float>(nx)), real(44, 1.5f * static_cast<float>(ny)), real(48, 1.5f);
    word(64, 1), word(68, 2), word(72, 3);
    bytes.replace(208, 4, "MAP ");
    bytes[212] = bytes[213] = big_endian ? 0x11 : 0x44;
  }
  template <class T>
  std::string encoded(T value) const {
    std::string result(sizeof(T), '\0');
    std::memcpy(result.data(), &value, sizeof(T));
    if (big_endian) std::reverse(result.begin(), result.end());
    return result;
  }
  void word(size_t offset, int32_t value) { bytes.replace(offset, 4, encoded(value)); }
  void real(size_t offset, float value) { bytes.replace(offset, 4, encoded(value)); }
  template <class T>
  void append(std::initializer_list<T> values) {
    for (const T value : values) bytes += encoded(value);
  }
  std::string path() const {
    const std::string name = testing::scratch_folder() + "/raw.mrc";
    write_file_atomically(name, bytes);
    return name;
  }
};

std::string message_for(const RawMrc& raw) {
  const std::string path = raw.path();
  return error_of([&] { MrcFile file(path); });
}

std::string log_of(const std::function<void()>& action) {
  const std::string path = testing::scratch_folder() + "/log.txt";
  set_log_file(path);
  action();
  set_log_file("");
  return read_file(path);
}

float real_at(const std::string& bytes, size_t offset) {
  float value = 0;
  std::memcpy(&value, bytes.data() + offset, 4);
  return value;
}
int32_t word_at(const std::string& bytes, size_t offset) {
  int32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, 4);
  return value;
}

}  // namespace

TEST(FloatFromHalf, EqualsItsDefinitionForEveryPattern) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    double expected = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31) expected = fraction ? NAN : INFINITY;
    if (bits & 0x8000) expected = -expected;
    const float value = float_from_half(static_cast<uint16_t>(bits));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else {
      EXPECT_EQ(value, expected) << bits;
      EXPECT_EQ(std::signbit(value), std::signbit(expected)) << bits;
    }
  }
}

TEST(MrcFile, ReadsEveryModeInBothByteOrders) {
  for (const bool big_endian : {false, true}) {
    SCOPED_TRACE(big_endian);
    RawMrc bytes(2, 1, 2, 0, big_endian), integers(2, 1, 2, 1, big_endian), floats(2, 1, 2, 2, big_endian),
        unsigned_integers(2, 1, 2, 6, big_endian), halves(2, 1, 2, 12, big_endian);
    bytes.append<int8_t>({1, -2, 127, -128});
    integers.append<int16_t>({1, -2, 32767, -32768});
    floats.append<float>({1.5f, -2.25f, 1e30f, 0});
    unsigned_integers.append<uint16_t>({1, 2, 65535, 32768});
    halves.append<uint16_t>({0x3C00, 0xC000, 0x3555, 0x0001});
    EXPECT_EQ(MrcFile(bytes.path()).read_all(), (std::vector<float>{1, -2, 127, -128}));
    EXPECT_EQ(MrcFile(integers.path()).read_all(), (std::vector<float>{1, -2, 32767, -32768}));
    EXPECT_EQ(MrcFile(floats.path()).read_all(), (std::vector<float>{1.5f, -2.25f, 1e30f, 0}));
    EXPECT_EQ(MrcFile(unsigned_integers.path()).read_all(), (std::vector<float>{1, 2, 65535, 32768}));
    EXPECT_EQ(MrcFile(halves.path()).read_all(),
              (std::vector<float>{1, -2, 0.333251953125f, 5.9604644775390625e-8f}));
    const MrcFile file(floats.path());
    EXPECT_EQ(file.header().nx, 2);
    EXPECT_EQ(file.header().ny, 1);
    EXPECT_EQ(file.header().nz, 2);
    EXPECT_EQ(file.header().mode, 2);
    EXPECT_EQ(file.header().pixel_size, 1.5);
    EXPECT_FALSE(file.header().is_volume);
    float section[2];
    file.read_section(1, section);
    EXPECT_EQ(section[0], 1e30f);
  }
}

TEST(MrcFile, TakesBytesAsUnsignedWhenImodSaysSo) {
  for (const bool big_endian : {false, true}) {
    RawMrc raw(2, 1, 1, 0, big_endian);
    raw.append<int8_t>({-1, 3});
    raw.word(152, 1146047817);
    raw.word(156, 0);
    EXPECT_EQ(MrcFile(raw.path()).read_all(), (std::vector<float>{255, 3}));
    raw.word(156, 1);  // flag 1: signed after all
    EXPECT_EQ(MrcFile(raw.path()).read_all(), (std::vector<float>{-1, 3}));
  }
}

TEST(MrcFile, FindsTheByteOrderWithoutAStamp) {
  for (const bool big_endian : {false, true}) {
    for (const char stamp : {'\0', '\x44', '\x11'}) {  // absent, and wrong for one of the two
      RawMrc raw(2, 1, 1, 2, big_endian);
      raw.append<float>({3, 4});
      raw.bytes[212] = raw.bytes[213] = stamp;
      raw.bytes.replace(208, 4, std::string(4, '\0'));
      EXPECT_EQ(MrcFile(raw.path()).read_all(), (std::vector<float>{3, 4}));
    }
  }
}

TEST(MrcFile, SkipsTheExtendedHeader) {
  RawMrc raw(2, 1, 1, 2);
  raw.word(92, 33);  // sections need not be aligned
  raw.bytes += std::string(33, 'x');
  raw.append<float>({3, 4});
  EXPECT_EQ(MrcFile(raw.path()).read_all(), (std::vector<float>{3, 4}));
}

TEST(MrcFile, DoesNotKnowThePixelSizeOfAnEmptyCell) {
  for (const auto& [cell, intervals] : {std::pair{0.0f, 2}, {3.0f, 0}, {NAN, 2}, {-1.0f, 2}, {3.0f, -2}}) {
    RawMrc raw(2, 1, 1, 2);
    raw.append<float>({3, 4});
    raw.real(40, cell);
    raw.word(28, intervals);
    EXPECT_EQ(MrcFile(raw.path()).header().pixel_size, 0) << cell << " " << intervals;
  }
}

TEST(MrcFile, SaysHowMuchOfACutFileIsThere) {
  RawMrc raw(2, 2, 3, 2);
  raw.bytes += std::string(2 * 2 * 4 * 2 + 5, '\0');
  const std::string message = message_for(raw);
  EXPECT_SAYS(message,
              "the file is cut off: 1061 bytes found, 1072 expected for 3 sections of 2 x 2 values (mode 2)");
  EXPECT_SAYS(message, "2 whole sections are there");
  EXPECT_SAYS(message, "raw.mrc");
  RawMrc header_only(2, 2, 3, 2);
  header_only.bytes.resize(700);
  EXPECT_SAYS(message_for(header_only), "700 bytes are too few for an MRC file, whose header alone has 1024");
}

TEST(MrcFile, WarnsWhenTheFileHoldsMoreThanItsHeaderSays) {
  RawMrc raw(1, 1, 1, 2);
  raw.append<float>({1, 2, 3});
  const std::string path = raw.path();
  EXPECT_SAYS(log_of([&] { EXPECT_EQ(MrcFile(path).header().nz, 1); }),
              "the file has room for 3 sections, its header announces 1");
}

TEST(MrcFile, RefusesAbsurdHeadersWithoutAllocating) {
  const int32_t huge = std::numeric_limits<int32_t>::max();
  for (const auto& [nx, ny, nz, mode] : {std::array{0, 1, 1, 2},
                                         {-5, 1, 1, 2},
                                         {huge, 1, 1, 2},
                                         {1, huge, 1, 2},
                                         {1, 1, 0, 2},
                                         {1, 1, -1, 2},
                                         {1, 1, 1, 77},
                                         {1, 1, 1, -2}}) {
    EXPECT_SAYS(message_for(RawMrc(nx, ny, nz, mode)),
                "not an MRC file, or its header is damaged: it announces");
  }
  EXPECT_SAYS(message_for(RawMrc(1 << 20, 1 << 20, huge, 2)), "the file is cut off: 1024 bytes found");
  for (const int32_t extended : {-1, 5, huge}) {
    RawMrc raw(1, 1, 1, 2);
    raw.word(92, extended);
    EXPECT_SAYS(message_for(raw), "announces an extended header of");
  }
}

TEST(MrcFile, RefusesOtherModesByName) {
  EXPECT_SAYS(message_for(RawMrc(2, 2, 1, 3)), "MRC mode 3 (complex 16-bit integers, a Fourier transform)");
  EXPECT_SAYS(message_for(RawMrc(2, 2, 1, 4)), "MRC mode 4 (complex floats, a Fourier transform)");
  EXPECT_SAYS(message_for(RawMrc(2, 2, 1, 16)), "MRC mode 16 (RGB colours)");
  EXPECT_SAYS(message_for(RawMrc(2, 2, 1, 101)), "MRC mode 101 (packed 4-bit integers) is not supported");
}

TEST(MrcFile, RefusesWhatIsNoMrcFile) {
  EXPECT_SAYS(error_of([] { MrcFile file("/no/such.mrc"); }), "cannot open /no/such.mrc: No such file");
  EXPECT_SAYS(error_of([] { MrcFile file("/"); }), "cannot read /: not a regular file");
  const std::string path = testing::scratch_folder() + "/a.mrc";
  write_file_atomically(path, "\x1F\x8B" + std::string(2000, 'z'));
  EXPECT_SAYS(error_of([&] { MrcFile file(path); }), "this file is compressed; decompress it first");
  write_file_atomically(path, std::string(2000, 'z'));
  EXPECT_SAYS(error_of([&] { MrcFile file(path); }), "not an MRC file");
}

TEST(MrcFile, RefusesSectionsThatAreNotThere) {
  RawMrc raw(1, 1, 2, 2);
  raw.append<float>({1, 2});
  const MrcFile file(raw.path());
  float value = 0;
  EXPECT_SAYS(error_of([&] { file.read_section(2, &value); }),
              "section 2 asked for, but there are 2 (counted from 0)");
  EXPECT_SAYS(error_of([&] { file.read_section(-1, &value); }), "section -1 asked for");
}

TEST(MrcFile, KeepsNoFileDescriptor) {
  RawMrc raw(1, 1, 1, 2);
  raw.append<float>({7});
  const std::string path = raw.path();
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  if (!std::filesystem::exists("/proc/self/fd")) GTEST_SKIP() << "no /proc here";
  const auto before = descriptors();
  std::vector<MrcFile> files;
  for (int i = 0; i < 3000; ++i) files.emplace_back(path);
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(files.back().read_all(), std::vector<float>{7});
}

TEST(MrcStackWriter, WritesWhatIsReadBack) {
  const std::string path = testing::scratch_folder() + "/stack.mrcs";
  const std::vector<float> first = {1, 2, 3, 4, 5, 6}, second = {-1, 0, 0, 0, 0, 1};
  MrcStackWriter writer(path, 3, 2, 1.25);
  writer.write_section(first.data());
  writer.write_section(second.data());
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.commit();

  const MrcFile file(path);
  EXPECT_EQ(file.header().nx, 3);
  EXPECT_EQ(file.header().ny, 2);
  EXPECT_EQ(file.header().nz, 2);
  EXPECT_EQ(file.header().pixel_size, 1.25);
  EXPECT_FALSE(file.header().is_volume);
  EXPECT_EQ(file.read_all(), (std::vector<float>{1, 2, 3, 4, 5, 6, -1, 0, 0, 0, 0, 1}));

  const std::string bytes = read_file(path);
  EXPECT_EQ(bytes.size(), 1024u + 12 * 4);
  EXPECT_EQ(word_at(bytes, 36), 2);  // mz
  EXPECT_EQ(real_at(bytes, 40), 3.75f);
  EXPECT_EQ(real_at(bytes, 44), 2.5f);
  EXPECT_EQ(real_at(bytes, 48), 2.5f);
  EXPECT_EQ(real_at(bytes, 52), 90);
  EXPECT_EQ(word_at(bytes, 64), 1);
  EXPECT_EQ(word_at(bytes, 72), 3);
  EXPECT_EQ(real_at(bytes, 76), -1);
  EXPECT_EQ(real_at(bytes, 80), 6);
  EXPECT_EQ(real_at(bytes, 84), 1.75f);
  EXPECT_EQ(word_at(bytes, 88), 0);
  EXPECT_EQ(word_at(bytes, 92), 0);
  EXPECT_EQ(bytes.substr(208, 6), "MAP \x44\x44");
  EXPECT_NEAR(real_at(bytes, 216), std::sqrt(93.0 / 12 - 1.75 * 1.75), 1e-6);
}

TEST(MrcStackWriter, LeavesNothingWithoutCommit) {
  const std::string folder = testing::scratch_folder();
  {
    const float value = 1;
    MrcStackWriter writer(folder + "/stack.mrcs", 1, 1, 1);
    writer.write_section(&value);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST(MrcStackWriter, RefusesWhatCannotBeRight) {
  const std::string path = testing::scratch_folder() + "/stack.mrcs";
  EXPECT_SAYS(error_of([&] { MrcStackWriter(path, 0, 4, 1); }), "images of 0 x 4 pixels");
  EXPECT_SAYS(error_of([&] { MrcStackWriter(path, 4, 4, 0); }),
              "a pixel size of 0 A, expected a positive number");
  EXPECT_SAYS(error_of([&] { MrcStackWriter(path, 4, 4, 1).commit(); }), "a stack without images");
  const float values[] = {0, 0, 0, NAN};
  EXPECT_SAYS(error_of([&] { MrcStackWriter(path, 2, 2, 1).write_section(values); }),
              "section 1 (counted from 1) has the value nan at x 1, y 1");
}

TEST(WriteVolume, IsMarkedAsAVolume) {
  const std::string path = testing::scratch_folder() + "/map.mrc";
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8};
  write_volume(path, values.data(), 2, 1.5);
  const MrcFile file(path);
  EXPECT_TRUE(file.header().is_volume);
  EXPECT_EQ(file.header().pixel_size, 1.5);
  EXPECT_EQ(file.read_all(), values);
  const std::string bytes = read_file(path);
  EXPECT_EQ(word_at(bytes, 88), 1);
  EXPECT_EQ(real_at(bytes, 48), 3);
  EXPECT_EQ(real_at(bytes, 200), 0);
  write_volume(path, values.data(), 2, 1.5, {-10, 0.5, 20});
  const std::string moved = read_file(path);
  for (int axis = 0; axis < 3; ++axis) EXPECT_EQ(real_at(moved, size_t(196 + 4 * axis)), (std::array<double, 3>{-10, 0.5, 20})[size_t(axis)]);
}

TEST(MrcFile, ReadsRealMaps) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/maps");
  const MrcFile crystal(testing::shared_data("cryoem/maps/EMD-3001.map"));
  EXPECT_EQ(crystal.header().nx, 73);
  EXPECT_EQ(crystal.header().ny, 43);
  EXPECT_EQ(crystal.header().nz, 25);
  EXPECT_EQ(crystal.header().axes, (std::array<int, 3>{3, 1, 2}));
  EXPECT_NEAR(crystal.header().pixel_size, 33.03 / 72, 1e-6);  // columns run along z
  EXPECT_TRUE(crystal.header().is_volume);
  const MrcFile small(testing::shared_data("cryoem/maps/EMD-3197.map"));
  EXPECT_NEAR(small.header().pixel_size, 11.4, 1e-6);
  const MrcFile ribosome(testing::shared_data("cryoem/relion_projections/clean70SRibosome_vol_65p.mrc"));
  EXPECT_EQ(ribosome.header().nx, 65);
  EXPECT_EQ(ribosome.header().pixel_size, 0);
}

// The statistics that the writing program left in the header check every value that we read.
TEST(MrcFile, FindsTheStatisticsOfRealFiles) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem");
  for (const char* name :
       {"maps/EMD-3001.map", "maps/EMD-3197.map", "relion_projections/clean70SRibosome_vol_65p.mrc",
        "relion_projections/rln_proj_64.mrcs", "relion_projections/rln_proj_65.mrcs",
        "relion_metadata/sample.mrcs", "empiar_10076/empiar_10076_7.mrc", "toy/toy_projections.mrcs"}) {
    SCOPED_TRACE(name);
    const std::string path = testing::shared_data(std::string("cryoem/") + name);
    const std::string bytes = read_file(path);
    const MrcFile file(path);
    const std::vector<float> values = file.read_all();
    double sum = 0;
    for (const float value : values) sum += value;
    EXPECT_EQ(*std::min_element(values.begin(), values.end()), real_at(bytes, 76));
    EXPECT_EQ(*std::max_element(values.begin(), values.end()), real_at(bytes, 80));
    const double range = real_at(bytes, 80) - real_at(bytes, 76);
    EXPECT_NEAR(sum / static_cast<double>(values.size()), real_at(bytes, 84), 1e-5 * range);
  }
}

TEST(MrcFile, SurvivesDamagedFiles) {
  RawMrc raw(3, 2, 4, 1);
  raw.word(92, 16);
  raw.bytes += std::string(16 + 3 * 2 * 4 * 2, 'a');
  const std::string path = testing::scratch_folder() + "/damaged.mrc";
  Random random(4711);
  int readable = 0;
  set_log_level(LogLevel::error);  // trailing bytes are warned of
  for (int round = 0; round < 600; ++round) {
    std::string bytes = raw.bytes;
    for (uint64_t change = 0, changes = 1 + random.below(3); change < changes; ++change) {
      // Mostly where the reader looks.
      const size_t fields[] = {0, 4, 8, 12, 28, 40, 64, 88, 92, 152, 212};
      const size_t at = fields[random.below(11)] + random.below(4);
      switch (random.below(4)) {
        case 0:
          bytes[at] = static_cast<char>(random.bits());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
          break;
        case 2:
          bytes.erase(random.below(bytes.size()), 1 + random.below(30));
          break;
        default:
          bytes.insert(random.below(bytes.size()), 1 + random.below(9), '\x02');
          break;
      }
      bytes.resize(std::max<size_t>(bytes.size(), 300));
    }
    write_file_atomically(path, bytes);
    try {
      const MrcFile file(path);
      const MrcHeader& header = file.header();
      const auto values = static_cast<uint64_t>(header.nx * header.ny * header.nz);
      ASSERT_LE(values, bytes.size());
      EXPECT_EQ(file.read_all().size(), values);
      std::vector<float> section(header.nx * header.ny);
      file.read_section(header.nz - 1, section.data());
      ++readable;
    } catch (const Error&) {
    }
  }
  set_log_level(LogLevel::info);
  EXPECT_GT(readable, 30);
  EXPECT_LT(readable, 570);
}

}  // namespace cryomer
