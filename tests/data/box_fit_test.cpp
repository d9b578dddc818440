#include "cryomer/data/box_fit.h"

#include "io/io_testing.h"

namespace cryomer {
namespace {

Structure two_atoms(double apart) {
  Structure structure;
  structure.source = "s.pdb";
  structure.atoms.resize(2);
  structure.atoms[1].position = {apart, 0, 0};
  return structure;
}

TEST(BoxFit, RefusesWhatIsFarLargerThanTheBox) {
  EXPECT_EQ(testing::error_of([] { check_fits_box(two_atoms(100), {}, 64, 1.5); }),
            "s.pdb reaches 100 A from the centre of the box, the box only 48 A (64 pixels of 1.5 A). Is it the right "
            "structure, in the frame of the images, and the right pixel size? A box of 148 pixels would hold it");
}

TEST(BoxFit, WarnsOfWhatIsCutOff) {
  EXPECT_NE(testing::log_of([] { check_fits_box(two_atoms(50), {}, 64, 1.5); }).find("warning: s.pdb reaches 50.0 A"),
            std::string::npos);
  EXPECT_EQ(testing::log_of([] { check_fits_box(two_atoms(50), {25, 0, 0}, 64, 1.5); }), "");
}

}  // namespace
}  // namespace cryomer
