// Files that other programs wrote.
#include "cryomer/data/particle_stack.h"

#include <cstring>
#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/units.h"
#include "data/stack_files.h"
#include "testing.h"

namespace cryomer {

namespace fs = std::filesystem;

namespace {

using namespace testing;  // of stack_files.h

TEST(RealParticles, OfRelionProjectionsMoveAgainstTheirOrigin) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const ParticleStack stack = ParticleStack::open(
      testing::shared_data("cryoem/relion_projections/rln_proj_64_shifted.star"), no_ctf());
  ASSERT_EQ(stack.size(), 4);
  EXPECT_EQ(stack.optics(0).pixel_size, 1);
  EXPECT_EQ(stack.pose(0).shift_x, -6);
  EXPECT_EQ(stack.pose(0).shift_y, -10);
  EXPECT_FALSE(stack.has_ctf());
  EXPECT_EQ(stack.optics(0).voltage, 300);
  // The centre of mass is where the pose says, up to the offset of the particle's own centre.
  std::vector<float> image(64 * 64);
  for (int64_t i = 0; i < stack.size(); ++i) {
    stack.read_image(i, image.data());
    double mass = 0, x = 0, y = 0;
    for (int p = 0; p < 64 * 64; ++p) {
      const double value = std::max(0.0f, image[p] - 0.001f);
      mass += value, x += value * (p % 64), y += value * (p / 64);
    }
    EXPECT_NEAR(x / mass - 32, stack.pose(i).shift_x, 3) << i;
    EXPECT_NEAR(y / mass - 32, stack.pose(i).shift_y, 3) << i;
  }
}

TEST(RealParticles, OfARelionProjectionBatchHaveCtfAndPoses) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const ParticleStack stack = ParticleStack::open(
      testing::shared_data("cryoem/relion_projections/relion_proj_batch.star"), with_required_poses());
  ASSERT_EQ(stack.size(), 24);
  EXPECT_EQ(stack.box(), 64);
  EXPECT_EQ(stack.optics(0).pixel_size, 3.54);  // the optics row counts, not rlnDetectorPixelSize of the rows
  EXPECT_EQ(stack.optics(0).voltage, 200);
  EXPECT_NEAR(stack.pose(0).shift_x, 11.69620, 1e-9);
  EXPECT_LT(
      rotation_distance(stack.pose(0).rotation,
                        rotation_from_euler({radians(142.625517), radians(37.065672), radians(85.339883)})),
      1e-7);
  EXPECT_GT(stack.ctf(23).defocus_u, 5000);
  std::vector<float> image(64 * 64);
  for (int64_t i = 0; i < stack.size(); ++i) stack.read_image(i, image.data());
}

TEST(RealParticles, WithoutPixelSizeNeedItFromTheUser) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem");
  for (const char* name : {"cryoem/relion_projections/rln_proj_64.star", "cryoem/toy/toy_projections.star"}) {
    const std::string path = testing::shared_data(name);
    EXPECT_SAYS(error_of([&] { ParticleStack::open(path, no_ctf()); }), "the pixel size is not known");
    ParticleStackOptions options = no_ctf();
    options.pixel_size = 5;
    const ParticleStack stack = ParticleStack::open(path, options);
    EXPECT_EQ(stack.optics(0).pixel_size, 5);
    std::vector<float> image(stack.box() * stack.box());
    for (int64_t i = 0; i < stack.size(); ++i) stack.read_image(i, image.data());
  }
  ParticleStackOptions options;
  options.pixel_size = 5;
  const ParticleStack toy =
      ParticleStack::open(testing::shared_data("cryoem/toy/toy_projections.star"), options);
  EXPECT_EQ(toy.size(), 1000);
  EXPECT_EQ(toy.box(), 30);
  EXPECT_DOUBLE_EQ(toy.ctf(999).phase_shift, kPi / 2);
}

TEST(RealParticles, OfAnOddBoxAreRefused) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const std::string path = testing::shared_data("cryoem/relion_projections/rln_proj_65.star");
  EXPECT_SAYS(error_of([&] { ParticleStack::open(path, no_ctf()); }), "the images have 65 x 65 pixels");
}

