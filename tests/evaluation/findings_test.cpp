// Errors are planted in ensembles whose truth is known: every figure that should see one does, and it is said in words.
#include "cryomer/evaluation/findings.h"

#include <algorithm>
#include <cmath>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

// A helix that bends at its middle about two angles: a mode about 0 degrees and one about 60.
struct Hinge {
  Structure base = testing::polyalanine(30);
  EnsembleComparisonOptions options;
  Random random;

  explicit Hinge(uint64_t seed) : random(seed) {
    options.emd.n = 150;
    options.distances = {parse_pair_distance(base, "A/1/CA:A/30/CA")};
    options.cuts = {41};
  }

  Ensemble states(int count, double bent_share) {
    Ensemble result;
    result.atom_count = base.atom_count();
    const std::vector<float> straight = base.coordinates();
    const int pivot = base.find_atom(15, "CA");
    const Vec3 centre{straight[3 * pivot], straight[3 * pivot + 1], straight[3 * pivot + 2]};
    const auto ca = [&](int r) { return base.atoms[base.find_atom(r, "CA")].position; };
    const Vec3 axis = normalized(cross(ca(29) - ca(0), Vec3{0, 0, 1}));
    for (int i = 0; i < count; ++i) {
      const double angle = radians((random.uniform() < bent_share ? 60 : 0) + 8 * random.normal());
      const Mat3 turn = rotation_from_vector(angle * axis);
      std::vector<float> x = straight;
      for (int a = 0; a < base.atom_count(); ++a) {
        if (base.atoms[a].residue < 15) continue;
        const Vec3 moved = centre + turn * (Vec3{x[3 * a], x[3 * a + 1], x[3 * a + 2]} - centre);
        for (int k = 0; k < 3; ++k) x[3 * a + k] = float(moved[k]);
      }
      result.append(x.data());
    }
    return result;
  }
  EnsembleComparison compare(const Ensemble& ensemble, const Ensemble& truth) {
    return compare_ensembles(base, ensemble, truth, options);
  }
};

bool says(const std::vector<Finding>& list, Verdict verdict, const std::string& subject, const std::string& part = "") {
  return std::any_of(list.begin(), list.end(), [&](const Finding& f) {
    return f.verdict == verdict && f.subject == subject && f.text.find(part) != std::string::npos;
  });
}

int wrongs(const std::vector<Finding>& list) {
  return int(std::count_if(list.begin(), list.end(), [](const Finding& f) { return f.verdict == Verdict::wrong; }));
}

TEST(Findings, FindNothingWrongWithAnotherDrawOfTheTruth) {
  Hinge hinge(1);
  const Ensemble truth = hinge.states(1500, 0.3), ensemble = hinge.states(1500, 0.3);
  const std::vector<Finding> found = findings(hinge.compare(ensemble, truth));
  EXPECT_EQ(wrongs(found), 0) << findings_text(found);
  for (const char* subject : {"emd_rmsd", "states", "group", "distance", "motion", "positions", "fluctuations", "geometry"}) {
    EXPECT_TRUE(says(found, Verdict::good, subject)) << subject << findings_text(found);
  }
}

TEST(Findings, SeeAModeThatWasRemoved) {
  Hinge hinge(2);
  const Ensemble truth = hinge.states(1500, 0.3), ensemble = hinge.states(1500, 0);
  const EnsembleComparison result = hinge.compare(ensemble, truth);
  const std::vector<Finding> found = findings(result);
  EXPECT_LT(result.emd.coverage, 0.8);
  EXPECT_GT(result.emd.precision, 0.85);
  EXPECT_GT(result.emd.value_at_floor_n, result.emd.floor + 0.8);
  EXPECT_LT(result.motions.motions.at(0).recovered, 0.3);
  EXPECT_LT(result.fluctuations.ratio, 0.6);
  EXPECT_GT(result.distances[0].wasserstein, 4 * result.distances[0].wasserstein_floor);
  EXPECT_TRUE(says(found, Verdict::wrong, "states", "States are missing")) << findings_text(found);
  EXPECT_TRUE(says(found, Verdict::wrong, "group", "is missing")) << findings_text(found);
  EXPECT_TRUE(says(found, Verdict::wrong, "distance", "too long")) << findings_text(found);
  EXPECT_TRUE(says(found, Verdict::wrong, "motion", "is recovered to")) << findings_text(found);
  EXPECT_TRUE(says(found, Verdict::wrong, "fluctuations", "too rigid")) << findings_text(found);
  EXPECT_FALSE(says(found, Verdict::good, "emd_rmsd"));
}

