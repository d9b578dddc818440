#include "cryomer/report/run_report.h"

#include "cryomer/report/page_script.h"
#include "cryomer/report/report_sections.h"

namespace cryomer {

EvaluationParts parts_of(const RunReport& report) {
  const auto pointer = [](const auto& part) { return part ? &*part : nullptr; };
  return {pointer(report.ensemble_comparison), pointer(report.posterior_comparison), pointer(report.half_sets), pointer(report.judgement)};
}

std::string run_report_html(const RunReport& report) {
  HtmlPage page(report.title);
  page.subtitle(report.subtitle);
  page.headlines(headlines(report));
  add_findings(page, report);
  if (report.ensemble) add_ensemble(page, report);
  if (report.ensemble_comparison || report.posterior_comparison) add_comparison(page, report);
  if (report.judgement) add_judgement(page, report);
  if (report.half_sets) add_half_sets(page, *report.half_sets);
  if (report.latents) add_particles(page, report);
  if (report.gallery) add_gallery(page, *report.gallery);
  if (report.metrics.row_count() > 0) add_training(page, report.metrics);
  add_data(page, report);
  page.section("What was run");
  HtmlTable facts;
  for (const auto& [name, value] : report.facts) facts.rows.push_back({name, value});
  page.table(facts);
  page.code(report.commands);
  add_all_figures(page, report);
  if (!report.absent.empty()) {
    page.section("Not on this page");
    page.notes(report.absent);
  }
  if (report.explorer && !page_script().empty()) {
    page.tail(explorer_markup(*report.explorer));
    page.tail("<script id=\"page-script\">" + std::string(page_script()) + "</script>\n");
  }
  return page.html();
}

}  // namespace cryomer
