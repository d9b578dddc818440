#include "cryomer/evaluation/mirror_image.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "cryomer/base/error.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/median.h"
#include "cryomer/geometry/superpose.h"

namespace cryomer {

MirrorCheck check_mirror_image(const Ensemble& ensemble, const Ensemble& truth) {
  require_usable(ensemble, "ensemble");
  require_usable(truth, "truth");
  if (ensemble.atom_count != truth.atom_count) {
    fail("mirror image: the ensemble has {} atoms and the truth {}, expected the same", ensemble.atom_count, truth.atom_count);
  }
  constexpr int64_t kMost = 50;
  const int64_t shown = std::min(kMost, ensemble.size()), compared = std::min(kMost, truth.size());
  std::vector<double> direct, mirrored;
  for (int64_t i = 0; i < shown; ++i) {
    const float* x = ensemble.conformation(i * ensemble.size() / shown);
    std::vector<float> other(x, x + 3 * ensemble.atom_count);
    for (size_t k = 0; k < other.size(); k += 3) other[k] = -other[k];
    double least = std::numeric_limits<double>::infinity(), least_mirrored = least;
    for (int64_t j = 0; j < compared; ++j) {
      const float* y = truth.conformation(j * truth.size() / compared);
      least = std::min(least, superpose(x, y, size_t(truth.atom_count)).rmsd);
      least_mirrored = std::min(least_mirrored, superpose(other.data(), y, size_t(truth.atom_count)).rmsd);
    }
    direct.push_back(least);
    mirrored.push_back(least_mirrored);
  }
  return {median(direct), median(mirrored)};
}

}  // namespace cryomer
