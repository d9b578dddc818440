#include "cryomer/evaluation/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/correlation.h"
#include "cryomer/evaluation/fluctuations.h"
#include "cryomer/evaluation/marginal.h"
#include "cryomer/evaluation/median.h"
#include "cryomer/evaluation/text_table.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int kBins = 40;

// Mean and covariance of one atom's positions over conformations [first, last).
struct Positions {
  Vec3 mean;
  Mat3 covariance{{0, 0, 0, 0, 0, 0, 0, 0, 0}};
};

Positions positions_of(const Ensemble& set, int64_t first, int64_t last, int64_t atom) {
  Positions result;
  const double share = 1.0 / double(last - first);
  for (int64_t i = first; i < last; ++i) {
    const float* x = set.conformation(i) + 3 * atom;
    result.mean += share * Vec3{x[0], x[1], x[2]};
  }
  for (int64_t i = first; i < last; ++i) {
    const float* x = set.conformation(i) + 3 * atom;
    const Vec3 d = Vec3{x[0], x[1], x[2]} - result.mean;
    for (int p = 0; p < 3; ++p) {
      for (int q = 0; q < 3; ++q) result.covariance(p, q) += share * d[p] * d[q];
    }
  }
  return result;
}

Mat3 root(const Mat3& matrix) {
  const SymmetricEigen eigen = symmetric_eigen({matrix.values.begin(), matrix.values.end()}, 3);
  Mat3 result{{0, 0, 0, 0, 0, 0, 0, 0, 0}};
  for (int k = 0; k < 3; ++k) {
    for (int p = 0; p < 3; ++p) {
      for (int q = 0; q < 3; ++q)
        result(p, q) += std::sqrt(std::max(0.0, eigen.values[k])) * eigen.vectors[3 * k + p] * eigen.vectors[3 * k + q];
    }
  }
  return result;
}

double gelbrich_distance(const Positions& a, const Positions& b) {
  const Mat3 half = root(a.covariance);
  const Vec3 shift = a.mean - b.mean;
  const double square = dot(shift, shift) + trace(a.covariance) + trace(b.covariance) - 2 * trace(root(half * b.covariance * half));
  return std::sqrt(std::max(0.0, square));
}