TEST(RealParticles, OfEmpiar10076AreNormalised) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/empiar_10076");
  const ParticleStack stack =
      ParticleStack::open(testing::shared_data("cryoem/empiar_10076/empiar_10076_7.star"));
  ASSERT_EQ(stack.size(), 7);
  EXPECT_EQ(stack.box(), 320);
  EXPECT_FALSE(stack.has_poses());
  EXPECT_NEAR(stack.optics(0).pixel_size, 1.31, 1e-4);
  EXPECT_EQ(stack.optics(0).amplitude_contrast, 0.07);
  EXPECT_EQ(stack.ctf(0).defocus_u, 15301.1);
  EXPECT_DOUBLE_EQ(stack.ctf(0).astigmatism_angle, radians(5.28));
  std::vector<float> image(320 * 320);
  for (int64_t i = 0; i < 7; ++i) {
    stack.read_image(i, image.data());
    double sum = 0, sum_squares = 0;
    for (const float value : image) sum += value, sum_squares += value * value;
    EXPECT_NEAR(sum / 102400, 0, 0.1);
    EXPECT_NEAR(sum_squares / 102400, 1, 0.1);
  }
}

TEST(RealParticles, SayTheSameInRelion30And31) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_metadata");
  const ParticleStack old =
      ParticleStack::open(testing::shared_data("cryoem/relion_metadata/sample_particles_relion30.star"));
  const ParticleStack newer =
      ParticleStack::open(testing::shared_data("cryoem/relion_metadata/sample_particles_relion31.star"));
  ASSERT_EQ(old.size(), 17);
  ASSERT_EQ(newer.size(), 17);
  EXPECT_NEAR(old.optics(0).pixel_size, 1.338, 1e-6);
  EXPECT_EQ(newer.optics(0).pixel_size, 1.4);
  for (int64_t i = 0; i < 17; ++i) {
    EXPECT_EQ(old.ctf(i).defocus_u, newer.ctf(i).defocus_u);
    EXPECT_EQ(old.ctf(i).astigmatism_angle, newer.ctf(i).astigmatism_angle);
    if (i == 14) continue;  // the two files do differ there
    EXPECT_LT(rotation_distance(old.pose(i).rotation, newer.pose(i).rotation), 1e-6);
  }
  EXPECT_EQ(newer.optics_groups().size(), 2u);
}

TEST(RealParticles, DoNotDependOnTheOrderOfTables) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_metadata");
  const ParticleStack one = ParticleStack::open(testing::shared_data("cryoem/relion_metadata/relion31.star"));
  const ParticleStack two =
      ParticleStack::open(testing::shared_data("cryoem/relion_metadata/relion31.v2.star"));
  ASSERT_EQ(one.size(), 5);
  ASSERT_EQ(two.size(), 5);
  EXPECT_EQ(one.box(), 256);
  EXPECT_EQ(two.optics(0).pixel_size, 2.806);
  EXPECT_EQ(one.pose(3).shift_y, two.pose(3).shift_y);
  EXPECT_EQ(one.pose(3).shift_y, 0.33640);
}

TEST(RealParticles, WhoseStacksAreElsewhereAreOpenedWithADataFolder) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_metadata");
  struct Case {
    const char* name;
    int box;
    int64_t particles;
    size_t groups;
  };
  for (const Case& c : {Case{"relion31.6opticsgroups.star", 196, 139, 6}, Case{"relion5.star", 448, 17, 1},
                        Case{"FinalRefinement-OriginalParticles-PfCRT.star", 8, 5, 1}}) {
    SCOPED_TRACE(c.name);
    const std::string path = testing::shared_data(std::string("cryoem/relion_metadata/") + c.name);
    EXPECT_SAYS(error_of([&] { ParticleStack::open(path); }), "does not exist");
    // Stand-ins for the stacks: a header and a hole of the right size.
    ParticleStackOptions options;
    options.data_dir = testing::scratch_folder();
    const StarFile star = read_star(path);
    for (const StarTable& table : star.tables) {
      const int column = table.column("rlnImageName");
      for (int64_t row = 0; column >= 0 && row < table.row_count(); ++row) {
        const std::string name = table.cell(row, column);
        const std::string stack = options.data_dir + "/" + name.substr(name.find('@') + 1);
        if (fs::exists(stack)) continue;
        write_stack(stack, 1, c.box, 1.25);
        std::string bytes = read_file(stack).substr(0, 1024);
        const int32_t images = 20000;
        std::memcpy(bytes.data() + 8, &images, 4);
        write_file_atomically(stack, bytes);
        fs::resize_file(stack, 1024 + int64_t{4} * c.box * c.box * images);
      }
    }
    set_log_level(LogLevel::error);
    const ParticleStack stack = ParticleStack::open(path, options);
    set_log_level(LogLevel::info);
    EXPECT_EQ(stack.size(), c.particles);
    EXPECT_EQ(stack.optics_groups().size(), c.groups);
    EXPECT_TRUE(stack.has_poses());
    EXPECT_TRUE(stack.has_ctf());
  }
}

}  // namespace

}  // namespace cryomer