TEST(Findings, SeeAModeThatWasInvented) {
  Hinge hinge(3);
  const Ensemble truth = hinge.states(1500, 0), ensemble = hinge.states(1500, 0.3);
  const EnsembleComparison result = hinge.compare(ensemble, truth);
  EXPECT_LT(result.emd.precision, 0.8);
  EXPECT_TRUE(says(findings(result), Verdict::wrong, "states", "not true"));
  EXPECT_TRUE(says(findings(result), Verdict::wrong, "group", "invented"));
  EXPECT_TRUE(says(findings(result), Verdict::wrong, "fluctuations", "too mobile"));
}

TEST(Findings, SeeADistanceThatIsBiasedByOneAngstrom) {
  Hinge hinge(4);
  const Ensemble truth = hinge.states(1500, 0.3);
  Ensemble ensemble = hinge.states(1500, 0.3);
  const PairDistance& pair = hinge.options.distances[0];
  for (int64_t i = 0; i < ensemble.size(); ++i) {
    float* const x = ensemble.conformation(i);
    const auto at = [&](int a) { return Vec3{x[3 * a], x[3 * a + 1], x[3 * a + 2]}; };
    const Vec3 direction = normalized(at(pair.second) - at(pair.first));
    for (int a = 0; a < hinge.base.atom_count(); ++a) {
      for (int k = 0; k < 3 && hinge.base.atoms[a].residue >= 15; ++k) x[3 * a + k] += float(direction[k]);
    }
  }
  const EnsembleComparison result = hinge.compare(ensemble, truth);
  EXPECT_NEAR(result.distances[0].mean - result.distances[0].truth_mean, 1, 0.3);
  EXPECT_LT(result.distances[0].shape_wasserstein, 0.4 * result.distances[0].wasserstein);
  const std::vector<Finding> found = findings(result);
  EXPECT_TRUE(says(found, Verdict::wrong, "distance", "is biased")) << findings_text(found);
  EXPECT_TRUE(says(found, Verdict::wrong, "distance", "too long")) << findings_text(found);
  EXPECT_FALSE(says(found, Verdict::wrong, "mirror_image"));
  EXPECT_FALSE(says(found, Verdict::wrong, "fluctuations"));
  // Where nobody asked for the distance, the residues are seen to stand apart.
  EXPECT_TRUE(says(found, Verdict::wrong, "positions", "stand elsewhere")) << findings_text(found);
}

TEST(Findings, SeeOccupanciesThatWereSwapped) {
  Hinge hinge(5);
  const Ensemble truth = hinge.states(1500, 0.3), ensemble = hinge.states(1500, 0.7);
  const EnsembleComparison result = hinge.compare(ensemble, truth);
  const std::vector<Finding> found = findings(result);
  EXPECT_TRUE(says(found, Verdict::wrong, "group", "are swapped")) << findings_text(found);
  EXPECT_TRUE(says(found, Verdict::wrong, "distance", "too short")) << findings_text(found);
  // All states are there, in other proportions.
  EXPECT_TRUE(says(found, Verdict::good, "states")) << findings_text(found);
  EXPECT_FALSE(says(found, Verdict::good, "emd_rmsd")) << findings_text(found);
}

