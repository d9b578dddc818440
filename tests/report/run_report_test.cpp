#include "cryomer/report/run_report.h"

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/random.h"
#include "cryomer/report/page_script.h"
#include "cryomer/report/svg_text.h"
#include "report/page_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::count_of;
using testing::markup_problem;

CsvTable some_metrics() {
  CsvTable metrics;
  metrics.columns = {"step", "epoch", "seconds", "stage", "log_likelihood", "kl", "chain", "held_out_log_likelihood", "base_log_likelihood"};
  metrics.rows = {{"10", "1", "3.5", "encoder", "90", "4", "300", "88", "80"}, {"20", "2", "7", "particles", "120.5", "5", "20", "110.25", "80"}};
  return metrics;
}

RunReport full_report() {
  Random random(5);
  RunReport report;
  report.title = "Cryomer: <test>";
  report.facts = {{"Run", "somewhere & elsewhere"}};
  report.commands = {"cryomer train a.star --out \"b\""};
  report.metrics = some_metrics();
  Gallery gallery;
  for (int i = 0; i < 3; ++i) {
    GrayImage image{16, std::vector<float>(256)};
    for (float& value : image.values) value = float(random.normal());
    gallery.particles.push_back({std::to_string(i), image, image});
  }
  report.gallery = gallery;
  EnsembleView view;
  view.source = "4 structures";
  view.traces.traces.atom_count = 10;
  for (int i = 0; i < 4 * 30; ++i) view.traces.traces.coordinates.push_back(float(10 * random.normal()));
  view.traces.foreground.assign(view.traces.traces.coordinates.begin(), view.traces.traces.coordinates.begin() + 30);
  for (int r = 0; r < 10; ++r) {
    view.residues.push_back("A/" + std::to_string(20 + r));
    view.rmsf.push_back(0.1 * r);
    view.traces.color.push_back(0.1 * r);
    view.traces.joined.push_back(r > 0);
  }
  view.truth_rmsf = view.rmsf;
  report.ensemble = view;
  DistanceView distance;
  distance.name = "A/20/CA:A/29/CA";
  distance.learned = {1, 2, 3, 4};
  distance.truth = {1, 2, 3};
  distance.cut = 2.5;
  distance.inferred = {1, 2, 3, 4, 5};
  distance.true_inferred = {1, 2, 3, 4, 6};
  report.distances = {distance};
  LatentView latents;
  latents.particles = 5;
  latents.dimension = 2;
  std::vector<float> means;
  for (int i = 0; i < 10; ++i) means.push_back(float(random.normal()));
  latents.directions = principal_directions(means, 2, 2);
  for (int k = 0; k < 2; ++k) latents.projected.push_back(latents.directions.along(k, means));
  report.latents = latents;
  report.viewing_directions = {{0, 0, 1}, {1, 0, 0}, {0, -1, 0}};
  report.noise = {{"opticsGroup1", {0.1, 0.2, 0.3}, {1, 1.1, 0.9}}};
  EnsembleComparison ensemble;
  ensemble.emd = {128, 1.2345, 0.5678, 128, 2.9876};
  ensemble.distances = {{"A/20/CA:A/29/CA", 12.344, 1.5, 12.9, 1.75, 0.666, 0.123}};
  ensemble.groups = {{"A/20/CA-A/29/CA<2.5", 0.25, 0.75}};
  report.ensemble_comparison = ensemble;
  PosteriorComparison posterior;
  posterior.particles = 5;
  posterior.rmsd_mean = 0.777;
  posterior.rmsd_baseline = 2.5;
  posterior.distances = {{"A/20/CA:A/29/CA", 0.4321, 1, 0.1, {}}};
  report.posterior_comparison = posterior;
  return report;
}

TEST(RunReport, IsOneWellFormedPageThatNeedsNothingElse) {
  const std::string html = run_report_html(full_report());
  EXPECT_EQ(markup_problem(html), "");
  EXPECT_EQ(html.find("http:"), std::string::npos);
  EXPECT_EQ(html.find("https:"), std::string::npos);
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);  // nothing to explore
  EXPECT_EQ(html.find("<link"), std::string::npos);
  EXPECT_NE(html.find("Cryomer: &lt;test&gt;"), std::string::npos);
  EXPECT_NE(html.find("somewhere &amp; elsewhere"), std::string::npos);
  EXPECT_EQ(count_of(html, "data:image/png;base64,"), 12u);  // four rows of three particles
  EXPECT_EQ(html.find("nan"), std::string::npos);
}

