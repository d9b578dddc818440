#include "cryomer/simulation/motion.h"

#include <cmath>
#include <map>

#include "cryomer/base/log.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/protein/normal_modes.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/protein/rigid_residues.h"
#include "cryomer/protein/side_chain_torsions.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

constexpr int kResidues = 30;

// How far along the softest mode each state is, in A RMSD.
std::vector<double> amplitudes(const Structure& s, const Ensemble& states) {
  const NormalModes modes = normal_modes(s, 1);
  const auto bodies = rigid_residues(s);
  // The mode as it moves atoms, to first order, by a small step.
  const double h = 0.01;
  const std::vector<float> moved = to_floats(place_atoms(bodies, Movement::twist, (h * modes.twists()).contiguous()));
  const std::vector<float> base = s.coordinates();
  std::vector<double> result;
  for (int64_t i = 0; i < states.size(); ++i) {
    double sum = 0;
    for (size_t k = 0; k < base.size(); ++k) sum += (states.conformation(i)[k] - base[k]) * (moved[k] - base[k]) / h;
    result.push_back(sum / s.atom_count());
  }
  return result;
}

struct Moments {
  double mean = 0, deviation = 0, least = 1e9, most = -1e9;
};
Moments moments(const std::vector<double>& values) {
  Moments m;
  for (const double v : values) m.mean += v / double(values.size()), m.least = std::min(m.least, v), m.most = std::max(m.most, v);
  for (const double v : values) m.deviation += (v - m.mean) * (v - m.mean) / double(values.size());
  m.deviation = std::sqrt(m.deviation);
  return m;
}

Motion motion(MotionKind kind, int states, double amplitude) {
  Motion m;
  m.kind = kind;
  m.states = states;
  m.amplitude = amplitude;
  return m;
}

TEST(MovedEnsemble, UnimodalSpreadsNormallyByTheAmplitude) {
  const Structure s = testing::polyalanine(kResidues);
  const std::vector<double> a = amplitudes(s, moved_ensemble(s, motion(MotionKind::unimodal, 1000, 1.5), 3));
  const Moments m = moments(a);
  EXPECT_NEAR(m.mean, 0, 4 * 1.5 / std::sqrt(1000.0));
  EXPECT_NEAR(m.deviation, 1.5, 0.2);
  int within = 0;
  for (const double v : a) within += std::abs(v - m.mean) < m.deviation;
  EXPECT_NEAR(within / 1000.0, 0.683, 0.06);
}

TEST(MovedEnsemble, BimodalHasTwoStatesSixtyToForty) {
  const Structure s = testing::polyalanine(kResidues);
  const std::vector<double> a = amplitudes(s, moved_ensemble(s, motion(MotionKind::bimodal, 500, 2.0), 3));
  std::vector<double> up, down;
  for (const double v : a) (v > 0 ? up : down).push_back(v);
  EXPECT_EQ(up.size(), 300u);
  EXPECT_NEAR(moments(up).mean, 2.0, 0.15);
  EXPECT_NEAR(moments(down).mean, -2.0, 0.15);
  EXPECT_NEAR(moments(up).deviation, 0.3, 0.06);
  for (const double v : a) EXPECT_GT(std::abs(v), 0.5);
}

TEST(MovedEnsemble, ContinuousCoversThePathEvenly) {
  const Structure s = testing::polyalanine(kResidues);
  const std::vector<double> a = amplitudes(s, moved_ensemble(s, motion(MotionKind::continuous, 400, 2.0), 3));
  const Moments m = moments(a);
  // A little less than the ends, since large motions follow arcs.
  EXPECT_NEAR(m.least, -1.9, 0.2);
  EXPECT_NEAR(m.most, 1.9, 0.2);
  for (int bin = 0; bin < 4; ++bin) {
    int count = 0;
    for (const double v : a) count += v >= -2 + bin && v < -1 + bin;
    EXPECT_NEAR(count, 100, 25) << bin;
  }
  // In order along the path.
  for (size_t i = 50; i < a.size(); ++i) EXPECT_GT(a[i], a[i - 50]);
}

TEST(MovedEnsemble, KeepsChainsClosed) {
  const Structure s = testing::polyalanine(kResidues);
  const std::vector<DistanceRestraint> bonds = peptide_bonds(s);
  const Ensemble states = moved_ensemble(s, motion(MotionKind::continuous, 50, 3.0), 5);
  for (int64_t i = 0; i < states.size(); ++i) {
    const float* x = states.conformation(i);
    for (const DistanceRestraint& b : bonds) {
      double sum = 0;
      for (int k = 0; k < 3; ++k) sum += std::pow(x[3 * b.i + k] - x[3 * b.j + k], 2);
      EXPECT_NEAR(std::sqrt(sum), 1.329, 0.01) << i;
    }
  }
}

