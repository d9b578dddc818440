#include "cryomer/data/image_references.h"

#include <filesystem>
#include <limits>

#include "cryomer/base/atomic_file.h"
#include "data/stack_files.h"
#include "testing.h"

namespace cryomer {

namespace fs = std::filesystem;

namespace {

using namespace testing;  // of stack_files.h

TEST(ImageReferences, NamesTheImageThatCannotBe) {
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

TEST(ImageReferences, TakesAFileOfOneImageWithoutANumber) {
  const std::string path = data_set(replaced(fixture_text(), "000003@stack.mrcs", "single.mrc"));
  write_stack(fs::path(path).parent_path().string() + "/single.mrc", 1);
  const ParticleStack stack = ParticleStack::open(path);
  float pixels[16];
  stack.read_image(0, pixels);
  EXPECT_EQ(pixels[3], 3);
}

TEST(ImageReferences, FindsStacksWhereUsersHaveThem) {
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

TEST(ImageReferences, SaysWhatIsWrongWithAStack) {
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

TEST(ImageReferences, NeedsOneBoxForAll) {
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

TEST(ImageReferences, RefusesImagesWithHoles) {
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

}  // namespace

}  // namespace cryomer
