#include "cryomer/evaluation/comparison_text.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "cryomer/evaluation/findings.h"
#include "testing.h"

namespace cryomer {
namespace {

EnsembleComparison an_ensemble() {
  EnsembleComparison e;
  e.ensemble_size = 2048;
  e.truth_size = 3000;
  e.emd = {2048, 2.125, 1.375, 1500, 2.625, 0.0625, 0.03125, 2.25, 0.0625, 0.9375, 0.75, 1.5};
  e.distances = {{"A/284/CA:A/225/CA", 38, 3, 38.5, 3.25, 0.5, 0.125, 0.25, 0.0625, 0.125}};
  e.groups = {{"A/284/CA-A/225/CA<37", 0.25, 0.3125}, {"A/284/CA-A/225/CA>37", 0.75, 0.6875}};
  e.geometry = {0.02, 0.03, 1.5, 0.9, 0.95, 0.85, 80, 40};
  e.truth_geometry = {0.01, 0.02, 0.25, 0.96, 0.97, 0.94, 80, 40};
  e.base_geometry = {0, 0.0125, 0.5, 1, 1, 1, 80, 40};
  e.geometry.wrong_hands = 0.0025;
  e.geometry.left_handed_residues = 0.03125;
  e.truth_geometry.left_handed_residues = 0.015625;
  e.geometry.eclipsed_side_chains = 0.0625;
  e.truth_geometry.eclipsed_side_chains = 0.09375;
  e.fluctuations = {{"A/123", "A/124"}, {0.5, 1}, {0.75, 1}, 0.875, 0.9375, 0.25};
  e.motions.motions.push_back({0.5, 2, 1.5, -0.25, 0.5625, 0.75, 0.375, 0.25, {}, {}});
  e.mirror = {1.25, 15};
  e.truth_mirror = {2, 15};
  return e;
}

PosteriorComparison a_posterior() {
  PosteriorComparison p;
  p.particles = 100;
  p.samples_per_particle = 16;
  p.rmsd_mean = 1.5;
  p.rmsd_median = 1.25;
  p.rmsd_baseline = 2.25;
  p.emd_rmsd = 1.125;
  p.emd_rmsd_error = 0.0625;
  p.distances = {{"A/284/CA:A/225/CA", 0.5, 2.5, -0.25, {0.5, 0.75, 0.9}},
                 {"A/288/CA:A/255/CZ", std::numeric_limits<double>::quiet_NaN(), 1, 0, {0.25, 0.5, 0.75}}};
  p.coverage = {0.375, 0.625, 0.825};
  p.uncertainty.rank_r = 0.5;
  p.uncertainty.ratio = 1.25;
  p.uncertainty.bins = {{50, 1, 1.5}, {50, 2, 2.5}};
  p.has_poses = true;
  p.poses.direct = {4, 0.875, 0.5};
  p.poses.aligned = {3, 0.9375, 0.25};
  return p;
}

// The names that programs outside rely on.
TEST(ComparisonJson, HasTheKeysOfTheContract) {
  const EnsembleComparison ensemble = an_ensemble();
  const auto json = nlohmann::json::parse(comparison_json(&ensemble, nullptr));
  EXPECT_EQ(json["emd_rmsd"], 2.125);
  EXPECT_EQ(json["emd_rmsd_floor"], 1.375);
  EXPECT_EQ(json["emd_rmsd_baseline"], 2.625);
  EXPECT_EQ(json["n"], 2048);
  EXPECT_EQ(json["floor_n"], 1500);
  EXPECT_EQ(json["atoms"], "heavy");
  const auto& distance = json["distances"][0];
  EXPECT_EQ(distance["name"], "A/284/CA:A/225/CA");
  EXPECT_EQ(distance["mean"], 38);
  EXPECT_EQ(distance["std"], 3);
  EXPECT_EQ(distance["truth_mean"], 38.5);
  EXPECT_EQ(distance["truth_std"], 3.25);
  EXPECT_EQ(distance["wasserstein"], 0.5);
  EXPECT_EQ(distance["ks"], 0.125);
  EXPECT_EQ(json["groups"][1]["label"], "A/284/CA-A/225/CA>37");
  EXPECT_EQ(json["groups"][1]["fraction"], 0.75);
  EXPECT_EQ(json["groups"][1]["truth_fraction"], 0.6875);
  EXPECT_EQ(json["geometry"]["bond_rms_deviation"], 0.02);
  EXPECT_EQ(json["geometry"]["clashes_per_1000_atoms"], 1.5);
  EXPECT_EQ(json["geometry"]["hydrogen_bonds_kept"], 0.9);
  EXPECT_FALSE(json.contains("rmsd_mean"));
  EXPECT_NEAR(json["emd_rmsd_interval"][0].get<double>(), 2.125 - 1.96 * 0.0625, 1e-12);
  EXPECT_EQ(json["emd_rmsd_at_floor_n"], 2.25);
  EXPECT_EQ(json["coverage"], 0.9375);
  EXPECT_EQ(json["precision"], 0.75);
  EXPECT_EQ(distance["wasserstein_floor"], 0.25);
  EXPECT_EQ(json["geometry"]["wrong_hands"], 0.0025);
  EXPECT_EQ(json["geometry"]["left_handed_residues"], 0.03125);
  EXPECT_EQ(json["geometry"]["eclipsed_side_chains"], 0.0625);
  EXPECT_EQ(json["rmsf"]["residues"][1], "A/124");
  EXPECT_EQ(json["rmsf"]["truth"][0], 0.75);
  EXPECT_EQ(json["principal_motions"]["motions"][0]["recovered"], 0.5625);
  EXPECT_EQ(json["mirror_image"]["is_mirrored"], false);
  EXPECT_EQ(json["findings"][0]["verdict"], "wrong");
}

TEST(ComparisonJson, JoinsBothPartsByDistance) {
  const EnsembleComparison ensemble = an_ensemble();
  const PosteriorComparison posterior = a_posterior();
  const auto json = nlohmann::json::parse(comparison_json(&ensemble, &posterior));
  EXPECT_EQ(json["emd_rmsd"], 2.125);
  EXPECT_EQ(json["rmsd_mean"], 1.5);
  EXPECT_EQ(json["rmsd_median"], 1.25);
  EXPECT_EQ(json["rmsd_baseline"], 2.25);
  EXPECT_EQ(json["posterior_emd_rmsd"], 1.125);
  EXPECT_EQ(json["pose_error_median_deg"], 4);
  EXPECT_EQ(json["pose_within_10deg"], 0.875);
  EXPECT_EQ(json["shift_error_median_A"], 0.5);
  EXPECT_EQ(json["pose_error_median_deg_aligned"], 3);
  ASSERT_EQ(json["distances"].size(), 2u);
  EXPECT_EQ(json["distances"][0]["wasserstein"], 0.5);
  EXPECT_EQ(json["distances"][0]["pearson_r"], 0.5);
  EXPECT_TRUE(json["distances"][1]["pearson_r"].is_null());
  EXPECT_EQ(json["distances"][0]["calibration"]["80"], 0.75);
  EXPECT_EQ(json["calibration"]["50"], 0.375);
  EXPECT_EQ(json["calibration"]["95"], 0.825);
}

TEST(ComparisonJson, LeavesOutWhatWasNotCompared) {
  PosteriorComparison posterior = a_posterior();
  posterior.has_poses = false;
  posterior.coverage.clear();
  posterior.distances.clear();
  posterior.atoms = AtomSet::ca;
  const auto json = nlohmann::json::parse(comparison_json(nullptr, &posterior));
  EXPECT_EQ(json["atoms"], "ca");
  EXPECT_TRUE(json["distances"].empty());
  for (const char* key : {"emd_rmsd", "groups", "geometry", "pose_error_median_deg", "calibration"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
  EnsembleComparison ensemble = an_ensemble();
  ensemble.emd.floor = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(nlohmann::json::parse(comparison_json(&ensemble, nullptr))["emd_rmsd_floor"].is_null());
}

TEST(ComparisonTable, OfAnEnsembleIsReadable) {
  EXPECT_EQ(comparison_table(an_ensemble()), R"(EMD-RMSD over all heavy atoms, 2048 conformations of each side
  ensemble to truth                                  2.12 A  +- 0.12
  floor: two disjoint draws of the truth, 1500 each  1.38 A  +- 0.06
  ensemble to truth, 1500 each                       2.25 A  +- 0.12
  baseline: the base structure repeated              2.62 A

States, within 1.50 A of one of the other side (95 % of the truth are that near to another draw of it)
  truth covered by the ensemble  93.8 %
  ensemble near the truth        75.0 %

Distances (A), ensemble and truth; in brackets what chance makes at most
                      mean  truth   std  truth  Wasserstein             KS
  A/284/CA:A/225/CA  38.00  38.50  3.00   3.25         0.50  (0.25)  0.125  (0.062)

Groups
                        ensemble   truth
  A/284/CA-A/225/CA<37    25.0 %  31.2 %
  A/284/CA-A/225/CA>37    75.0 %  68.8 %

Principal motions of the truth, over CAs (A RMSD)
            of its variance   std  truth  recovered  off centre  overlap  Wasserstein
  motion 1           50.0 %  1.50   2.00     56.2 %       -0.25     0.75         0.38

Fluctuations of residues, over CAs
  correlation of RMSF with the truth's   0.875
  size, of the truth's                  93.8 %
  rms difference                        0.25 A

Hand: nearest true conformation 1.25 A, of the mirror image 15.00 A

Geometry
                                                  ensemble   truth    base
  C-N bonds, rms deviation from the base (A)         0.020   0.010   0.000
  C-N bonds, rms deviation from 1.329 A (A)          0.030   0.020   0.013
  all bonds, rms deviation from the base (A)         0.000   0.000   0.000
  angles, rms deviation from the base (degrees)      0.000   0.000   0.000
  backbone angles, from Engh and Huber (degrees)     0.000   0.000   0.000
  amino acids of the wrong hand                     0.25 %  0.00 %  0.00 %
  twisted peptide planes                            0.00 %  0.00 %  0.00 %
  Ramachandran outliers (coarse regions)            0.00 %  0.00 %  0.00 %
  left-handed residues (phi above 0, not Gly)       3.12 %  1.56 %  0.00 %
  side chains' torsions eclipsed (30 degrees)       6.25 %  9.38 %  0.00 %
  clashes per 1000 atoms                             1.500   0.250   0.500
  hydrogen bonds kept, of 120                        0.900   0.960   1.000
    in helices, of 80                                0.950   0.970   1.000
    in sheets, of 40                                 0.850   0.940   1.000
)" + findings_text(findings(an_ensemble())));
}

TEST(ComparisonTable, OfAPosteriorIsReadable) {
  EXPECT_EQ(comparison_table(a_posterior()),
            R"(Per-image RMSD over all heavy atoms, 100 particles with 16 samples each
  mean                          1.50 A
  median                        1.25 A
  baseline: the base structure  2.25 A

EMD-RMSD of the particles' structures to the truth: 1.12 A +- 0.12

Distances, particle by particle
                         r  rmse (A)  bias (A)
  A/284/CA:A/225/CA  0.500      2.50     -0.25
  A/288/CA:A/255/CZ      -      1.00      0.00

Calibration: how often the true distance lies in the posterior's interval
  interval             50 %    80 %    95 %
  all distances      37.5 %  62.5 %  82.5 %
  A/284/CA:A/225/CA  50.0 %  75.0 %  90.0 %
  A/288/CA:A/255/CZ  25.0 %  50.0 %  75.0 %

Poses
                                                  median error  within 10 deg  median shift error
  as given                                            4.00 deg         87.5 %              0.50 A
  after the best rotation and shift of the model      3.00 deg         93.8 %              0.25 A

Uncertainty: RMSD between a particle's samples and to its true state (A), by tenths of the particles
  between samples  1.00  2.00
  to the truth     1.50  2.50
                     rank correlation  actual over stated
  whole structure               0.500               1.250
  A/284/CA:A/225/CA                 -                   -
  A/288/CA:A/255/CZ                 -                   -
)" + findings_text(findings(a_posterior())));
}

}  // namespace
}  // namespace cryomer
