// The sections of the report on a run, in the order of the page.
#pragma once

#include "cryomer/report/html_page.h"
#include "cryomer/report/run_report.h"

namespace cryomer {

// Figures of a training curve that the page's beginning also needs.
struct TrainingEnd {
  double gain = 0, held_out_gain = 0;  // nats per image over the base structure, last epoch
  double kl = 0;                       // nats
  double seconds = 0;
};
std::optional<TrainingEnd> training_end(const CsvTable& metrics);

std::vector<Headline> headlines(const RunReport& report);
void add_training(HtmlPage& page, const CsvTable& metrics);
void add_gallery(HtmlPage& page, const Gallery& gallery);
void add_ensemble(HtmlPage& page, const RunReport& report);
void add_particles(HtmlPage& page, const RunReport& report);
void add_findings(HtmlPage& page, const RunReport& report);
void add_comparison(HtmlPage& page, const RunReport& report);
void add_judgement(HtmlPage& page, const RunReport& report);
void add_half_sets(HtmlPage& page, const Agreement& halves);
void add_all_figures(HtmlPage& page, const RunReport& report);  // folded
void add_data(HtmlPage& page, const RunReport& report);

}  // namespace cryomer
