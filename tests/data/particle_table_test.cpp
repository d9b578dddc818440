#include "cryomer/data/particle_table.h"

#include "cryomer/base/random.h"
#include "data/stack_files.h"
#include "testing.h"

namespace cryomer {

namespace {

using namespace testing;  // of stack_files.h

TEST(ParticleTable, TakesOriginsInAngstromBeforeThoseInPixels) {
  std::string text =
      replaced(kOldText, "_rlnOriginY #12\n", "_rlnOriginY #12\n_rlnOriginXAngst\n_rlnOriginYAngst\n");
  text = replaced(replaced(replaced(text, "2 -4\n", "2 -4 7 8\n"), "-1  3\n", "-1 3 0 0\n"), "0  0\n",
                  "0 0 0 0\n");
  const ParticleStack stack = ParticleStack::open(data_set(text));
  EXPECT_EQ(stack.pose(0).shift_x, -7);
  EXPECT_EQ(stack.pose(0).shift_y, -8);
}

TEST(ParticleTable, SaysWherePosesComeFrom) {
  EXPECT_FALSE(ParticleStack::open(data_set(kBareText), no_ctf()).has_poses());
  StarFile file = parse_star(fixture_text(), "p.star");
  StarTable& particles = *file.find("particles");
  particles.remove_column(particles.column("rlnAngleTilt"));
  particles.remove_column(particles.column("rlnAngleRot"));
  const std::string message = message_for(star_text(file), with_required_poses());
  EXPECT_SAYS(message,
              "data_particles has no column _rlnAngleRot, _rlnAngleTilt, so the poses are not known");
  EXPECT_SAYS(message, "run_data.star");
  EXPECT_SAYS(message, "Refine3D");
  EXPECT_FALSE(ParticleStack::open(data_set(star_text(file))).has_poses());
}

TEST(ParticleTable, WantsBothShiftsOrNone) {
  StarFile file = parse_star(fixture_text(), "p.star");
  StarTable& particles = *file.find("particles");
  particles.remove_column(particles.column("rlnOriginXAngst"));
  EXPECT_SAYS(message_for(star_text(file), with_required_poses()), "only one of the columns _rlnOriginXAngst and _rlnOriginYAngst");
  particles.remove_column(particles.column("rlnOriginYAngst"));
  EXPECT_TRUE(ParticleStack::open(data_set(star_text(file)), with_required_poses()).has_poses());
}

TEST(ParticleTable, DoubtsPosesOfA2dClassification) {
  std::string text = replaced(fixture_text(), "  10.000000   20.000000 ", "0 0");
  text = replaced(text, "-10.000000  120.000000", "0 0");
  const std::string path = data_set(text);
  EXPECT_SAYS(log_of([&] { ParticleStack::open(path, with_required_poses()); }),
              "as after a 2D classification");
}

TEST(WithPoses, WritesWhatIsReadBackAndKeepsTheRest) {
  const std::string path = data_set(kOldText);
  const ParticleStack stack = ParticleStack::open(path);
  Random random(5);
  std::vector<Pose> poses(3);
  for (Pose& pose : poses) {
    pose.rotation = random_rotation(random);
    pose.shift_x = random.normal();
    pose.shift_y = random.normal();
  }
  poses[2].rotation = Mat3();
  poses[2].shift_x = 1e-9;
  const StarFile written = with_poses(stack.star(), poses);
  const StarTable& table = written.tables[0];
  EXPECT_FALSE(table.has("rlnOriginX"));  // in pixels, it would contradict
  EXPECT_FALSE(table.has("rlnOriginY"));
  EXPECT_EQ(table.cell(2, table.column("rlnOriginXAngst")), "0.000000");
  for (const std::string& column : stack.particle_table().columns) {
    if (column.find("Origin") != std::string::npos || column.find("Angle") != std::string::npos) continue;
    for (int64_t row = 0; row < 3; ++row) {
      EXPECT_EQ(table.cell(row, table.column(column)),
                stack.particle_table().cell(row, stack.particle_table().column(column)));
    }
  }
  write_star(path, written);
  const ParticleStack again = ParticleStack::open(path, with_required_poses());
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(rotation_distance(again.pose(i).rotation, poses[i].rotation), 1e-7);
    EXPECT_NEAR(again.pose(i).shift_x, poses[i].shift_x, 6e-7);
    EXPECT_NEAR(again.pose(i).shift_y, poses[i].shift_y, 6e-7);
    EXPECT_EQ(again.ctf(i).defocus_u, stack.ctf(i).defocus_u);
  }
}

TEST(WithPoses, KeepsTheOrderOfColumns) {
  const StarFile file = parse_star(fixture_text(), "p.star");
  const StarFile written = with_poses(file, std::vector<Pose>(2));
  EXPECT_EQ(written.find("particles")->columns, file.find("particles")->columns);
  EXPECT_EQ(written.find("particles")->comments, file.find("particles")->comments);
  EXPECT_EQ(star_text({{*written.find("optics")}}), star_text({{*file.find("optics")}}));
}

TEST(WithPoses, RefusesWhatDoesNotFit) {
  const StarFile file = parse_star(fixture_text(), "p.star");
  EXPECT_SAYS(error_of([&] { with_poses(file, std::vector<Pose>(3)); }),
              "p.star: 3 poses for the 2 rows of data_particles");
  std::vector<Pose> poses(2);
  poses[1].shift_x = NAN;
  EXPECT_SAYS(error_of([&] { with_poses(file, poses); }),
              "the pose of particle 1 is not finite (rlnOriginXAngst)");
}

}  // namespace

}  // namespace cryomer