TEST(RunReport, ShowsTheFiguresOfTheComparison) {
  const std::string html = run_report_html(full_report());
  for (const char* figure : {"1.23 \u00c5", ">0.57<", ">2.99<", ">12.34<", ">0.67<", ">0.123<", ">25.0 %<", ">75.0 %<", "0.78 \u00c5", "r = 0.432"}) {
    EXPECT_NE(html.find(figure), std::string::npos) << figure;
  }
}

// A run without a truth.
RunReport judged_report() {
  RunReport report = full_report();
  report.ensemble_comparison.reset();
  report.posterior_comparison.reset();
  report.metrics.columns.push_back("held_out_kl");
  for (auto& row : report.metrics.rows) row.push_back("6.5");
  RunJudgement run;
  run.held_out = HeldOutFigures{2, 110.25, 6.5, 80, 120.5};
  run.latent = {{0.75, 1.5, 1.25, 0.125, 0.0627}};
  Population population;
  population.name = "A/20/CA:A/29/CA";
  population.particles = 300;
  population.samples_per_particle = 8;
  population.centres = {10, 11, 12};
  population.share = population.prior = population.averaged = population.of_means = {0.25, 0.5, 0.25};
  population.low = {0.2, 0.4, 0.2};
  population.high = {0.3, 0.6, 0.3};
  population.mean = {11.111, 0.222, 11.333, 11.444};
  population.standard_deviation = {0.707, 0.01, 0.909, 0.5};
  population.has_cut = true;
  population.cut = 10.5;
  population.below_cut = {0.251, 0.032, 0.343, 0.2};
  run.populations = {population};
  PosteriorComparison recovery;
  recovery.particles = 256;
  recovery.rmsd_mean = 0.912;
  recovery.rmsd_baseline = 2.345;
  recovery.has_poses = true;
  recovery.poses.direct = {4.56, 0.789, 0.5};
  recovery.distances.resize(1);
  recovery.distances[0].name = "A/20/CA:A/29/CA";
  recovery.distances[0].pearson_r = 0.654;
  run.recovery = recovery;
  run.absent = {"Something: it was not there."};
  report.judgement = run;
  return report;
}

void expect_said(const std::string& html, const std::vector<Finding>& list) {
  EXPECT_FALSE(list.empty());
  for (const Finding& finding : list) {
    if (finding.subject == "absent") continue;
    const size_t place = html.find("<span>" + escaped(finding.text) + "</span>");
    ASSERT_NE(place, std::string::npos) << finding.text;
    const size_t item = html.rfind("<li class=\"", place);
    EXPECT_EQ(html.compare(item + 11, name_of(finding.verdict).size(), name_of(finding.verdict)), 0) << finding.text;
  }
}

TEST(RunReport, SaysInWordsWhatIsWrongBeforeThePictures) {
  const RunReport report = full_report();
  const std::string html = run_report_html(report);
  expect_said(html, findings(*report.ensemble_comparison));
  expect_said(html, findings(*report.posterior_comparison));
  EXPECT_LT(html.find("<h2>In words</h2>"), html.find("<h2>The molecule in motion</h2>"));
  // A mark tells by its shape and its name what it tells by its colour.
  EXPECT_EQ(count_of(html, "aria-label=\"wrong\"><path d=\"M10 2L"), count_of(html, "<li class=\"wrong\">"));
}