TEST(Findings, SeeAMirrorImage) {
  Hinge hinge(6);
  const Ensemble truth = hinge.states(1500, 0.3);
  Ensemble ensemble = hinge.states(1500, 0.3);
  for (size_t k = 1; k < ensemble.coordinates.size(); k += 3) ensemble.coordinates[k] *= -1;
  const EnsembleComparison result = hinge.compare(ensemble, truth);
  EXPECT_TRUE(result.mirror.is_mirrored());
  EXPECT_NEAR(result.geometry.wrong_hands, 1, 1e-12);
  EXPECT_EQ(result.truth_geometry.wrong_hands, 0);
  const std::vector<Finding> found = findings(result);
  EXPECT_TRUE(says(found, Verdict::wrong, "mirror_image", "is a mirror image of the truth")) << findings_text(found);
  EXPECT_TRUE(says(found, Verdict::wrong, "chirality", "100 %")) << findings_text(found);
  // Its distances cannot tell.
  EXPECT_TRUE(says(found, Verdict::good, "distance")) << findings_text(found);
  EXPECT_EQ(found.front().verdict, Verdict::wrong);
}

TEST(Findings, SayThatOneStructureIsNoEnsemble) {
  Hinge hinge(7);
  const Ensemble truth = hinge.states(100, 0.3);
  Ensemble one;
  one.atom_count = truth.atom_count;
  one.append(truth.conformation(0));
  EXPECT_TRUE(says(findings(hinge.compare(one, truth)), Verdict::wrong, "ensemble", "a single structure"));
  EXPECT_TRUE(says(findings(hinge.compare(truth, one)), Verdict::note, "emd_rmsd", "has no floor"));
}

PosteriorComparison a_posterior() {
  PosteriorComparison p;
  p.particles = 1000;
  p.rmsd_mean = 1.5;
  p.rmsd_baseline = 2.5;
  p.distances = {{"near", 0.8, 1, 0.01, {}, {}}, {"far", -0.4, 1, 0, {}, {}}};
  p.coverage = {0.5, 0.8, 0.95};
  p.uncertainty.ratio = 1;
  p.uncertainty.rank_r = 0.5;
  return p;
}

TEST(Findings, JudgeAPosterior) {
  PosteriorComparison p = a_posterior();
  EXPECT_TRUE(says(findings(p), Verdict::wrong, "distance", "far goes the wrong way"));
  EXPECT_EQ(wrongs(findings(p)), 1);
  EXPECT_TRUE(says(findings(p), Verdict::good, "calibration", "95 % intervals hold 95 %"));
  EXPECT_TRUE(says(findings(p), Verdict::good, "uncertainty", "as they should"));
  p.coverage = {0.3, 0.5, 0.7};
  p.uncertainty.ratio = 1.6;
  EXPECT_TRUE(says(findings(p), Verdict::wrong, "calibration", "too sure of itself"));
  EXPECT_TRUE(says(findings(p), Verdict::wrong, "uncertainty", "more wrong than they say"));
  p.coverage = {0.7, 0.9, 0.99};
  EXPECT_TRUE(says(findings(p), Verdict::wrong, "calibration", "too cautious"));
  p.rmsd_mean = 3;
  EXPECT_TRUE(says(findings(p), Verdict::wrong, "posterior", "no nearer"));
  p.rmsd_mean = 0.99 * p.rmsd_baseline;
  EXPECT_TRUE(says(findings(p), Verdict::wrong, "posterior", "hardly nearer"));
  p.distances[0].bias = 1;
  EXPECT_TRUE(says(findings(p), Verdict::wrong, "distance", "1.00 A too long"));
  p.distances[0].latents_r = p.distances[0].pearson_r;
  EXPECT_FALSE(says(findings(p), Verdict::note, "distance", "latents know more"));
  p.distances[0].pearson_r -= 0.3;
  EXPECT_TRUE(says(findings(p), Verdict::note, "distance", "latents know more"));
}

}  // namespace
}  // namespace cryomer
