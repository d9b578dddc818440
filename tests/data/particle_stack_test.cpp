#include "cryomer/data/particle_stack.h"

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "data/stack_files.h"
#include "testing.h"

namespace cryomer {

namespace {

using namespace testing;  // of stack_files.h

TEST(ParticleStack, ReadsARelion31File) {
  const std::string path = data_set(fixture_text());
  const ParticleStack stack = ParticleStack::open(path);
  EXPECT_EQ(stack.path(), path);
  ASSERT_EQ(stack.size(), 2);
  EXPECT_EQ(stack.box(), 4);
  EXPECT_TRUE(stack.has_ctf());
  ASSERT_TRUE(stack.has_poses());
  EXPECT_EQ(stack.particle_table().name, "particles");

  ASSERT_EQ(stack.optics_groups().size(), 2u);
  EXPECT_EQ(stack.optics_group(0), 0);
  EXPECT_EQ(stack.optics_group(1), 1);
  EXPECT_EQ(stack.optics(0).name, "krios");
  EXPECT_EQ(stack.optics(1).name, "old talos");
  EXPECT_EQ(stack.optics(1).voltage, 200);
  EXPECT_EQ(stack.optics(1).spherical_aberration, 2.0);
  EXPECT_EQ(stack.optics(1).amplitude_contrast, 0.07);
  EXPECT_EQ(stack.optics(1).pixel_size, 1.5);
  EXPECT_FALSE(stack.optics(1).ctf_premultiplied);

  const CtfParameters& ctf = stack.ctf(0);
  EXPECT_EQ(ctf.defocus_u, 11000);
  EXPECT_EQ(ctf.defocus_v, 10500);
  EXPECT_DOUBLE_EQ(ctf.astigmatism_angle, kPi / 6);
  EXPECT_DOUBLE_EQ(ctf.phase_shift, kPi / 2);
  EXPECT_EQ(ctf.b_factor, 20);
  EXPECT_EQ(ctf.scale, 0.9);

  const Mat3 expected = rotation_from_euler({radians(10), radians(20), radians(30)});
  EXPECT_LT(rotation_distance(stack.pose(0).rotation, expected), 1e-7);
  EXPECT_EQ(stack.pose(0).shift_x, -1.5);  // the origin moves the image back
  EXPECT_EQ(stack.pose(0).shift_y, 2.5);

  float pixels[16];
  stack.read_image(0, pixels);  // 000003@
  EXPECT_EQ(pixels[0], 200);
  EXPECT_EQ(pixels[15], 215);
  stack.read_image(1, pixels);
  EXPECT_EQ(pixels[7], 7);
  EXPECT_SAYS(error_of([&] { stack.read_image(2, pixels); }), "particle 2 asked for, but there are 2");
}

TEST(ParticleStack, DoesNotMindTheOrderOfTheTables) {
  StarFile file = parse_star(fixture_text(), "p.star");
  std::swap(file.tables[0], file.tables[1]);
  StarTable general;
  general.name = "general";
  general.columns = {"anything"};
  general.add_row({"1"});
  file.tables.insert(file.tables.begin(), general);
  const ParticleStack stack = ParticleStack::open(data_set(star_text(file)));
  EXPECT_EQ(stack.optics(1).name, "old talos");
  EXPECT_EQ(stack.star().tables.size(), 3u);
  EXPECT_EQ(stack.particle_table().row_count(), 2);
}

TEST(ParticleStack, ReadsARelion30File) {
  const ParticleStack stack = ParticleStack::open(data_set(kOldText));
  ASSERT_EQ(stack.size(), 3);
  EXPECT_DOUBLE_EQ(stack.optics(0).pixel_size, 1.25);  // 5 um / 40000
  EXPECT_DOUBLE_EQ(stack.pose(0).shift_x, -2.5);       // origins in pixels
  EXPECT_DOUBLE_EQ(stack.pose(0).shift_y, 5);
  EXPECT_EQ(stack.ctf(1).defocus_u, 16000);
  EXPECT_EQ(stack.ctf(1).defocus_v, 16000);  // U where V is absent
  EXPECT_EQ(stack.ctf(1).scale, 1);
  ASSERT_EQ(stack.optics_groups().size(), 2u);  // rows of another voltage are another group
  EXPECT_EQ(stack.optics_group(1), 0);
  EXPECT_EQ(stack.optics(2).voltage, 200);
  EXPECT_EQ(stack.optics(2).name, "opticsGroup2");
}

TEST(ParticleStack, NamesTheCellThatIsWrong) {
  const std::string text = fixture_text();
  EXPECT_SAYS(message_for(replaced(text, "11500.000000", "12k")),
              "p.star: data_particles row 2 (line 39), column _rlnDefocusV: '12k' is not a finite number");
  EXPECT_SAYS(message_for(replaced(text, "  10.000000   20.000000", "nan 20")),
              "row 1 (line 38), column _rlnAngleRot: 'nan'");
  EXPECT_SAYS(
      message_for(replaced(text, "stack.mrcs 7", "stack.mrcs 8")),
      "row 2 (line 39), column _rlnOpticsGroup: optics group 8 is not in data_optics, which has 1, 7");
  EXPECT_SAYS(message_for(replaced(text, "stack.mrcs 7", "stack.mrcs 1.5")), "'1.5' is not a whole number");
  EXPECT_SAYS(message_for(replaced(text, "           7 ", "           1 ")),
              "optics group 1 is defined twice");
  EXPECT_SAYS(message_for(replaced(text, "200.000000   2.0", "200000   2.0")),
              "data_optics row 2 (line 16), column _rlnVoltage: a voltage of 200000 kV");
  EXPECT_SAYS(message_for(replaced(text, "200.000000   2.0", "200.000000   2000")),
              "data_optics row 2 (line 16), column _rlnSphericalAberration: a spherical aberration of 2000");
  EXPECT_SAYS(message_for(replaced(text, "0.070000", "7")),
              "an amplitude contrast of 7; expected a fraction");
  EXPECT_SAYS(message_for(replaced(text, "1.500000 ", "-1.5 ")),
              "data_optics row 2 (line 16), column _rlnImagePixelSize: a pixel size of -1.5 A");
  EXPECT_SAYS(message_for(replaced(kOldText, "300 2.7 0.1 40000 5", "300 2.7 0.1 0 5")),
              "column _rlnMagnification: detector pixels of 5 um at magnification 0");
}

TEST(ParticleStack, SaysWhatTheFileLacks) {
  EXPECT_SAYS(message_for("data_particles\nloop_\n_rlnImageNam\n1@stack.mrcs\n"),
              "no table has a column _rlnImageName, which says where a particle's image is "
              "(000001@stack.mrcs); found data_particles. Did you mean 'rlnImageNam'?");
  EXPECT_SAYS(message_for("# nothing\n"), "the file has no table");
  EXPECT_SAYS(message_for("data_particles\nloop_\n_rlnImageName\n"),
              "data_particles has no rows: no particles");
  const std::string twice = std::string(kBareText) + kBareText;
  EXPECT_SAYS(message_for(twice), "data_particles stands 2 times in the file");
  EXPECT_SAYS(
      message_for(replaced(replaced(twice, "data_particles", "data_a"), "data_particles", "data_b")),
      "several tables have a column _rlnImageName and none is called data_particles (data_a, data_b)");
  EXPECT_TRUE(
      ParticleStack::open(data_set(replaced(kBareText, "data_particles", "data_model_class_1")), no_ctf())
          .size());
  StarFile file = parse_star(fixture_text(), "p.star");
  StarTable& particles = *file.find("particles");
  particles.remove_column(particles.column("rlnOpticsGroup"));
  EXPECT_SAYS(message_for(star_text(file)),
              "data_particles has no column _rlnOpticsGroup, but data_optics has 2 groups");
}

TEST(ParticleStack, RefusesTomography) {
  EXPECT_SAYS(message_for("data_general\n_rlnTomoSubTomosAre2DStacks 1\n" + std::string(kBareText)),
              "this is a tomography data set (rlnTomoSubTomosAre2DStacks is set)");
  EXPECT_SAYS(
      message_for("data_particles\nloop_\n_rlnImageName\n_rlnTomoVisibleFrames\nstack.mrcs [1,1,0]\n"),
      "a column _rlnTomoVisibleFrames: every row stands for a stack of several images");
  EXPECT_SAYS(message_for("data_particles\nloop_\n_rlnImageName\n_rlnTomoName\nstack.mrcs TS_01\n"),
              "columns _rlnTomo..., and _rlnImageName names whole stacks");
  EXPECT_SAYS(message_for(replaced(fixture_text(), "4            2", "4            3")),
              "the particles are volumes");
  // A row with one image is a single particle wherever it was picked.
  EXPECT_EQ(ParticleStack::open(data_set("data_particles\nloop_\n_rlnImageName\n_rlnTomoName\n_rlnPixelSize\n"
                                         "1@stack.mrcs TS_01 1.25\n"),
                                no_ctf())
                .size(),
            1);
}

TEST(ParticleStack, SurvivesDamagedFiles) {
  const std::string valid = fixture_text();
  const std::string path = data_set(valid);
  Random random(99);
  const std::string alphabet = "\n #_'\"@09.-x";
  int opened = 0;
  set_log_level(LogLevel::error);
  for (int round = 0; round < 500; ++round) {
    std::string text = valid;
    for (uint64_t change = 0, changes = 1 + random.below(3); change < changes; ++change) {
      const size_t at = random.below(text.size());
      const char c = alphabet[random.below(alphabet.size())];
      switch (random.below(4)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text.erase(at, 1 + random.below(20));
          break;
        default:
          text.insert(at, text.substr(random.below(text.size()), random.below(30)));
          break;
      }
    }
    write_file_atomically(path, text);
    try {
      const ParticleStack stack = ParticleStack::open(path, no_ctf());
      float pixels[16];
      for (int64_t i = 0; i < stack.size(); ++i) stack.read_image(i, pixels);
      with_poses(stack.star(), std::vector<Pose>(stack.size()));
      ++opened;
    } catch (const Error&) {
    }
  }
  set_log_level(LogLevel::info);
  EXPECT_GT(opened, 25);
  EXPECT_LT(opened, 475);
}

}  // namespace

}  // namespace cryomer