TEST(RunReport, ShowsWhatTheTruthSaysOfMotionsAndUncertainty) {
  RunReport report = full_report();
  PrincipalMotion motion;
  motion.share = 0.625;
  motion.recovered = 0.375;
  motion.truth_values = {-1, 0, 1};
  motion.values = {-0.5, 0.5};
  report.ensemble_comparison->motions.motions = {motion};
  report.ensemble_comparison->motions.offsets.assign(10, 0.25);
  report.ensemble_comparison->emd.error = 0.1;
  report.ensemble_comparison->geometry.ramachandran_outliers = 0.0426;
  report.ensemble_comparison->geometry.left_handed_residues = 0.0617;
  report.ensemble_comparison->geometry.eclipsed_side_chains = 0.0735;
  report.posterior_comparison->uncertainty = {0.875, 1.127, {{50, 0.5, 0.75}, {50, 1, 1.5}}};
  report.posterior_comparison->coverage = {0.5, 0.8, 0.95};
  const std::string html = run_report_html(report);
  EXPECT_EQ(markup_problem(html), "");
  for (const char* part : {"Principal motion 1 of the truth", ">62.5 %<", ">37.5 %<", "mean position is off by", "\u00b1 0.20", ">4.3 %<", ">7.3 %<", ">6.2 %<",
                           "1.13 times over all", "<h3>Calibration</h3>"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
}

TEST(RunReport, JudgesARunWithoutATruth) {
  const RunReport report = judged_report();
  const std::string html = run_report_html(report);
  EXPECT_EQ(markup_problem(html), "");
  expect_said(html, findings(*report.judgement));
  for (const char* part : {">11.11 \u00b1 0.22<", ">11.33<", ">25.1 \u00b1 3.2 %<", ">34.3 %<", "is biased", "cost 6.5", ">23.75<", ">0.063<", ">0.91 \u00c5<", ">2.35 \u00c5<", ">78.9 %<", ">4.56\u00b0<", ">0.654<",
                           "<td>run.populations[0].mean.averaged</td><td>11.333</td>"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(count_of(html, "<path class=\"area learned\""), 2u);  // the histogram of the distance, and the band of the population
}

TEST(RunReport, ShowsWhatHalfSetsAgreeOn) {
  RunReport report = full_report();
  Agreement halves;
  halves.names = {"one", "other"};
  DistanceAgreement distance;
  distance.name = "A/20/CA:A/29/CA";
  distance.mean = {10, 12};
  distance.mean_error = 1;
  distance.centres = {9, 11, 13};
  distance.shares = {std::vector<double>{0.5, 0.5, 0}, std::vector<double>{0, 0.5, 0.5}};
  distance.cut = std::nan("");
  halves.distances = {distance};
  halves.residues = {"A/20", "A/21"};
  halves.rmsf = {std::vector<double>{1, 2}, std::vector<double>{1, 1}};
  halves.disagreement = {0.1, 0.9};
  report.half_sets = halves;
  const std::string html = run_report_html(report);
  EXPECT_EQ(markup_problem(html), "");
  expect_said(html, findings(halves));
  for (const char* part : {"<h2>Half sets</h2>", ">11.00 \u00b1 1.00<", "disagreement"}) EXPECT_NE(html.find(part), std::string::npos) << part;
}

TEST(RunReport, ListsEveryFigureWithItsKey) {
  const std::string html = run_report_html(full_report());
  for (const char* row : {"<td>emd_rmsd</td><td>1.2345</td>", "<td>distances[0].wasserstein</td><td>0.666</td>",
                          "<td>distances[0].pearson_r</td><td>0.4321</td>", "<td>groups[0].truth_fraction</td><td>0.75</td>"}) {
    EXPECT_NE(html.find(row), std::string::npos) << row;
  }
}

TEST(RunReport, CarriesStructuresAndTheScriptThatShowsThem) {
  RunReport report = full_report();
  Explorer& explorer = report.explorer.emplace();
  explorer.structure.atoms = {Atom{}};
  explorer.structure.atoms[0].name = "CA";
  explorer.structure.residues = {Residue{}};
  const std::string html = run_report_html(report);
  EXPECT_EQ(markup_problem(html), "");
  EXPECT_EQ(count_of(html, "<div id=\"explorer\"></div>"), 1u);
  // In a build without npm the pictures are all there is.
  EXPECT_EQ(count_of(html, "id=\"explorer-data\""), page_script().empty() ? 0u : 1u);
  EXPECT_EQ(count_of(html, "id=\"page-script\""), page_script().empty() ? 0u : 1u);
}

TEST(RunReport, TakesTheGainFromTheLastRow) {
  const std::string html = run_report_html(full_report());
  EXPECT_NE(html.find("30.2 nats"), std::string::npos);  // 110.25 - 80
  EXPECT_NE(html.find("7.0s"), std::string::npos);
}

TEST(RunReport, OfARunThatHasOnlyBegunSaysWhatIsAbsent) {
  RunReport report;
  report.title = "Cryomer: run";
  report.absent = {"Training curves: metrics.csv has no row yet."};
  const std::string html = run_report_html(report);
  EXPECT_EQ(markup_problem(html), "");
  EXPECT_NE(html.find("metrics.csv has no row yet"), std::string::npos);
  EXPECT_EQ(html.find("<figure"), std::string::npos);
}

TEST(RunReport, MarksWhereTheStageChanges) {
  RunReport report;
  report.metrics = some_metrics();
  EXPECT_NE(run_report_html(report).find("each particle its own posterior"), std::string::npos);
  report.metrics.rows[1][3] = "encoder";
  EXPECT_EQ(run_report_html(report).find("each particle its own posterior"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
