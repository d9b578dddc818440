#include <memory>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/evaluation/comparison_text.h"
#include "cryomer/report/page_script.h"
#include "report_gather.h"

namespace cryomer {

namespace {

struct Report {
  CommonOptions common;
  ReportSettings settings;
  std::string out;
  bool overwrite = false;

  void run() {
    common.apply();
    if (!ends_with(lower(out), ".html") && !ends_with(lower(out), ".htm")) fail_usage("--out {}: expected a name that ends in .html", out);
    check_output_file("--out", out, overwrite);
    settings.inputs.check();
    settings.seed = common.seed;
    AtomicFile file(out);  // before the work: a folder that cannot be written to shows at once
    const RunReport report = gather_report(settings);
    file.write(run_report_html(report));
    file.commit();
    if (!common.json.empty()) {
      write_file_atomically(common.json, evaluation_json(parts_of(report)));
    }
    for (const std::string& what : report.absent) log_info("Not in the report: {}", what);
    if (page_script().empty()) log_info("The page has pictures only: this build was configured without npm");
    log_info("Wrote {}", out);
  }
};

}  // namespace

void add_report(CLI::App& program) {
  CLI::App* command = program.add_subcommand("report", "One HTML page about a run: figures, curves, pictures");
  auto s = std::make_shared<Report>();
  command->add_option("run", s->settings.run_folder, "Folder of the run")->required();
  command->add_option("--out", s->out, "HTML file to write")->required();
  command->add_flag("--overwrite", s->overwrite, "Replace the file if it exists");
  s->settings.inputs.add(*command);
  command->get_option("--ensemble")->description("Ensemble to show: DCD, multi-model PDB or mmCIF; default: drawn from the model");
  command->get_option("--posterior")->description("Folder of cryomer infer; default: some particles are inferred");
  command->get_option("--distance")->description("Pair distance such as A/284/CA:A/225/CA; may be repeated; default: those that vary most");
  command->add_option("--half-sets", s->settings.other_half,
                      "A run on the other half of the particles (train --half), or an ensemble: what both show is in the data");
  command->add_option("--data-dir", s->settings.data_dir, "Folder in which image paths are tried first");
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