DistanceAgreement compare_distance(const PairDistance& pair, const Ensemble& first, const Ensemble& second) {
  DistanceAgreement result;
  result.name = pair.name;
  const Marginal sides[2] = {{distances_of(pair, first), {}}, {distances_of(pair, second), {}}};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (int side = 0; side < 2; ++side) {
    const Moments of = moments(sides[side]);
    result.mean[side] = of.mean;
    result.standard_deviation[side] = of.standard_deviation;
    for (const double value : sides[side].values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  result.mean_error = 0.5 * std::abs(result.mean[0] - result.mean[1]);
  result.deviation_error = 0.5 * std::abs(result.standard_deviation[0] - result.standard_deviation[1]);
  result.wasserstein = wasserstein_distance(sides[0], sides[1]);
  result.ks = ks_statistic(sides[0], sides[1]);
  const double width = std::max(high - low, 1e-9) / kBins;
  for (int k = 0; k < kBins; ++k) result.centres.push_back(low + (k + 0.5) * width);
  for (int side = 0; side < 2; ++side) {
    result.shares[side].assign(kBins, 0.0);
    for (const double value : sides[side].values) {
      result.shares[side][std::min(kBins - 1, int((value - low) / width))] += 1 / double(sides[side].values.size());
    }
  }
  result.cut = result.below_cut[0] = result.below_cut[1] = kNone;
  return result;
}

void compare_residues(const Structure& base, const std::vector<int>& cas, const Ensemble& first, const Ensemble& second,
                      Agreement& result) {
  // Both at once, and each side counting alike whatever its size.
  Ensemble both = first;
  both.coordinates.insert(both.coordinates.end(), second.coordinates.begin(), second.coordinates.end());
  std::vector<double> weights(both.size(), 1 / double(second.size()));
  std::fill(weights.begin(), weights.begin() + first.size(), 1 / double(first.size()));
  const Ensemble placed = fluctuations(both, weights).superposed;
  int64_t agreed = 0;
  for (size_t a = 0; a < cas.size(); ++a) {
    result.residues.push_back(residue_label(base.residues[base.atoms[cas[a]].residue]));
    const Positions sides[2] = {positions_of(placed, 0, first.size(), int64_t(a)),
                                positions_of(placed, first.size(), both.size(), int64_t(a))};
    for (int side = 0; side < 2; ++side) result.rmsf[side].push_back(std::sqrt(trace(sides[side].covariance)));
    result.disagreement.push_back(gelbrich_distance(sides[0], sides[1]));
    agreed += result.disagreement[a] < 0.25 * (result.rmsf[0][a] + result.rmsf[1][a]);
  }
  result.median_disagreement = median(result.disagreement);
  result.resolved = double(agreed) / double(cas.size());
  result.rmsf_r = pearson_r(result.rmsf[0], result.rmsf[1]);
}

}  // namespace

Agreement compare_sides(const Structure& base, const Ensemble& first, const Ensemble& second, const AgreementOptions& options) {
  require_usable(first, "first ensemble");
  require_usable(second, "second ensemble");
  if (first.atom_count != base.atom_count() || second.atom_count != base.atom_count()) {
    fail("the ensembles have {} and {} atoms and {} {}, expected the same", first.atom_count, second.atom_count, base.source,
         base.atom_count());
  }
  if (!options.cuts.empty() && options.cuts.size() != options.distances.size()) {
    fail("{} cuts for {} distances, expected one for each", options.cuts.size(), options.distances.size());
  }
  Agreement result;
  result.sizes = {first.size(), second.size()};
  result.atoms = options.atoms;
  result.emd = emd_rmsd(first, second, base.coordinates().data(), atoms_of(base, options.atoms), {}, options.emd);
  for (size_t k = 0; k < options.distances.size(); ++k) {
    DistanceAgreement distance = compare_distance(options.distances[k], first, second);
    if (!options.cuts.empty()) {
      distance.cut = options.cuts[k];
      const Ensemble* sides[2] = {&first, &second};
      for (int side = 0; side < 2; ++side) {
        const std::vector<double> values = distances_of(options.distances[k], *sides[side]);
        distance.below_cut[side] =
            double(std::count_if(values.begin(), values.end(), [&](double v) { return v < distance.cut; })) / double(values.size());
      }
    }
    result.distances.push_back(std::move(distance));
  }
  const std::vector<int> cas = atoms_of(base, AtomSet::ca);
  if (cas.size() < 4) {
    result.median_disagreement = result.resolved = result.rmsf_r = kNone;
    return result;
  }
  const auto cas_of = [&](const Ensemble& set) {
    std::vector<int64_t> all(set.size());
    std::iota(all.begin(), all.end(), int64_t{0});
    return selected(set, all, cas);
  };
  const Ensemble a = cas_of(first), b = cas_of(second);
  compare_residues(base, cas, a, b, result);
  result.motions = principal_motions(a, b);
  return result;
}

std::string agreement_table(const Agreement& agreement) {
  const EmdRmsd& emd = agreement.emd;
  std::string text = formatted("{} ({}) against {} ({}), over {} atoms\n", agreement.names[0], agreement.sizes[0],
                               agreement.names[1], agreement.sizes[1], agreement.atoms == AtomSet::ca ? "CA" : "all heavy");
  std::vector<std::vector<std::string>> rows = {
      {formatted("EMD-RMSD between them, {} each", emd.floor_n), length(emd.value_at_floor_n) + " A",
       plus_minus(emd.error_at_floor_n)},
      {formatted("two draws of the second, {} each", emd.floor_n), length(emd.floor) + " A", plus_minus(emd.floor_error)},
      {"the base structure repeated against the second", length(emd.baseline) + " A"}};
  text += aligned(rows);
  if (!agreement.residues.empty()) {
    text += "\nResidues, over CAs\n";
    text += aligned({{"correlation of the two RMSF", ratio(agreement.rmsf_r)},
                     {"median disagreement of a residue's positions", length(agreement.median_disagreement) + " A"},
                     {"residues that agree to half their fluctuation", percent(agreement.resolved)},
                     {"overlap of principal motions", length(agreement.motions.subspace_overlap)}});
  }
  if (!agreement.distances.empty()) {
    text += "\nDistances (A); +- half the difference of the two\n";
    rows = {{"", "mean", "", "std", "", "Wasserstein", "KS"}};
    const bool cuts = !std::isnan(agreement.distances[0].cut);
    if (cuts) rows[0].push_back("below the cut");
    for (const DistanceAgreement& d : agreement.distances) {
      rows.push_back({d.name, length(0.5 * (d.mean[0] + d.mean[1])), formatted("+- {:.2f}", d.mean_error),
                      length(0.5 * (d.standard_deviation[0] + d.standard_deviation[1])), formatted("+- {:.2f}", d.deviation_error),
                      length(d.wasserstein), ratio(d.ks)});
      if (cuts) rows.back().push_back(percent(d.below_cut[0]) + " and " + percent(d.below_cut[1]));
    }
    text += aligned(rows);
  }
  return text + findings_text(findings(agreement));
}

std::vector<Finding> findings(const Agreement& agreement) {
  std::vector<Finding> list;
  const EmdRmsd& emd = agreement.emd;
  const std::string &a = agreement.names[0], &b = agreement.names[1];
  // How far apart they are, in units of how far the base structure is from the second.
  if (!std::isnan(emd.floor)) {
    const double excess = emd.value_at_floor_n - emd.floor, error = std::hypot(emd.error_at_floor_n, emd.floor_error);
    const double scale = std::max(emd.baseline - emd.floor, 1e-9);
    const Verdict verdict = excess <= std::max(2 * error, 0.1 * scale) ? Verdict::good
                            : excess < 0.3 * scale                     ? Verdict::note
                                                                       : Verdict::wrong;
    list.push_back({verdict, "agreement",
                    excess <= 2 * error ? formatted("{} and {} are no farther apart than two draws of one distribution (EMD-RMSD).", a, b)
                                        : formatted("{} and {} differ by {:.2f} A of EMD-RMSD above what two draws of one do; the "
                                                    "base structure alone differs by {:.2f} A.",
                                                    a, b, excess, scale)});
  }
  if (!agreement.residues.empty() && !std::isnan(agreement.rmsf_r)) {
    const size_t worst =
        size_t(std::max_element(agreement.disagreement.begin(), agreement.disagreement.end()) - agreement.disagreement.begin());
    const bool good = agreement.resolved > 0.8;
    list.push_back({good                       ? Verdict::good
                    : agreement.resolved > 0.5 ? Verdict::note
                                               : Verdict::wrong,
                    "residues",
                    formatted("{} of the residues move alike in both (their positions disagree by less than half their "
                              "fluctuation); the largest disagreement is {:.2f} A, at {}.",
                              percent(agreement.resolved), agreement.disagreement[worst], agreement.residues[worst])});
  }
  for (const DistanceAgreement& d : agreement.distances) {
    const double spread = 0.5 * (d.standard_deviation[0] + d.standard_deviation[1]),
                 off = std::max(d.mean_error, d.deviation_error);
    const bool good = 2 * off < std::max(0.3 * spread, 0.25);
    list.push_back(
        {good ? Verdict::good : Verdict::wrong, "distance",
         formatted("{} is {:.2f} +- {:.2f} A on average and varies by {:.2f} +- {:.2f} A{}.", d.name, 0.5 * (d.mean[0] + d.mean[1]),
                   d.mean_error, spread, d.deviation_error, good ? "" : "; the two do not agree on it")});
  }
  std::stable_sort(list.begin(), list.end(), [](const Finding& x, const Finding& y) { return x.verdict > y.verdict; });
  return list;
}

}  // namespace cryomer
