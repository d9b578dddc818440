#include "cryomer/io/npy.h"

#include <cstring>

#include "io_testing.h"

namespace cryomer {
namespace {

using testing::error_of;
using testing::written;

template <class Number>
std::string npy(const std::string& descr, const std::string& shape, const std::vector<Number>& values,
                int version = 1, const std::string& order = "False") {
  const std::string header =
      formatted("{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}\n", descr, order, shape);
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  const uint32_t length = static_cast<uint32_t>(header.size());
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += static_cast<char>((length >> (8 * i)) & 0xff);
  bytes += header;
  return bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
}

TEST(Npy, RoundTripsShapesAndValues) {
  const std::string path = testing::scratch_folder() + "/a.npy";
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2, 3}, {6}, {1, 2, 3, 1}, {0, 4}, {}}) {
    std::vector<float> values = {1.5f, -2, 3e-30f, 4e30f, 5, 6};
    size_t count = 1;
    for (int64_t size : shape) count *= static_cast<size_t>(size);
    values.resize(count);
    write_npy(path, shape, values.data());
    const NpyArray read = read_npy(path);
    EXPECT_EQ(read.shape, shape);
    EXPECT_EQ(read.values, values);
    // NumPy wants the data aligned to 64 bytes.
    EXPECT_EQ((read_file(path).size() - 4 * count) % 64, 0u);
  }
}

TEST(Npy, HeaderIsTheOneThatNumpyWrites) {
  const std::string path = testing::scratch_folder() + "/a.npy";
  const float values[] = {1, 2};
  write_npy(path, {2}, values);
  EXPECT_EQ(read_file(path).substr(10, 60), "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   ");
}

TEST(Npy, ReadsOtherTypesAndVersions) {
  const std::vector<float> expected = {1, 2, 3};
  EXPECT_EQ(read_npy(written("a.npy", npy<double>("'<f8'", "(3,)", {1, 2, 3}))).values, expected);
  EXPECT_EQ(read_npy(written("a.npy", npy<int64_t>("'<i8'", "(3,)", {1, 2, 3}, 2))).values, expected);
  EXPECT_EQ(read_npy(written("a.npy", npy<uint16_t>("'<u2'", "(1, 3)", {1, 2, 3}, 3))).shape,
            (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(read_npy(written("a.npy", npy<int8_t>("'|i1'", "(3,)", {1, 2, 3}))).values, expected);
  // One dimension is stored alike in both orders.
  EXPECT_EQ(read_npy(written("a.npy", npy<float>("'<f4'", "(3,)", {1, 2, 3}, 1, "True"))).values, expected);
}

TEST(Npy, SaysWhatItDoesNotRead) {
  const auto message = [](const std::string& bytes) {
    const std::string path = written("a.npy", bytes);
    const std::string text = error_of([&] { read_npy(path); });
    return text.substr(0, path.size()) == path ? text.substr(path.size()) : text;
  };
  EXPECT_EQ(message("PK\x03\x04"), " is no .npy file: it does not begin with \\x93NUMPY");
  EXPECT_EQ(message(npy<char>("'|O'", "(1,)", {'x'})),
            " holds pickled Python objects, which are not read: save plain numbers, numpy.asarray(x, "
            "dtype='float32')");
  EXPECT_EQ(message(npy<float>("'>f4'", "(1,)", {1})),
            " holds numbers of type '>f4', expected little-endian float32, float64 or integers: save "
            "x.astype('<f4')");
  EXPECT_EQ(message(npy<float>("[('uid', '<u8'), ('x', '<f4')]", "(1,)", {1})),
            " is a structured array (named columns, as cryoSPARC writes), expected plain numbers");
  EXPECT_EQ(message(npy<float>("'<f4'", "(2, 2)", {1, 2, 3, 4}, 1, "True")),
            " is stored column by column (fortran_order): save numpy.ascontiguousarray(x)");
  EXPECT_EQ(message(npy<float>("'<f4'", "(3,)", {1, 2})),
            " is incomplete: an array of shape (3,) with 4 bytes a number does not fit the 8 bytes after its "
            "header");
  EXPECT_EQ(message(npy<float>("'<f4'", "(4294967296, 4294967296)", {1, 2})),
            " is incomplete: an array of shape (4294967296, 4294967296) with 4 bytes a number does not fit "
            "the 8 bytes after "
            "its header");
  EXPECT_EQ(message(npy<float>("'<f4'", "(-1,)", {1, 2})), ": its shape (-1,) is not a list of sizes");
  EXPECT_EQ(message(npy<float>("'<f4'", "(1,)", {1}, 9)), " has .npy format 9, expected 1 to 3");
  EXPECT_EQ(message(npy<float>("'<f4'", "(1,)", {1}).substr(0, 30)),
            " is incomplete: it ends within its header");
}

TEST(Npy, SurvivesDamagedFiles) {
  testing::fuzz(npy<float>("'<f4'", "(2, 3)", {1, 2, 3, 4, 5, 6}), "a.npy", 400,
                [](const std::string& path) { read_npy(path); });
}

TEST(Npy, ReadsPublishedDistances) {
  CRYOMER_NEEDS_SHARED_DATA("aurka");
  const NpyArray array =
      read_npy(testing::shared_data("aurka/distances_AURKA_AURKA_nophos_notpx2-pair225-284.npy"));
  int64_t count = 1;
  for (int64_t size : array.shape) count *= size;
  EXPECT_EQ(count, 399999);
  double sum = 0;
  for (float value : array.values) sum += value;
  EXPECT_NEAR(sum / 399999, 38.8, 0.05);  // A, the mean that comes with the data
}

}  // namespace
}  // namespace cryomer