TEST(MovedEnsemble, IsTheSameOnAnyNumberOfThreads) {
  const Structure s = testing::polyalanine(12);
  auto run = [&](int threads, uint64_t seed) {
    set_thread_count(threads);
    const Ensemble states = moved_ensemble(s, motion(MotionKind::unimodal, 40, 1.0), seed);
    set_thread_count(0);
    return states.coordinates;
  };
  EXPECT_EQ(run(1, 5), run(3, 5));
  EXPECT_NE(run(1, 5), run(1, 6));
}

TEST(MotionKind, IsNamedWithTheNearestOne) {
  EXPECT_EQ(motion_kind_from_name("bimodal"), MotionKind::bimodal);
  EXPECT_NE(testing::error_of([] { motion_kind_from_name("bimodel"); }).find("Did you mean 'bimodal'?"), std::string::npos);
  EXPECT_NE(testing::error_of([] { moved_ensemble(testing::polyalanine(5), motion(MotionKind::bimodal, 0, 1), 1); })
                .find("--motion-states 0"), std::string::npos);
}

// The share of the squared change from one form to another that `count` modes of the first hold, to first order.
double share_of_change(const Structure& from, const Structure& to, int count, const ElasticNetwork& network) {
  const std::vector<float> a = from.coordinates(), b = to.coordinates();
  const Superposition fit = superpose(b.data(), a.data(), a.size() / 3);
  std::vector<double> change;
  for (size_t k = 0; k < b.size(); k += 3) {
    const Vec3 d = fit.transform.apply({b[k], b[k + 1], b[k + 2]}) - Vec3{a[k], a[k + 1], a[k + 2]};
    for (int i = 0; i < 3; ++i) change.push_back(d[i]);
  }
  constexpr double kStep = 0.01;
  const Tensor moved = place_atoms(rigid_residues(from), Movement::twist, (kStep * normal_modes(from, count, network).twists()).contiguous());
  const Tensor along = (moved.reshape({count, -1}) - tensor_from(a, {1, int64_t(a.size())})).to(at::kDouble), d = tensor_from(change);
  const Tensor basis = std::get<0>(at::linalg_qr(along.t()));
  return (at::mv(basis.t(), d).square().sum() / d.square().sum()).item<double>();
}

// The hinge that everybody knows. The open form closes along its softest modes (Tama & Sanejouand 2001). The closed one opens along
// soft modes only where the contacts that hold it closed are softer than its parts.
TEST(SoftestModes, OfAdenylateKinaseCloseAndOpenIt) {
  CRYOMER_NEEDS_SHARED_DATA("adk");
  set_log_level(LogLevel::error);
  const Structure open = read_structure(testing::shared_data("adk/adk_open.pdb")), closed = read_structure(testing::shared_data("adk/adk_closed.pdb"));
  set_log_level(LogLevel::info);
  ASSERT_EQ(open.atom_count(), closed.atom_count());
  const ElasticNetwork even;
  ElasticNetwork soft;
  soft.contact_factor = 0.01;
  EXPECT_GT(share_of_change(open, closed, 4, even), 0.6);
  EXPECT_GT(share_of_change(open, closed, 40, soft), 0.85);
  EXPECT_GT(share_of_change(closed, open, 40, soft), 0.85);
  EXPECT_GT(share_of_change(closed, open, 20, soft), share_of_change(closed, open, 20, even) + 0.05);
}

TEST(SideChainTorsions, AreThoseOfTheTextbookInARealProtein) {
  CRYOMER_NEEDS_SHARED_DATA("adk/adk_open.pdb");
  const Structure s = read_structure(testing::shared_data("adk/adk_open.pdb"));
  const std::map<std::string, int> expected = {{"ALA", 0}, {"GLY", 0}, {"PRO", 0}, {"SER", 1}, {"CYS", 1}, {"THR", 1}, {"VAL", 1},
                                               {"ASN", 2}, {"ASP", 2}, {"HSD", 2}, {"HIS", 2}, {"ILE", 2}, {"LEU", 2}, {"PHE", 2},
                                               {"TYR", 2}, {"TRP", 2}, {"GLU", 3}, {"GLN", 3}, {"MET", 3}, {"ARG", 4}, {"LYS", 4}};
  std::vector<int> found(s.residue_count());
  for (const Torsion& t : side_chain_torsions(s).torsions) ++found[s.atoms[t.from].residue];
  for (int r = 0; r < s.residue_count(); ++r) EXPECT_EQ(found[r], expected.at(s.residues[r].name)) << residue_label(s.residues[r]);
}

}  // namespace
}  // namespace cryomer
