#include "cryomer/report/run_report.h"

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/random.h"
#include "cryomer/report/page_script.h"
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
