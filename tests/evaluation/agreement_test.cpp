#include "cryomer/evaluation/agreement.h"

#include <algorithm>
#include <cmath>

#include "cryomer/evaluation/comparison_text.h"
#include "evaluation/small_structures.h"
#include "testing.h"

#include <nlohmann/json.hpp>

namespace cryomer {
namespace {

// A helix whose residues from the 10th on swing.
struct Swing {
  Structure base = testing::polyalanine(20);
  AgreementOptions options;
  Random random;

  explicit Swing(uint64_t seed) : random(seed) {
    options.emd.n = 100;
    options.distances = {parse_pair_distance(base, "A/1/CA:A/20/CA")};
    options.cuts = {25};
  }
  Ensemble draw(int count, double mean_deg, double spread_deg) {
    const std::vector<float> straight = base.coordinates();
    const Vec3 pivot = base.atoms[base.find_atom(9, "CA")].position;
    const Vec3 axis = normalized(cross(base.atoms[base.find_atom(19, "CA")].position - pivot, Vec3{0, 0, 1}));
    Ensemble result;
    result.atom_count = base.atom_count();
    for (int i = 0; i < count; ++i) {
      const Mat3 turn = rotation_from_vector(radians(mean_deg + spread_deg * random.normal()) * axis);
      std::vector<float> x = straight;
      for (int a = 0; a < base.atom_count(); ++a) {
        if (base.atoms[a].residue < 10) continue;
        const Vec3 moved = pivot + turn * (base.atoms[a].position - pivot);
        for (int k = 0; k < 3; ++k) x[3 * a + k] = float(moved[k]);
      }
      result.append(x.data());
    }
    return result;
  }
};

bool says(const std::vector<Finding>& list, Verdict verdict, const std::string& subject) {
  return std::any_of(list.begin(), list.end(), [&](const Finding& f) { return f.verdict == verdict && f.subject == subject; });
}

TEST(Agreement, OfTwoDrawsOfOneDistributionIsComplete) {
  Swing swing(1);
  Agreement found = compare_sides(swing.base, swing.draw(400, 30, 15), swing.draw(400, 30, 15), swing.options);
  found.names = {"a", "b"};
  EXPECT_GT(found.rmsf_r, 0.99);
  EXPECT_GT(found.resolved, 0.8);
  EXPECT_LT(found.median_disagreement, 0.2);
  EXPECT_EQ(found.residues.size(), 20u);
  EXPECT_NEAR(found.distances[0].below_cut[0], found.distances[0].below_cut[1], 0.12);
  EXPECT_GT(found.motions.subspace_overlap, 0.9);
  for (const Finding& finding : findings(found)) EXPECT_EQ(finding.verdict, Verdict::good) << finding.text;
  EXPECT_NE(agreement_table(found).find("a (400) against b (400)"), std::string::npos);
}

TEST(Agreement, SeesWhatTwoModelsDoNotAgreeOn) {
  Swing swing(2);
  Agreement found = compare_sides(swing.base, swing.draw(400, 0, 15), swing.draw(400, 60, 15), swing.options);
  found.names = {"a", "b"};
  EXPECT_LT(found.resolved, 0.7);
  const DistanceAgreement& d = found.distances[0];
  EXPECT_NEAR(d.mean_error, 0.5 * std::abs(d.mean[0] - d.mean[1]), 1e-12);
  EXPECT_GT(d.mean_error, 1);
  EXPECT_TRUE(says(findings(found), Verdict::wrong, "agreement"));
  EXPECT_TRUE(says(findings(found), Verdict::wrong, "distance"));
  double sum[2] = {0, 0};
  for (int side = 0; side < 2; ++side) {
    for (const double share : d.shares[side]) sum[side] += share;
    EXPECT_NEAR(sum[side], 1, 1e-9);
  }
}

// Positions that are shifted by 2 A in half of the residues, without other motion, disagree by what the superposition leaves of it.
TEST(Agreement, OfResiduesIsADistanceBetweenTheirDistributions) {
  Random random(3);
  const Structure base = testing::polyalanine(20);
  const std::vector<float> x = base.coordinates();
  std::vector<float> longer = x;
  const Vec3 axis = normalized(base.atoms[base.find_atom(19, "CA")].position - base.atoms[base.find_atom(0, "CA")].position);
  for (int a = 0; a < base.atom_count(); ++a) {
    for (int k = 0; k < 3 && base.atoms[a].residue >= 10; ++k) longer[3 * a + k] += float(2 * axis[k]);
  }
  AgreementOptions options;
  options.emd.n = 20;
  const Agreement found =
      compare_sides(base, testing::perturbed(x, 300, 0.01, random), testing::perturbed(longer, 300, 0.01, random), options);
  // Each half ends up 1 A from its partner.
  for (const double value : found.disagreement) EXPECT_NEAR(value, 1, 0.15);
  // Of a wider cloud about the same place: |s1 - s2| sqrt(3).
  const Agreement wider =
      compare_sides(base, testing::perturbed(x, 2000, 0.1, random), testing::perturbed(x, 2000, 0.4, random), options);
  double mean = 0;
  for (const double value : wider.disagreement) mean += value / 20;
  EXPECT_NEAR(mean, 0.3 * std::sqrt(3.0), 0.05);
}

TEST(Agreement, RefusesWhatDoesNotFit) {
  Swing swing(4);
  Ensemble other;
  other.atom_count = 3;
  other.coordinates.assign(9, 0.0f);
  testing::error_of([&] { compare_sides(swing.base, swing.draw(3, 0, 1), other, swing.options); });
}

TEST(RunJudgement, SaysWhatIsAndWhatIsNotKnown) {
  RunJudgement run;
  run.run = "run";
  run.held_out = HeldOutFigures{5, 80, 10, 60, 82};
  run.latent = {{0.5, 1, 1.1, 0, 0.05}};
  run.absent = {"Populations: no --distance was given."};
  EXPECT_DOUBLE_EQ(run.held_out->gain(), 10);
  EXPECT_TRUE(says(findings(run), Verdict::good, "held_out"));
  EXPECT_TRUE(says(findings(run), Verdict::good, "prior"));
  EXPECT_TRUE(says(findings(run), Verdict::note, "absent"));
  run.held_out->divergence = 30;
  EXPECT_TRUE(says(findings(run), Verdict::note, "held_out"));
  run.held_out->log_likelihood = 50;
  EXPECT_TRUE(says(findings(run), Verdict::wrong, "held_out"));
  run.latent[0].ks = 0.3;
  EXPECT_TRUE(says(findings(run), Verdict::wrong, "prior"));
  EXPECT_FALSE(says(findings(run), Verdict::good, "recovery"));
  run.recovery.emplace();
  run.recovery->has_poses = true;
  run.recovery->poses.direct.within_10deg = 0.95;
  run.recovery->rmsd_mean = 1;
  run.recovery->rmsd_baseline = 2;
  EXPECT_TRUE(says(findings(run), Verdict::good, "recovery"));
  EXPECT_TRUE(says(findings(run), Verdict::note, "recovery"));
  EXPECT_EQ(findings_text(findings(run)).find("hardly differ"), std::string::npos);
  run.recovery->rmsd_mean = 1.9;
  EXPECT_NE(findings_text(findings(run)).find("hardly differ"), std::string::npos);
  run.recovery->poses.direct.within_10deg = 0.85;
  EXPECT_TRUE(says(findings(run), Verdict::wrong, "recovery"));
  EXPECT_NE(run_table(run).find("85.0 %"), std::string::npos) << run_table(run);
  EXPECT_NE(run_table(run).find("Held-out particles, after epoch 5"), std::string::npos);
  EvaluationParts parts;
  parts.run = &run;
  const auto json = nlohmann::json::parse(evaluation_json(parts));
  EXPECT_EQ(json["run"]["held_out"]["base_log_likelihood"], 60);
  EXPECT_EQ(json["run"]["absent"][0], "Populations: no --distance was given.");
  EXPECT_EQ(json["run"]["latent_directions"][0]["ks"], 0.3);
  EXPECT_FALSE(json.contains("emd_rmsd"));
}

}  // namespace
}  // namespace cryomer
