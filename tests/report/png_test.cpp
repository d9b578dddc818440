#include "cryomer/report/png.h"

#include "cryomer/report/zlib_stream.h"
#include "testing.h"


namespace cryomer {
namespace {

uint32_t big_endian(const std::string& bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t k = 0; k < 4; ++k) value = value << 8 | static_cast<uint8_t>(bytes[offset + k]);
  return value;
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe"), "//4=");
}

TEST(Png, HasSignatureSizeAndTheKnownChecksumOfItsEnd) {
  const std::string file = png_bytes({0, 128, 255, 1, 2, 3}, 3, 2);
  EXPECT_EQ(file.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(file.substr(12, 4), "IHDR");
  EXPECT_EQ(big_endian(file, 16), 3u);
  EXPECT_EQ(big_endian(file, 20), 2u);
  // The empty IEND chunk is the same twelve bytes in every PNG.
  EXPECT_EQ(file.substr(file.size() - 12), std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12));
}

TEST(Png, HoldsEveryRowAfterAFilterByte) {
  const std::string file = png_bytes({10, 20, 30, 40}, 2, 2), rows = zlib_stream(std::string("\0\x0a\x14\0\x1e\x28", 6));
  const size_t data = file.find("IDAT") + 4;
  EXPECT_EQ(big_endian(file, data - 8), rows.size());
  EXPECT_EQ(file.substr(data, rows.size()), rows);
}

TEST(Png, RefusesPixelsThatDoNotFit) {
  EXPECT_NE(testing::error_of([] { png_bytes({1, 2, 3}, 2, 2); }).find("3 pixels do not make an image of 2 x 2"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
