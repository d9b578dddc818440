#include "cryomer/data/particle_stack.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "testing.h"

namespace cryomer {

namespace fs = std::filesystem;

namespace {

using testing::error_of;

#define EXPECT_SAYS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

// Pixel p of image i has the value 100 i + p.
void write_stack(const std::string& path, int images, int box = 4, double pixel_size = 1.25) {
  fs::create_directories(fs::path(path).parent_path());
  MrcStackWriter writer(path, box, box, pixel_size);
  for (int i = 0; i < images; ++i) {
    std::vector<float> image(box * box);
    for (int p = 0; p < box * box; ++p) image[p] = static_cast<float>(100 * i + p);
    writer.write_section(image.data());
  }
  writer.commit();
}

// Changes bytes of a stack that the writer would refuse to write.
void patch(const std::string& path, size_t offset, float value) {
  std::string bytes = read_file(path);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  write_file_atomically(path, bytes);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// A folder with stack.mrcs (10 images of 4 x 4) and a STAR file of the given text; returns the STAR's path.
std::string data_set(const std::string& text) {
  const std::string folder = testing::scratch_folder();
  write_stack(folder + "/stack.mrcs", 10);
  write_file_atomically(folder + "/p.star", text);
  return folder + "/p.star";
}

std::string fixture_text() {
  return read_file(testing::fixture("particles31.star"));
}

ParticleStackOptions no_ctf() {
  ParticleStackOptions options;
  options.require_ctf = false;
  return options;
}
ParticleStackOptions with_required_poses() {
  ParticleStackOptions options;
  options.require_poses = true;
  return options;
}

std::string message_for(const std::string& text, const ParticleStackOptions& options = {}) {
  const std::string path = data_set(text);
  return error_of([&] { ParticleStack::open(path, options); });
}

std::string log_of(const std::function<void()>& action) {
  const std::string path = testing::scratch_folder() + "/log.txt";
  set_log_file(path);
  action();
  set_log_file("");
  return read_file(path);
}

const char* const kOldText =
    "data_\n\nloop_\n_rlnImageName #1\n_rlnVoltage #2\n_rlnSphericalAberration #3\n_rlnAmplitudeContrast #4\n"
    "_rlnMagnification #5\n_rlnDetectorPixelSize #6\n_rlnDefocusU #7\n_rlnAngleRot #8\n_rlnAngleTilt #9\n"
    "_rlnAnglePsi #10\n_rlnOriginX #11\n_rlnOriginY #12\n"
    "2@stack.mrcs 300 2.7 0.1 40000 5 15000 10 20 30  2 -4\n"
    "1@stack.mrcs 300 2.7 0.1 40000 5 16000 40 50 60 -1  3\n"
    "3@stack.mrcs 200 2.7 0.1 40000 5 17000 70 80 90  0  0\n";

const char* const kBareText = "data_particles\nloop_\n_rlnImageName\n_rlnImagePixelSize\n1@stack.mrcs 1.25\n";

}  // namespace

TEST(ParticleStack, WondersAboutADefocusOfNextToNothing) {
  const std::string micrometres = replaced(replaced(replaced(kOldText, " 15000 ", " 1.5 "), " 16000 ", " 1.6 "), " 17000 ", " 1.7 ");
  EXPECT_SAYS(log_of([&] { ParticleStack::open(data_set(micrometres)); }), "no defocus is larger than 1.7 A. Are they micrometres?");
  EXPECT_EQ(log_of([&] { ParticleStack::open(data_set(kOldText)); }).find("micrometres"), std::string::npos);
}

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

TEST(ParticleStack, TakesOriginsInAngstromBeforeThoseInPixels) {
  std::string text =
      replaced(kOldText, "_rlnOriginY #12\n", "_rlnOriginY #12\n_rlnOriginXAngst\n_rlnOriginYAngst\n");
  text = replaced(replaced(replaced(text, "2 -4\n", "2 -4 7 8\n"), "-1  3\n", "-1 3 0 0\n"), "0  0\n",
                  "0 0 0 0\n");
  const ParticleStack stack = ParticleStack::open(data_set(text));
  EXPECT_EQ(stack.pose(0).shift_x, -7);
  EXPECT_EQ(stack.pose(0).shift_y, -8);
}

TEST(ParticleStack, LooksInTheParticleRowBeforeTheOpticsRow) {
  StarFile file = parse_star(fixture_text(), "p.star");
  StarTable& particles = *file.find("particles");
  const int voltage = particles.add_column("rlnVoltage"), size = particles.add_column("rlnImagePixelSize");
  for (int row = 0; row < 2; ++row) {
    particles.set_cell(row, voltage, "120");
    particles.set_cell(row, size, "1.25");
  }
  StarTable& optics = *file.find("optics");
  const int phase = optics.add_column("rlnPhaseShift");
  for (int row = 0; row < 2; ++row) optics.set_cell(row, phase, "45");
  particles.remove_column(particles.column("rlnPhaseShift"));
  const int premultiplied = optics.add_column("rlnCtfDataAreCtfPremultiplied");
  for (int row = 0; row < 2; ++row) optics.set_cell(row, premultiplied, row == 0 ? "1" : "0");
  const ParticleStack stack = ParticleStack::open(data_set(star_text(file)));
  EXPECT_EQ(stack.optics(1).voltage, 120);
  EXPECT_EQ(stack.optics(1).pixel_size, 1.25);
  EXPECT_DOUBLE_EQ(stack.ctf(1).phase_shift, kPi / 4);  // only in the optics row
  EXPECT_TRUE(stack.optics(0).ctf_premultiplied);
  EXPECT_FALSE(stack.optics(1).ctf_premultiplied);
}

TEST(ParticleStack, SaysWhichOpticsItAssumes) {
  const std::string path = data_set(
      "data_particles\nloop_\n_rlnImageName\n_rlnDefocusU\n_rlnImagePixelSize\n1@stack.mrcs 9000 1.25\n");
  const std::string log = log_of([&] {
    const ParticleStack stack = ParticleStack::open(path);
    EXPECT_EQ(stack.optics(0).voltage, 200);
    EXPECT_EQ(stack.optics(0).spherical_aberration, 0);
    EXPECT_EQ(stack.optics(0).amplitude_contrast, 0);
  });
  EXPECT_SAYS(log, "there is no column _rlnVoltage; 200 kV is assumed");
  EXPECT_SAYS(log, "there is no column _rlnSphericalAberration; 0 mm is assumed");
  EXPECT_SAYS(log, "there is no column _rlnAmplitudeContrast; 0 is assumed");
}

TEST(ParticleStack, NeedsTheCtfUnlessToldOtherwise) {
  const std::string message = message_for(kBareText);
  EXPECT_SAYS(message, "data_particles has no column _rlnDefocusU");
  EXPECT_SAYS(message, "CtfFind or CtfRefine");
  EXPECT_SAYS(message, "rlnAmplitudeContrast 1");
  const ParticleStack stack = ParticleStack::open(data_set(kBareText), no_ctf());
  EXPECT_FALSE(stack.has_ctf());
  EXPECT_TRUE(ParticleStack::open(data_set(fixture_text()), no_ctf()).has_ctf());
}

TEST(ParticleStack, SaysWherePosesComeFrom) {
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

TEST(ParticleStack, WantsBothShiftsOrNone) {
  StarFile file = parse_star(fixture_text(), "p.star");
  StarTable& particles = *file.find("particles");
  particles.remove_column(particles.column("rlnOriginXAngst"));
  EXPECT_SAYS(message_for(star_text(file), with_required_poses()), "only one of the columns _rlnOriginXAngst and _rlnOriginYAngst");
  particles.remove_column(particles.column("rlnOriginYAngst"));
  EXPECT_TRUE(ParticleStack::open(data_set(star_text(file)), with_required_poses()).has_poses());
}

TEST(ParticleStack, DoubtsPosesOfA2dClassification) {
  std::string text = replaced(fixture_text(), "  10.000000   20.000000 ", "0 0");
  text = replaced(text, "-10.000000  120.000000", "0 0");
  const std::string path = data_set(text);
  EXPECT_SAYS(log_of([&] { ParticleStack::open(path, with_required_poses()); }),
              "as after a 2D classification");
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

TEST(ParticleStack, NamesTheImageThatCannotBe) {
  const std::string text = fixture_text();
  EXPECT_SAYS(message_for(replaced(text, "000003@", "0@")),
              "row 1 (line 38), column _rlnImageName: '0@stack.mrcs': images count from 1");
  EXPECT_SAYS(message_for(replaced(text, "000003@", "11@")),
              "row 1 (line 38), column _rlnImageName: image 11 is asked for");
  EXPECT_SAYS(message_for(replaced(text, "000003@", "11@")), "stack.mrcs has 10 images");
  EXPECT_SAYS(message_for(replaced(text, "000003@", "x@")),
              "'x@stack.mrcs' is not an image name; expected number@file");
  EXPECT_SAYS(message_for(replaced(text, "000003@stack.mrcs", "3@")), "the name of the image file is empty");
  EXPECT_SAYS(message_for(replaced(text, "000003@", "")),
              "stack.mrcs has 10 images; say which one is meant, as in 000001@stack.mrcs");
}

TEST(ParticleStack, TakesAFileOfOneImageWithoutANumber) {
  const std::string path = data_set(replaced(fixture_text(), "000003@stack.mrcs", "single.mrc"));
  write_stack(fs::path(path).parent_path().string() + "/single.mrc", 1);
  const ParticleStack stack = ParticleStack::open(path);
  float pixels[16];
  stack.read_image(0, pixels);
  EXPECT_EQ(pixels[3], 3);
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

TEST(ParticleStack, FindsStacksWhereUsersHaveThem) {
  const std::string text = replaced(kBareText, "1@stack.mrcs", "1@Extract/job7/a.mrcs");
  float pixels[16];

  const std::string beside = testing::scratch_folder();
  fs::create_directories(beside + "/Refine3D/job9");
  const std::string star = beside + "/Refine3D/job9/run_data.star";
  write_file_atomically(star, text);
  const std::string missing = error_of([&] { ParticleStack::open(star, no_ctf()); });
  EXPECT_SAYS(missing,
              "row 1 (line 5), column _rlnImageName: the image file Extract/job7/a.mrcs does not exist");
  EXPECT_SAYS(missing, beside + "/Refine3D/job9, " + beside + "/Refine3D, " + beside);
  EXPECT_SAYS(missing, "--data-dir");
  write_stack(beside + "/Extract/job7/a.mrcs", 1);
  EXPECT_EQ(ParticleStack::open(star, no_ctf()).box(), 4);  // a parent of the STAR's folder

  ParticleStackOptions options = no_ctf();
  options.data_dir = testing::scratch_folder();
  write_stack(options.data_dir + "/Extract/job7/a.mrcs", 1, 6);
  EXPECT_EQ(ParticleStack::open(star, options).box(), 6);  // the data folder comes first

  options.data_dir = testing::scratch_folder();
  const std::string elsewhere = testing::scratch_folder() + "/p.star";
  write_file_atomically(elsewhere, text + "1@Extract/job8/a.mrcs 1.25\n");
  write_stack(options.data_dir + "/a.mrcs", 1, 8);
  EXPECT_SAYS(error_of([&] { ParticleStack::open(elsewhere, options); }),
              "both Extract/job7/a.mrcs and Extract/job8/a.mrcs would be");
  write_file_atomically(elsewhere, text + "1@/gone/a.mrcs 1.25\n");
  EXPECT_SAYS(error_of([&] { ParticleStack::open(elsewhere, no_ctf()); }), "(2 of 2 stacks are missing)");
  write_file_atomically(elsewhere, text);
  EXPECT_EQ(ParticleStack::open(elsewhere, options).box(), 8);  // by its bare name

  write_file_atomically(elsewhere,
                        replaced(kBareText, "1@stack.mrcs", "1@" + beside + "/Extract/job7/a.mrcs"));
  ParticleStack::open(elsewhere, no_ctf()).read_image(0, pixels);
  EXPECT_EQ(pixels[5], 5);

  options.data_dir = "/no/such/folder";
  EXPECT_SAYS(error_of([&] { ParticleStack::open(star, options); }),
              "the data folder /no/such/folder does not exist");
}

TEST(ParticleStack, SaysWhatIsWrongWithAStack) {
  const std::string path = data_set(kBareText);
  const std::string stack = fs::path(path).parent_path().string() + "/stack.mrcs";
  fs::resize_file(stack, 1024 + 4 * 16 * 9 + 3);
  EXPECT_SAYS(error_of([&] { ParticleStack::open(path, no_ctf()); }),
              "p.star: data_particles row 1 (line 5), column _rlnImageName: " + stack +
                  ": the file is cut off: 1603 bytes found, 1664 expected");
  {
    MrcStackWriter writer(stack, 4, 6, 1.25);
    const float values[24] = {};
    writer.write_section(values);
    writer.commit();
  }
  EXPECT_SAYS(error_of([&] { ParticleStack::open(path, no_ctf()); }),
              "have 4 x 6 pixels, expected square ones");
  write_stack(stack, 1, 5);
  const std::string odd = error_of([&] { ParticleStack::open(path, no_ctf()); });
  EXPECT_SAYS(odd, "the images have 5 x 5 pixels; Cryomer needs an even box");
  EXPECT_SAYS(odd, "--new_box 4");
}

TEST(ParticleStack, NeedsOneBoxForAll) {
  const std::string path = data_set(replaced(fixture_text(), "000001@stack.mrcs", "000001@other.mrcs"));
  const std::string other = fs::path(path).parent_path().string() + "/other.mrcs";
  write_stack(other, 1, 6);
  EXPECT_SAYS(error_of([&] { ParticleStack::open(path); }),
              "the optics groups have different boxes: krios has images of 4 pixels, old talos of 6");
  write_file_atomically(path, std::string(kBareText) + "1@other.mrcs 1.25\n");
  EXPECT_SAYS(error_of([&] { ParticleStack::open(path, no_ctf()); }),
              "other.mrcs have 6 pixels a side, those of");
  EXPECT_SAYS(message_for(replaced(fixture_text(), "1.500000            4", "1.500000            8")),
              "data_optics row 2 (line 16), column _rlnImageSize: the images have 8 pixels a side in the "
              "STAR file, but 4");
}

TEST(ParticleStack, TakesThePixelSizeOfTheStackWhenItMust) {
  const std::string path = data_set("data_particles\nloop_\n_rlnImageName\n1@stack.mrcs\n");
  const std::string stack = fs::path(path).parent_path().string() + "/stack.mrcs";
  EXPECT_SAYS(log_of([&] { EXPECT_EQ(ParticleStack::open(path, no_ctf()).optics(0).pixel_size, 1.25); }),
              "1.25 A is taken from the header of " + stack);
  for (const float width : {0.0f, 4.0f, 1e6f, -3.0f}) {  // of 4 pixels
    patch(stack, 40, width);
    const std::string message = error_of([&] { ParticleStack::open(path, no_ctf()); });
    EXPECT_SAYS(message, "the pixel size is not known");
    EXPECT_SAYS(message, "--pixel-size");
  }
  ParticleStackOptions options = no_ctf();
  options.pixel_size = 3;
  EXPECT_EQ(ParticleStack::open(path, options).optics(0).pixel_size, 3);
  write_file_atomically(path, "data_particles\nloop_\n_rlnImageName\n1@stack.mrcs\n1@other.mrcs\n");
  write_stack(fs::path(path).parent_path().string() + "/other.mrcs", 1, 4, 1.5);
  patch(stack, 40, 5.0f);
  EXPECT_SAYS(error_of([&] { ParticleStack::open(path, no_ctf()); }), "1.25 A before");
}

TEST(ParticleStack, SaysWhichPixelSizeWins) {
  const std::string path = data_set(kBareText);
  const std::string stack = fs::path(path).parent_path().string() + "/stack.mrcs";
  EXPECT_EQ(log_of([&] { ParticleStack::open(path, no_ctf()); }), "");
  patch(stack, 40, 4 * 2.5f);
  const std::string contradiction =
      log_of([&] { EXPECT_EQ(ParticleStack::open(path, no_ctf()).optics(0).pixel_size, 1.25); });
  EXPECT_SAYS(contradiction,
              "contradicts the STAR file: 2.5 A in " + stack + ", but 1.25 A for opticsGroup1");
  EXPECT_SAYS(contradiction, "warning");
  for (const float width : {0.0f, 4.0f}) {
    patch(stack, 40, width);
    const std::string placeholder = log_of([&] { ParticleStack::open(path, no_ctf()); });
    EXPECT_SAYS(placeholder, "the pixel size is not filled in in 1 of 1 stacks");
    EXPECT_SAYS(placeholder, " info: ");
    EXPECT_EQ(placeholder.find("warn"), std::string::npos);
  }
  ParticleStackOptions options = no_ctf();
  options.pixel_size = 2;
  EXPECT_SAYS(log_of([&] { EXPECT_EQ(ParticleStack::open(path, options).optics(0).pixel_size, 2); }),
              "opticsGroup1 has a pixel size of 1.25 A; the given 2 A replaces it");
  options.pixel_size = -1;
  EXPECT_SAYS(error_of([&] { ParticleStack::open(path, options); }), "a pixel size of -1 A was given");
}

TEST(ParticleStack, ReadsThePixelSizeOfOtherPrograms) {
  const std::string text = replaced(kBareText, "_rlnImagePixelSize", "_rlnPixelSize");
  EXPECT_EQ(ParticleStack::open(data_set(text), no_ctf()).optics(0).pixel_size, 1.25);
}

TEST(ParticleStack, RefusesImagesWithHoles) {
  const std::string path = data_set(fixture_text());
  const std::string stack_path = fs::path(path).parent_path().string() + "/stack.mrcs";
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 1e30f}) {
    patch(stack_path, 1024 + 4 * (2 * 16 + 6), bad);
    const ParticleStack stack = ParticleStack::open(path);
    float pixels[16];
    stack.read_image(1, pixels);
    const std::string message = error_of([&] { stack.read_image(0, pixels); });
    EXPECT_SAYS(
        message,
        "data_particles row 1 (line 38), column _rlnImageName: image 000003@stack.mrcs has the value");
    EXPECT_SAYS(message, "at pixel x 2, y 1");
  }
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

TEST(ParticleStack, MentionsAberrationsItLeavesOut) {
  StarFile file = parse_star(fixture_text(), "p.star");
  StarTable& optics = *file.find("optics");
  const int tilt = optics.add_column("rlnBeamTiltX");
  for (int row = 0; row < 2; ++row) optics.set_cell(row, tilt, "0.1");
  const std::string path = data_set(star_text(file));
  EXPECT_SAYS(log_of([&] { ParticleStack::open(path); }), "_rlnBeamTiltX are not used");
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

}  // namespace cryomer
