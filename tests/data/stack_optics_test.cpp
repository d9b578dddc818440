#include "cryomer/data/stack_optics.h"

#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/units.h"
#include "data/stack_files.h"
#include "testing.h"

namespace cryomer {

namespace fs = std::filesystem;

namespace {

using namespace testing;  // of stack_files.h

TEST(StackOptics, WondersAboutADefocusOfNextToNothing) {
  const std::string micrometres = replaced(replaced(replaced(kOldText, " 15000 ", " 1.5 "), " 16000 ", " 1.6 "), " 17000 ", " 1.7 ");
  EXPECT_SAYS(log_of([&] { ParticleStack::open(data_set(micrometres)); }), "no defocus is larger than 1.7 A. Are they micrometres?");
  EXPECT_EQ(log_of([&] { ParticleStack::open(data_set(kOldText)); }).find("micrometres"), std::string::npos);
}

TEST(StackOptics, LooksInTheParticleRowBeforeTheOpticsRow) {
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

TEST(StackOptics, SaysWhichOpticsItAssumes) {
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

TEST(StackOptics, NeedsTheCtfUnlessToldOtherwise) {
  const std::string message = message_for(kBareText);
  EXPECT_SAYS(message, "data_particles has no column _rlnDefocusU");
  EXPECT_SAYS(message, "CtfFind or CtfRefine");
  EXPECT_SAYS(message, "rlnAmplitudeContrast 1");
  const ParticleStack stack = ParticleStack::open(data_set(kBareText), no_ctf());
  EXPECT_FALSE(stack.has_ctf());
  EXPECT_TRUE(ParticleStack::open(data_set(fixture_text()), no_ctf()).has_ctf());
}

TEST(StackOptics, TakesThePixelSizeOfTheStackWhenItMust) {
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

TEST(StackOptics, SaysWhichPixelSizeWins) {
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

TEST(StackOptics, ReadsThePixelSizeOfOtherPrograms) {
  const std::string text = replaced(kBareText, "_rlnImagePixelSize", "_rlnPixelSize");
  EXPECT_EQ(ParticleStack::open(data_set(text), no_ctf()).optics(0).pixel_size, 1.25);
}

TEST(StackOptics, MentionsAberrationsItLeavesOut) {
  StarFile file = parse_star(fixture_text(), "p.star");
  StarTable& optics = *file.find("optics");
  const int tilt = optics.add_column("rlnBeamTiltX");
  for (int row = 0; row < 2; ++row) optics.set_cell(row, tilt, "0.1");
  const std::string path = data_set(star_text(file));
  EXPECT_SAYS(log_of([&] { ParticleStack::open(path); }), "_rlnBeamTiltX are not used");
}

}  // namespace

}  // namespace cryomer
