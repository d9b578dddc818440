#include "cryomer/kernels/best_scores.h"

#include <vector>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(BestScores, KeepsTheHighestOfAllConformationsAndShifts) {
  for (const InstructionSet set : supported_instruction_sets()) {
    for (const int width : {1, 15, 16, 53}) {
      const int shifts = 7, conformations = 3;
      Random random(4);
      std::vector<float> score(width, -1e30f);
      std::vector<int> conformation(width, -1), shift(width, -1);
      std::vector<float> best(width, -1e30f);
      std::vector<int> expected_conformation(width), expected_shift(width);
      for (int c = 0; c < conformations; ++c) {
        std::vector<float> cross(shifts * width), power(width);
        random.fill_normal(cross.data(), cross.size());
        random.fill_normal(power.data(), power.size());
        keep_best_scores(cross.data(), shifts, width, power.data(), c, {score.data(), conformation.data(), shift.data()}, set);
        for (int t = 0; t < width; ++t) {
          for (int s = 0; s < shifts; ++s) {
            const float value = cross[s * width + t] - power[t];
            if (value <= best[t]) continue;
            best[t] = value;
            expected_conformation[t] = c;
            expected_shift[t] = s;
          }
        }
      }
      EXPECT_EQ(score, best) << name_of(set) << " " << width;
      EXPECT_EQ(conformation, expected_conformation) << name_of(set) << " " << width;
      EXPECT_EQ(shift, expected_shift) << name_of(set) << " " << width;
    }
  }
}

}  // namespace
}  // namespace cryomer
