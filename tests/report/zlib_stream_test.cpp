#include "cryomer/report/zlib_stream.h"

#include "testing.h"

#ifdef CRYOMER_HAS_ZLIB
#include <zlib.h>
#endif

namespace cryomer {
namespace {

TEST(ZlibStored, IsOneBlockWithItsLengthComplementAndChecksum) {
  // Adler-32 of "abc" is 0x024d0127.
  EXPECT_EQ(zlib_stored("abc"), std::string("\x78\x01\x01\x03\x00\xfc\xff", 7) + "abc" + "\x02\x4d\x01\x27");
}

TEST(ZlibStored, SplitsWhatIsLongerThanABlock) {
  const std::string stream = zlib_stored(std::string(70000, 'x'));
  EXPECT_EQ(stream[2], 0);             // more blocks follow
  EXPECT_EQ(stream[2 + 5 + 65535], 1);  // the second is the last
  EXPECT_EQ(stream.size(), 2u + 2 * 5 + 70000 + 4);
}

#ifdef CRYOMER_HAS_ZLIB
std::string unpacked(const std::string& stream, size_t size) {
  std::string bytes(size, '\0');
  uLongf length = uLongf(size);
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(bytes.data()), &length, reinterpret_cast<const Bytef*>(stream.data()), uLong(stream.size())), Z_OK);
  EXPECT_EQ(length, size);
  return bytes;
}

TEST(ZlibStream, GivesTheBytesBackAndIsSmaller) {
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += static_cast<char>(i % 250 + i / 20000);
  EXPECT_EQ(unpacked(zlib_stored(bytes), bytes.size()), bytes);
  EXPECT_EQ(unpacked(zlib_stream(bytes), bytes.size()), bytes);
  EXPECT_LT(zlib_stream(bytes).size(), bytes.size() / 2);
}
#endif

TEST(ZlibStream, HoldsNothingToo) { EXPECT_GE(zlib_stream("").size(), 8u); }

}  // namespace
}  // namespace cryomer
