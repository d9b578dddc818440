#include "cryomer/data/cryosparc.h"

#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/data/particle_stack.h"
#include "cryomer/geometry/rotation.h"
#include "fuzz.h"
#include "testing.h"

namespace cryomer {
namespace {

// The bytes of a structured array, column by column.
struct Records {
  int rows;
  std::string descr;
  std::vector<std::vector<std::string>> cells;  // [column][row]

  template <class Number>
  Records& add(const std::string& name, const std::string& type, const std::vector<Number>& values) {
    const size_t width = values.size() / size_t(rows);
    descr += formatted("('{}', '{}'{}), ", name, type, width > 1 ? formatted(", ({},)", width) : "");
    std::vector<std::string> column;
    for (int row = 0; row < rows; ++row) column.emplace_back(reinterpret_cast<const char*>(values.data() + size_t(row) * width), width * sizeof(Number));
    cells.push_back(column);
    return *this;
  }
  Records& add_text(const std::string& name, size_t size, std::vector<std::string> values) {
    descr += formatted("('{}', '|S{}'), ", name, size);
    for (std::string& value : values) value.resize(size);
    cells.push_back(values);
    return *this;
  }
  std::string bytes() const {
    const std::string header = formatted("{{'descr': [{}], 'fortran_order': False, 'shape': ({},), }}\n", descr, rows);
    std::string result = std::string("\x93NUMPY\x01", 7) + '\0';
    result += char(header.size() & 0xff);
    result += char(header.size() >> 8);
    result += header;
    for (int row = 0; row < rows; ++row) {
      for (const auto& column : cells) result += column[size_t(row)];
    }
    return result;
  }
};

constexpr uint64_t kUid = 15494748553812943456u;  // more than a double holds

Records blobs() {
  Records r{3, "", {}};
  r.add<uint64_t>("uid", "<u8", {kUid, kUid + 1, kUid + 2});
  r.add_text("blob/path", 20, {">J1/a.mrc", ">J1/a.mrc", "J1/b.mrc"});
  r.add<uint32_t>("blob/idx", "<u4", {0, 6, 1});
  r.add<uint32_t>("blob/shape", "<u4", {8, 8, 8, 8, 8, 8});
  r.add<float>("blob/psize_A", "<f4", {2, 2, 2});
  return r.add<float>("blob/sign", "<f4", {-1, -1, -1});
}

Records& with_ctf(Records& r) {
  r.add<uint32_t>("ctf/exp_group_id", "<u4", {5, 5, 7});
  r.add<float>("ctf/accel_kv", "<f4", {200, 200, 200});
  r.add<float>("ctf/cs_mm", "<f4", {2, 2, 2});
  r.add<float>("ctf/amp_contrast", "<f4", {0.07f, 0.07f, 0.07f});
  r.add<float>("ctf/df1_A", "<f4", {12000, 13000, 14000});
  r.add<float>("ctf/df2_A", "<f4", {11000, 12500, 13000});
  r.add<float>("ctf/df_angle_rad", "<f4", {0.5f, -1, 0});
  return r.add<float>("ctf/phase_shift_rad", "<f4", {0, 0, float(kPi / 2)});
}

Records& with_poses_of_cryosparc(Records& r) {
  r.add<uint32_t>("alignments3D/split", "<u4", {0, 1, 0});
  r.add<float>("alignments3D/shift", "<f4", {3, -1, 0, 0, 0.5f, 2});
  r.add<float>("alignments3D/pose", "<f4", {0, 0, float(kPi / 2), 0, 0, 0, 1, 2, -0.5f});
  return r.add<float>("alignments3D/psize_A", "<f4", {4, 4, 4});
}

std::string written(const std::string& name, const std::string& bytes, const std::string& folder = testing::scratch_folder()) {
  write_file_atomically(folder + "/" + name, bytes);
  return folder + "/" + name;
}

TEST(CryoSparc, BecomesTheStarFileOfTheSameParticles) {
  Records r = blobs();
  const StarFile star = read_cs(written("p.cs", with_poses_of_cryosparc(with_ctf(r)).bytes()));
  const StarTable &optics = *star.find("optics"), &table = *star.find("particles");
  ASSERT_EQ(optics.row_count(), 2);
  ASSERT_EQ(table.row_count(), 3);
  auto cell = [&](int64_t row, const char* column) { return table.cell(row, table.column(column)); };
  auto number = [&](int64_t row, const char* column) { return table.number(row, table.column(column)); };
  EXPECT_EQ(cell(0, "rlnImageName"), "000001@J1/a.mrc");
  EXPECT_EQ(cell(1, "rlnImageName"), "000007@J1/a.mrc");
  EXPECT_EQ(cell(2, "rlnImageName"), "000002@J1/b.mrc");
  EXPECT_EQ(cell(1, "cryosparcUid"), "15494748553812943457");
  EXPECT_EQ(cell(1, "rlnOpticsGroup"), "1");
  EXPECT_EQ(cell(2, "rlnOpticsGroup"), "2");
  EXPECT_EQ(optics.number(1, optics.column("rlnVoltage")), 200);
  EXPECT_EQ(optics.number(0, optics.column("rlnImagePixelSize")), 2);
  EXPECT_EQ(number(1, "rlnDefocusU"), 13000);
  EXPECT_EQ(number(1, "rlnDefocusV"), 12500);
  EXPECT_NEAR(number(0, "rlnDefocusAngle"), degrees(0.5), 1e-4);
  EXPECT_NEAR(number(2, "rlnPhaseShift"), 90, 1e-4);
  EXPECT_EQ(cell(1, "rlnRandomSubset"), "2");
  // A quarter turn about z takes x of the view to y of the reference, so the reference's y to x of the view.
  const Mat3 a = rotation_from_euler({radians(number(0, "rlnAngleRot")), radians(number(0, "rlnAngleTilt")), radians(number(0, "rlnAnglePsi"))});
  const Vec3 turned = a * Vec3{0, 1, 0};
  EXPECT_NEAR(turned.x, 1, 1e-5);
  // Their shifts are RELION's origins, in pixels of the alignment.
  EXPECT_NEAR(number(0, "rlnOriginXAngst"), 12, 1e-4);
  EXPECT_NEAR(number(0, "rlnOriginYAngst"), -4, 1e-4);
  EXPECT_NEAR(number(2, "rlnOriginYAngst"), 8, 1e-4);
}

TEST(CryoSparc, TakesWhatIsMissingFromPassthroughFiles) {
  const std::string folder = testing::scratch_folder();
  const std::string path = written("cryosparc_P1_J12_004_particles.cs", blobs().bytes(), folder);
  EXPECT_FALSE(read_cs(path).find("particles")->has("rlnDefocusU"));
  Records other{4, "", {}};  // another order, and one particle more
  other.add<uint64_t>("uid", "<u8", {kUid + 2, 3, kUid, kUid + 1});
  other.add<float>("ctf/df1_A", "<f4", {14000, 1, 12000, 13000});
  written("cryosparc_P1_J12_passthrough_particles.cs", other.bytes(), folder);
  written("cryosparc_P1_J1_passthrough_particles.cs", "of another job", folder);
  const StarFile star = read_cs(path);
  const StarTable& table = *star.find("particles");
  for (int64_t row = 0; row < 3; ++row) EXPECT_EQ(table.number(row, table.column("rlnDefocusU")), 12000 + 1000 * double(row));
}

TEST(CryoSparc, SaysWhatIsWrong) {
  auto error = [](const std::string& bytes) { return testing::error_of([&] { read_cs(written("p.cs", bytes)); }); };
  EXPECT_NE(error("data_\nloop_").find("begin with \\x93NUMPY"), std::string::npos);
  Records r{1, "", {}};
  r.add<float>("x", "<f4", {1});
  EXPECT_NE(error(r.bytes()).find("no column 'uid'"), std::string::npos);
  r = {1, "", {}};
  r.add<uint64_t>("uid", "<u8", {1});
  EXPECT_NE(error(r.bytes()).find("no column 'blob/path'"), std::string::npos);
  r.descr += "('y', 'O'), ";
  EXPECT_NE(error(r.bytes()).find("'y' holds pickled Python objects"), std::string::npos);
  const std::string whole = blobs().bytes();
  EXPECT_NE(error(whole.substr(0, whole.size() - 1)).find("is incomplete"), std::string::npos);
}

TEST(CryoSparc, SurvivesDamage) {
  Records r = blobs();
  testing::fuzz(with_poses_of_cryosparc(with_ctf(r)).bytes(), "p.cs", 500, [](const std::string& path) { read_cs(path); });
}

TEST(CryoSparc, AgreesWithTheStarFileOfTheSameImages) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/empiar_10076/empiar_10076_7.cs");
  ParticleStackOptions options;
  const ParticleStack cs = ParticleStack::open(testing::shared_data("cryoem/empiar_10076/empiar_10076_7.cs"), options);
  const ParticleStack star = ParticleStack::open(testing::shared_data("cryoem/empiar_10076/empiar_10076_7.star"), options);
  ASSERT_EQ(cs.size(), 7);
  EXPECT_NEAR(cs.optics(0).pixel_size, star.optics(0).pixel_size, 1e-3);
  EXPECT_EQ(cs.optics(0).voltage, star.optics(0).voltage);
  std::vector<float> a(size_t(cs.box()) * cs.box()), b = a;
  for (int64_t i = 0; i < 7; ++i) {
    EXPECT_NEAR(cs.ctf(i).defocus_u, star.ctf(i).defocus_u, 0.1);
    EXPECT_NEAR(cs.ctf(i).defocus_v, star.ctf(i).defocus_v, 0.1);
    EXPECT_NEAR(cs.ctf(i).astigmatism_angle, star.ctf(i).astigmatism_angle, 1e-4);
    cs.read_image(i, a.data());
    star.read_image(i, b.data());
    EXPECT_EQ(a, b);
  }
}

// Rotation matrices of the same vectors by SciPy, transposed, and shifts times the pixel size.
TEST(CryoSparc, ReadsRealPoses) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/cryosparc/cryosparc_P12_J24_001_particles.cs");
  const StarFile star = read_cs(testing::shared_data("cryoem/cryosparc/cryosparc_P12_J24_001_particles.cs"));
  const StarTable& table = *star.find("particles");
  ASSERT_EQ(table.row_count(), 2019);
  EXPECT_EQ(star.find("optics")->row_count(), 1);
  auto number = [&](const char* column) { return table.number(7, table.column(column)); };
  const Mat3 found = rotation_from_euler({radians(number("rlnAngleRot")), radians(number("rlnAngleTilt")), radians(number("rlnAnglePsi"))});
  const double expected[9] = {-0.743833, 0.663098, 0.083752, 0.005536, 0.131417, -0.991312, -0.668343, -0.736906, -0.101423};
  for (int k = 0; k < 9; ++k) EXPECT_NEAR(found.values[k], expected[k], 2e-6) << k;
  EXPECT_NEAR(number("rlnOriginXAngst"), 7.550157, 1e-4);
  EXPECT_NEAR(number("rlnOriginYAngst"), 27.130781, 1e-4);
  EXPECT_EQ(table.cell(7, table.column("cryosparcUid")), "6968604284993972354");
}

}  // namespace
}  // namespace cryomer
