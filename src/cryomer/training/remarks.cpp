#include "cryomer/training/remarks.h"

#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/pose_search/pose_finder.h"

namespace cryomer {

void say_how_sure_poses_are(const PoseTable& poses, const PoseSearchConfig& search) {
  constexpr double kUneven = 0.4, kTied = 0.6;
  constexpr double kTooMany = 0.02;  // docs/experiments.md: below 0.001 where all poses are right, 0.04 where a fifth is wrong
  const ViewSpread views = view_spread(poses);
  if (views.near_axis > kUneven) {
    log_warning("{:.0f} % of the views are within 30 degrees of one axis of the molecule ({:.2f}, {:.2f}, {:.2f}); even views would be "
                "13 %. Motions along that axis hardly show, and the ensemble may be wrong there",
                100 * views.near_axis, views.axis.x, views.axis.y, views.axis.z);
  }
  int64_t tied = 0;
  double right = 0;
  for (int64_t p = 0; p < poses.particles(); ++p) {
    // Candidates that have come together are one.
    const std::vector<double> weight = poses.weights(p, 1);
    const Pose best = poses.pose(p, poses.best_slot(p));
    double together = 0;
    for (int64_t s = 0; s < poses.slots(); ++s) {
      if (weight[size_t(s)] > 0 && near_each_other(poses.pose(p, s), best, 0.5 * radians(search.rotation_step), search.shift_step)) together += weight[size_t(s)];
    }
    tied += together < kTied;
    right += together / double(poses.particles());
  }
  const double share = double(tied) / double(poses.particles());
  log_info("Poses: the model gives a particle's best pose {:.0f} % on average, of those it has met (the most that can be right), and less than {:.0f} % for {:.1f} % of the particles: tied",
           100 * right, 100 * kTied, 100 * share);
  if (share > kTooMany) {
    log_warning("more poses are tied than the {:.0f} % of a structure that fits and images that suffice: mirror solutions, too much noise, or a run too short. Do not "
                "trust single particles, nor the ensemble without a check",
                100 * kTooMany);
  }
}

void say_what_is_blurred(const AtomWidths& atom_widths, const Structure& structure, double largest) {
  if (!atom_widths.learned()) return;
  constexpr double kNearly = 0.97;
  const std::vector<float> widths = to_floats(atom_widths());
  const std::vector<Residue>& residues = structure.residues;
  auto blurred = [&](size_t r) { return r < residues.size() && widths[size_t(residues[r].first_atom)] > kNearly * largest; };
  std::vector<std::string> stretches;
  for (size_t first = 0; first < residues.size(); ++first) {
    if (!blurred(first)) continue;
    size_t last = first;
    while (blurred(last + 1) && residues[last + 1].chain == residues[first].chain) ++last;
    stretches.push_back(residue_label(residues[first]) + (last > first ? formatted(" to {}", residues[last].number) : ""));
    first = last;
  }
  if (stretches.empty()) return;
  log_warning("{} {} as blurred as atoms may be ({} A): more moves there than the ensemble shows", join(stretches, ", "),
              stretches.size() > 1 || stretches.front().find(" to ") != std::string::npos ? "are" : "is", largest);
}

}  // namespace cryomer
