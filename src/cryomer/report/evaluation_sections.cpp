// The sections of the report that show what `evaluate` finds, with a truth or without.
#include <nlohmann/json.hpp>

#include "cryomer/base/format.h"
#include "cryomer/base/text.h"
#include "cryomer/evaluation/calibration.h"
#include "cryomer/evaluation/comparison_text.h"
#include "cryomer/evaluation/text_table.h"
#include "cryomer/report/report_sections.h"
#include "cryomer/report/section_parts.h"
#include "cryomer/report/svg_text.h"

namespace cryomer {

namespace {

constexpr size_t kMotionsDrawn = 3;
constexpr size_t kLongestList = 16;  // longer ones stand in one row of the table of all figures

std::string interval(double error) { return error > 0 ? "\u00b1 " + plain(kHalfInterval * error, 2) : ""; }
std::string with_error(double value, double error) { return plain(value, 2) + " \u00b1 " + plain(error, 2); }
std::string share_with_error(double share, double error) { return plain(100 * share, 1) + " \u00b1 " + percentage(error); }
std::string atoms_of_rmsd(AtomSet atoms) { return formatted("over {} atoms", atoms == AtomSet::ca ? "CA" : "all heavy"); }

// Three marks that differ in shape, for those who do not see their colours.
std::string mark_svg(Verdict verdict) {
  const char* const shape = verdict == Verdict::good   ? "M10 1.5a8.5 8.5 0 1 0 .01 0ZM6 10.3l2.8 2.8 5.2-5.8"
                            : verdict == Verdict::note ? "M10 1.5a8.5 8.5 0 1 0 .01 0ZM10 9v5M10 5.9h0"
                                                       : "M10 2L19 17.5H1ZM10 8v4.2M10 14.9h0";
  return formatted("<svg viewBox=\"0 0 20 20\" role=\"img\" aria-label=\"{}\"><path d=\"{}\"/></svg>", name_of(verdict), shape);
}

std::string findings_markup(const std::string& title, const std::vector<Finding>& list) {
  std::string markup;
  for (const Finding& finding : list) {
    if (finding.subject == "absent") continue;  // the page has a place of its own for those
    markup += formatted("<li class=\"{}\">{}<span>{}</span></li>\n", name_of(finding.verdict), mark_svg(finding.verdict), escaped(finding.text));
  }
  return markup.empty() ? "" : formatted("<div><h3>{}</h3>\n<ul class=\"findings\">\n{}</ul></div>\n", escaped(title), markup);
}

std::vector<HtmlFigure> motion_figures(const PrincipalMotions& motions) {
  std::vector<HtmlFigure> figures;
  for (size_t k = 0; k < std::min(motions.motions.size(), kMotionsDrawn); ++k) {
    const PrincipalMotion& m = motions.motions[k];
    figures.push_back({histogram_svg(frame_for(3, "along it, \u00c5 RMSD", "density, 1/\u00c5", 0.72),
                                     {{"truth", Tone::truth, m.truth_values, motions.truth_weights}, {"learned", Tone::learned, m.values, {}}}),
                       formatted("Principal motion {} of the truth", k + 1),
                       formatted("{} of the true variance; {} of that is in the ensemble.", percentage(m.share), percentage(m.recovered))});
  }
  return figures;
}

HtmlTable motion_table(const PrincipalMotions& motions) {
  HtmlTable table{"Principal motions of the truth, CAs, \u00c5 RMSD", {"", "of its variance", "std", "true", "recovered", "off centre", "overlap"}, {}};
  for (const PrincipalMotion& m : motions.motions) {
    table.rows.push_back({formatted("motion {}", table.rows.size() + 1), percentage(m.share), plain(m.deviation, 2), plain(m.truth_deviation, 2),
                          percentage(m.recovered), plain(m.offset, 2), plain(m.overlap, 2)});
  }
  return table;
}

HtmlTable geometry_table(const EnsembleComparison& c) {
  const auto row = [&](const std::string& name, double Stereochemistry::*figure, int decimals) {
    return std::vector<std::string>{name, plain(c.geometry.*figure, decimals), plain(c.truth_geometry.*figure, decimals),
                                    plain(c.base_geometry.*figure, decimals)};
  };
  const auto share = [&](const std::string& name, double Stereochemistry::*figure) {
    return std::vector<std::string>{name, percentage(c.geometry.*figure), percentage(c.truth_geometry.*figure), percentage(c.base_geometry.*figure)};
  };
  return {"Does it look like a protein?",
          {"", "learned", "true", "base"},
          {row("C\u2013N bonds, rms deviation from the base, \u00c5", &Stereochemistry::bond_rms_deviation, 3),
           row("C\u2013N bonds, rms deviation from 1.329 \u00c5, \u00c5", &Stereochemistry::bond_rms_deviation_ideal, 3),
           row("all bonds, rms deviation from the base, \u00c5", &Stereochemistry::all_bonds_rms_deviation, 3),
           row("angles, rms deviation from the base, \u00b0", &Stereochemistry::angle_rms_deviation, 2),
           row("backbone angles, rms deviation from Engh and Huber, \u00b0", &Stereochemistry::backbone_angle_rms_deviation_ideal, 2),
           share("amino acids of the wrong hand (D)", &Stereochemistry::wrong_hands),
           share("twisted peptide planes", &Stereochemistry::twisted_peptides),
           share("Ramachandran outliers", &Stereochemistry::ramachandran_outliers),
           share("left-handed residues (\u03c6 above 0, not glycine)", &Stereochemistry::left_handed_residues),
           share("side chains\u2019 torsions eclipsed", &Stereochemistry::eclipsed_side_chains),
           row("clashes per 1000 atoms", &Stereochemistry::clashes_per_1000_atoms, 3),
           row("hydrogen bonds kept (share)", &Stereochemistry::hydrogen_bonds_kept, 3),
           row("\u2003in helices", &Stereochemistry::helix_bonds_kept, 3), row("\u2003in sheets", &Stereochemistry::strand_bonds_kept, 3)}};
}

void add_ensemble_comparison(HtmlPage& page, const EnsembleComparison& c) {
  page.figures(motion_figures(c.motions), 3);
  std::vector<HtmlTable> tables;
  HtmlTable whole{"The ensemble as a whole", {"EMD-RMSD " + atoms_of_rmsd(c.atoms), "\u00c5", "95 %", "drawn"}, {}};
  whole.rows.push_back({"ensemble to truth", plain(c.emd.value, 2), interval(c.emd.error), formatted("{}", c.emd.n)});
  if (c.emd.floor_n > 0 && c.emd.floor_n < c.emd.n) {
    whole.rows.push_back({"\u2003with as many as the floor", plain(c.emd.value_at_floor_n, 2), interval(c.emd.error_at_floor_n),
                          formatted("{}", c.emd.floor_n)});
  }
  whole.rows.push_back({"floor: two disjoint draws of the truth", plain(c.emd.floor, 2), interval(c.emd.floor_error), formatted("{}", c.emd.floor_n)});
  whole.rows.push_back({"baseline: the base structure repeated", plain(c.emd.baseline, 2), "", formatted("{}", c.emd.n)});
  tables.push_back(whole);
  if (c.emd.radius > 0 && std::isfinite(c.emd.coverage)) {
    tables.push_back({"States, whatever their proportions", {formatted("within {} (95 % is perfect)", angstroms(c.emd.radius)), "share"},
                      {{"truth covered by the ensemble", percentage(c.emd.coverage)}, {"ensemble near the truth", percentage(c.emd.precision)}}});
  }
  HtmlTable distances{"Distributions of distances, \u00c5", {"", "mean", "true", "std", "true", "Wasserstein", "by chance", "KS"}, {}};
  for (const DistanceComparison& d : c.distances) {
    distances.rows.push_back({spoken(d.name), plain(d.mean, 2), plain(d.truth_mean, 2), plain(d.standard_deviation, 2),
                              plain(d.truth_standard_deviation, 2), plain(d.wasserstein, 2), plain(d.wasserstein_floor, 2), plain(d.ks, 3)});
  }
  tables.push_back(distances);
  HtmlTable groups{"Groups made by the cuts", {"", "learned", "true"}, {}};
  for (const ModeGroup& group : c.groups) groups.rows.push_back({group.label, percentage(group.fraction), percentage(group.truth_fraction)});
  tables.push_back(groups);
  tables.push_back(motion_table(c.motions));
  if (const FluctuationComparison& f = c.fluctuations; !f.residues.empty()) {
    tables.push_back({"Fluctuations of residues, and hand", {"over CAs", ""},
                      {{"correlation of RMSF with the truth's", plain(f.pearson_r, 3)},
                       {"size, of the truth's", percentage(f.ratio)},
                       {"rms difference", angstroms(f.rms_difference)},
                       {"to the nearest true conformation", angstroms(c.mirror.rmsd)},
                       {"\u2003of the ensemble's mirror image", angstroms(c.mirror.rmsd_mirrored)}}});
  }
  tables.push_back(geometry_table(c));
  page.tables(tables);
}

Curve line_of_equals(double least, double most, const std::string& name) { return {name, Tone::quiet, {least, most}, {least, most}}; }

HtmlFigure uncertainty_figure(const UncertaintyCheck& check, const std::string& title, const std::string& x, const std::string& y) {
  Curve curve{"tenths of the particles", Tone::learned, {}, {}};
  double most = 0;
  for (const UncertaintyBin& bin : check.bins) {
    curve.x.push_back(bin.stated);
    curve.y.push_back(bin.actual);
    most = std::max({most, bin.stated, bin.actual});
  }
  PlotFrame frame = frame_for(2, x, y, 0.6);
  frame.x_least = frame.y_least = 0;
  frame.x_most = most;
  return {curves_svg(frame, {line_of_equals(0, most, "as sure as right"), curve}), title,
          formatted("Above the line particles are more wrong than they say: {} times over all. Rank correlation {}.", plain(check.ratio, 2),
                    plain(check.rank_r, 2))};
}

HtmlFigure calibration_figure(const PosteriorComparison& c) {
  constexpr Tone tones[] = {Tone::second, Tone::truth};
  PlotFrame frame = frame_for(2, "interval, %", "true distances in it, %", 0.6);
  frame.x_least = frame.y_least = 0;
  frame.x_most = frame.y_most = 100;
  const auto curve = [](const std::string& name, Tone tone, const std::vector<double>& coverage) {
    Curve of{name, tone, {}, {}};
    for (size_t k = 0; k < coverage.size(); ++k) {
      of.x.push_back(100 * kCalibrationLevels[k]);
      of.y.push_back(100 * coverage[k]);
    }
    return of;
  };
  std::vector<Curve> curves = {line_of_equals(0, 100, "perfect"), curve("all", Tone::learned, c.coverage)};
  std::string caption = "How often the posterior's interval holds a particle's true distance. Below the line it is too sure of itself.";
  if (c.distances.size() == 2) {
    for (size_t k = 0; k < 2; ++k) curves.push_back(curve(k == 0 ? "first" : "second", tones[k], c.distances[k].coverage));
    caption += formatted(" First: {}; second: {}.", spoken(c.distances[0].name), spoken(c.distances[1].name));
  }
  return {curves_svg(frame, curves), "Calibration", caption};
}

void add_posterior_comparison(HtmlPage& page, const PosteriorComparison& c) {
  std::vector<HtmlFigure> figures;
  if (!c.uncertainty.bins.empty()) {
    figures.push_back(uncertainty_figure(c.uncertainty, "Uncertainty of whole structures", "RMSD between a particle's samples, \u00c5",
                                         "RMSD to its true state, \u00c5"));
  }
  for (const DistanceCorrelation& d : c.distances) {
    if (d.uncertainty.bins.empty() || figures.size() > 4) continue;
    figures.push_back(uncertainty_figure(d.uncertainty, "Uncertainty of " + spoken(d.name), "std of a particle's samples, \u00c5",
                                         "error of their mean (rms), \u00c5"));
  }
  if (!c.coverage.empty()) figures.push_back(calibration_figure(c));
  page.figures(figures, figures.size() == 3 ? 3 : 2);
  std::vector<HtmlTable> tables;
  tables.push_back({formatted("Particle by particle ({} particles)", c.particles), {"RMSD " + atoms_of_rmsd(c.atoms), "\u00c5"},
                    {{"mean", plain(c.rmsd_mean, 2)}, {"median", plain(c.rmsd_median, 2)}, {"the base structure", plain(c.rmsd_baseline, 2)}}});
  HtmlTable correlations{"Distances, particle by particle", {"", "r", "rms error, \u00c5", "bias, \u00c5"}, {}};
  const bool latents = !c.distances.empty() && std::isfinite(c.distances.front().latents_r);
  if (latents) correlations.header.push_back("r of the latents");
  for (const DistanceCorrelation& d : c.distances) {
    correlations.rows.push_back({spoken(d.name), plain(d.pearson_r, 3), plain(d.rmse, 2), plain(d.bias, 2)});
    if (latents) correlations.rows.back().push_back(plain(d.latents_r, 3));
  }
  tables.push_back(correlations);
  if (!c.coverage.empty()) {
    HtmlTable calibration{"How often the truth lies in the posterior's interval", {"interval"}, {{"all distances"}}};
    for (const double level : kCalibrationLevels) calibration.header.push_back(formatted("{:g} %", 100 * level));
    for (const double covered : c.coverage) calibration.rows[0].push_back(percentage(covered));
    for (const DistanceCorrelation& d : c.distances) {
      calibration.rows.push_back({spoken(d.name)});
      for (const double covered : d.coverage) calibration.rows.back().push_back(percentage(covered));
    }
    tables.push_back(calibration);
  }
  if (c.has_poses) {
    const auto row = [](const std::string& name, const PoseErrorFigures& of) {
      return std::vector<std::string>{name, plain(of.median_deg, 2) + "\u00b0", percentage(of.within_10deg), plain(of.shift_median_A, 2)};
    };
    tables.push_back({"Poses", {"", "median error", "within 10\u00b0", "median shift error, \u00c5"},
                      {row("as given", c.poses.direct), row("after the best rotation and shift of the model", c.poses.aligned)}});
  }
  page.tables(tables);
}

// Two ensembles, residue by residue.
HtmlFigure agreement_figure(const Agreement& agreement, const std::string& first, const std::string& second) {
  const ResidueAxis residues = residue_axis(agreement.residues);
  PlotFrame wide = frame_for(1, residues.label, "\u00c5", 0.22);
  wide.y_least = 0;
  return {curves_svg(wide, {{"RMSF, " + first, Tone::learned, residues.places, agreement.rmsf[0]},
                            {"RMSF, " + second, Tone::second, residues.places, agreement.rmsf[1]},
                            {"disagreement", Tone::truth, residues.places, agreement.disagreement}}),
          "Residue by residue",
          formatted("Fluctuation of each CA in both, and how far apart its two distributions of positions are. {} of the residues agree to less "
                    "than half their fluctuation.",
                    percentage(agreement.resolved))};
}

HtmlTable agreement_table_of(const Agreement& agreement, const std::string& title, const std::string& second) {
  const EmdRmsd& emd = agreement.emd;
  HtmlTable table{title, {formatted("EMD-RMSD {}, {} each", atoms_of_rmsd(agreement.atoms), emd.floor_n), "\u00c5", "95 %"},
                  {{"between them", plain(emd.value_at_floor_n, 2), interval(emd.error_at_floor_n)},
                   {formatted("two draws of {}", second), plain(emd.floor, 2), interval(emd.floor_error)},
                   {formatted("the base structure to {}", second), plain(emd.baseline, 2), ""}}};
  if (!agreement.residues.empty()) {
    table.rows.push_back({"a residue's disagreement, median", plain(agreement.median_disagreement, 2), ""});
    table.rows.push_back({"correlation of the two RMSF", plain(agreement.rmsf_r, 3), ""});
    table.rows.push_back({"overlap of principal motions", plain(agreement.motions.subspace_overlap, 2), ""});
  }
  return table;
}

// Shares of bins as a density.
std::vector<double> density(std::vector<double> shares, const std::vector<double>& centres) {
  const double width = centres.size() > 1 ? centres[1] - centres[0] : 1;
  for (double& share : shares) share /= width;
  return shares;
}

HtmlFigure population_figure(const Population& p) {
  PlotFrame frame = frame_for(2, "distance, \u00c5", "density, 1/\u00c5", 0.6);
  frame.y_least = 0;
  const std::vector<double>& x = p.centres;
  std::vector<Rule> rules;
  if (p.has_cut) rules.push_back({p.cut, formatted("cut at {:g} \u00c5", p.cut)});
  std::string caption = formatted("Deconvolved: {} \u00c5 on average, varying by {} \u00c5", with_error(p.mean.value, p.mean.error),
                                  with_error(p.standard_deviation.value, p.standard_deviation.error));
  if (p.has_cut) caption += formatted(", {} below the cut", share_with_error(p.below_cut.value, p.below_cut.error));
  caption += formatted("; averaged posteriors: {} and {} \u00c5", plain(p.mean.averaged, 2), plain(p.standard_deviation.averaged, 2));
  if (p.has_cut) caption += ", " + percentage(p.below_cut.averaged);
  caption += formatted(". {} particles, {} samples of each; \u00b1 are standard errors, the band 95 %, of a bootstrap over particles.", p.particles,
                       p.samples_per_particle);
  return {curves_svg(frame,
                     {{"model's distribution", Tone::quiet, x, density(p.prior, x)},
                      {"averaged posteriors (biased)", Tone::second, x, density(p.averaged, x)},
                      {"deconvolved", Tone::learned, x, density(p.share, x), density(p.low, x), density(p.high, x)}},
                     rules),
          spoken(p.name), caption};
}

// What particles that were not trained on gain over the base structure, with and without what their posteriors cost.
std::optional<HtmlFigure> held_out_figure(const CsvTable& metrics, const HeldOutFigures& figures) {
  for (const char* column : {"epoch", "held_out_log_likelihood", "held_out_kl", "base_log_likelihood"}) {
    if (!metrics.has(column)) return std::nullopt;
  }
  const std::vector<double> epoch = metrics.numbers("epoch"), base = metrics.numbers("base_log_likelihood"), kl = metrics.numbers("held_out_kl");
  std::vector<double> gained = metrics.numbers("held_out_log_likelihood"), bound;
  for (size_t i = 0; i < gained.size(); ++i) {
    gained[i] -= base[i];
    bound.push_back(gained[i] - kl[i]);
  }
  return HtmlFigure{curves_svg(frame_for(2, "epoch", "nats per image", 0.6), {{"log-likelihood", Tone::quiet, epoch, gained},
                                                                              {"less what posteriors cost", Tone::learned, epoch, bound}}),
                    "Particles that were not trained on",
                    formatted("Over the base structure alone. At the end {} nats, of which the posteriors cost {}: above zero, what moves in the "
                              "model is in the data; a curve that still rises has not been trained to its end.",
                              plain(figures.log_likelihood - figures.base_log_likelihood, 1), plain(figures.divergence, 1))};
}

// Every figure of a JSON text with the path that leads to it: "distances[0].mean".
void append_figures(const nlohmann::ordered_json& json, const std::string& path, std::vector<std::vector<std::string>>& rows) {
  const auto text = [](const nlohmann::ordered_json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_number_float() ? formatted("{:.6g}", value.get<double>()) : value.dump();
  };
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) append_figures(value, path.empty() ? key : path + "." + key, rows);
  } else if (json.is_array() && json.size() > kLongestList && json[0].is_primitive()) {
    std::vector<std::string> parts;
    for (const auto& value : json) parts.push_back(text(value));
    rows.push_back({path, join(parts, ", ")});
  } else if (json.is_array()) {
    for (size_t i = 0; i < json.size(); ++i) append_figures(json[i], formatted("{}[{}]", path, i), rows);
  } else {
    rows.push_back({path, text(json)});
  }
}

}  // namespace

void add_findings(HtmlPage& page, const RunReport& report) {
  std::string markup;
  if (report.ensemble_comparison) markup += findings_markup("The ensemble against the truth", findings(*report.ensemble_comparison));
  if (report.posterior_comparison) markup += findings_markup("Each particle against the truth", findings(*report.posterior_comparison));
  if (report.judgement) {
    markup += findings_markup("The run by itself", findings(*report.judgement));
    if (report.judgement->particles_and_prior) {
      markup += findings_markup("What the model draws against what particles show", findings(*report.judgement->particles_and_prior));
    }
  }
  if (report.half_sets) markup += findings_markup("Two half sets", findings(*report.half_sets));
  if (markup.empty()) return;
  page.section("In words", "What is wrong first (triangles), then what is worth knowing, then what is right (ticks).");
  page.markup("<div class=\"tables\">\n" + markup + "</div>\n");
}

void add_comparison(HtmlPage& page, const RunReport& report) {
  page.section("Against the truth", "The figures of cryomer evaluate, over the same files.");
  if (report.ensemble_comparison) add_ensemble_comparison(page, *report.ensemble_comparison);
  if (report.posterior_comparison) add_posterior_comparison(page, *report.posterior_comparison);
}

void add_judgement(HtmlPage& page, const RunReport& report) {
  const RunJudgement& run = *report.judgement;
  if (!run.held_out && !run.particles_and_prior) return;
  page.section("Without a truth", "What can be said when nobody knows the true states.");
  std::vector<HtmlFigure> figures;
  for (const Population& p : run.populations) figures.push_back(population_figure(p));
  if (!figures.empty()) {
    page.paragraph("How often each distance has which value in the population that was frozen. The average of the particles' posteriors is biased: "
                   "each is pulled towards the model's distribution and blurred by its own uncertainty. The deconvolved curve divides that out; it "
                   "is as good as the posteriors are, which after a short run they are not yet.");
  }
  if (run.held_out) {
    if (auto figure = held_out_figure(report.metrics, *run.held_out)) figures.push_back(std::move(*figure));
  }
  page.figures(figures, 2);
  if (run.particles_and_prior && !run.particles_and_prior->residues.empty()) {
    page.figures({agreement_figure(*run.particles_and_prior, "particles", "model's distribution")}, 1);
  }
  std::vector<HtmlTable> tables;
  if (run.held_out) {
    const HeldOutFigures& h = *run.held_out;
    tables.push_back({formatted("Held-out particles, after epoch {}", h.epoch), {"nats per image", ""},
                      {{"log-likelihood", plain(h.log_likelihood, 2)},
                       {"\u2003of the base structure alone", plain(h.base_log_likelihood, 2)},
                       {"\u2003of the particles trained on", plain(h.training_log_likelihood, 2)},
                       {"divergence of their posteriors from the prior", plain(h.divergence, 2)},
                       {"gain of the bound over the base structure", plain(h.gain(), 2)}}});
  }
  if (run.particles_and_prior) tables.push_back(agreement_table_of(*run.particles_and_prior, "Particles against the model's distribution", "the latter"));
  HtmlTable latent{"All particles' posteriors and the model's distribution", {"\u00c5 by which CAs move", "of the motion", "std", "model's", "off by", "KS"}, {}};
  for (const LatentAxis& axis : run.latent) {
    latent.rows.push_back({formatted("direction {}", latent.rows.size() + 1), percentage(axis.share), plain(axis.deviation, 2),
                           plain(axis.prior_deviation, 2), plain(axis.offset, 2), plain(axis.ks, 3)});
  }
  tables.push_back(latent);
  HtmlTable populations{"Populations", {"\u00c5", "deconvolved", "averaged posteriors", "particles' means"}, {}};
  for (const Population& p : run.populations) {
    populations.rows.push_back({spoken(p.name) + ", mean", with_error(p.mean.value, p.mean.error), plain(p.mean.averaged, 2), plain(p.mean.of_means, 2)});
    populations.rows.push_back({"\u2003std", with_error(p.standard_deviation.value, p.standard_deviation.error),
                                plain(p.standard_deviation.averaged, 2), plain(p.standard_deviation.of_means, 2)});
    if (!p.has_cut) continue;
    populations.rows.push_back({formatted("\u2003below {:g} \u00c5", p.cut),
                                share_with_error(p.below_cut.value, p.below_cut.error), percentage(p.below_cut.averaged),
                                percentage(p.below_cut.of_means)});
  }
  tables.push_back(populations);
  if (run.recovery) {
    const PosteriorComparison& r = *run.recovery;
    HtmlTable recovery{formatted("What single images can tell, if what was learned is true ({} simulated and inferred)", r.particles), {"", ""}, {}};
    recovery.rows.push_back({"contrast of what was learned (1: as expected)", plain(run.recovery_strength, 2)});
    recovery.rows.push_back({"structures off by (mean RMSD " + atoms_of_rmsd(r.atoms) + ")", plain(r.rmsd_mean, 2) + " \u00c5"});
    recovery.rows.push_back({"\u2003the mean structure for all", plain(r.rmsd_baseline, 2) + " \u00c5"});
    if (r.has_poses) {
      recovery.rows.push_back({"poses within 10\u00b0", percentage(r.poses.direct.within_10deg)});
      recovery.rows.push_back({"\u2003median error", plain(r.poses.direct.median_deg, 2) + "\u00b0"});
    }
    for (const DistanceCorrelation& d : r.distances) recovery.rows.push_back({spoken(d.name) + ", r", plain(d.pearson_r, 3)});
    tables.push_back(recovery);
  }
  page.tables(tables);
}

void add_half_sets(HtmlPage& page, const Agreement& halves) {
  page.section("Half sets", formatted("{} structures of {} against {} of {}. Of two models that never saw each other's images (train --half), what both show is in the data.",
                                      halves.sizes[0], halves.names[0], halves.sizes[1], halves.names[1]));
  if (!halves.residues.empty()) page.figures({agreement_figure(halves, "first", "second")}, 1);
  const int columns = halves.distances.size() > 2 ? 3 : 2;
  std::vector<HtmlFigure> figures;
  HtmlTable distances{"Distances, \u00c5; \u00b1 is half the difference of the two", {"", "mean", "std", "Wasserstein", "KS"}, {}};
  for (const DistanceAgreement& d : halves.distances) {
    const double mean = 0.5 * (d.mean[0] + d.mean[1]), deviation = 0.5 * (d.standard_deviation[0] + d.standard_deviation[1]);
    Curve both{"both together", Tone::learned, d.centres, {}};
    for (size_t k = 0; k < d.centres.size(); ++k) both.y.push_back(0.5 * (d.shares[0][k] + d.shares[1][k]));
    both.y = density(both.y, d.centres);
    both.low = density(d.shares[0], d.centres);  // from one half to the other: the mean and half the difference to either side
    both.high = density(d.shares[1], d.centres);
    PlotFrame frame = frame_for(columns, "distance, \u00c5", "density, 1/\u00c5", 0.55);
    frame.y_least = 0;
    std::string caption = formatted("{} \u00c5 on average, varying by {} \u00c5. The band is from one half to the other.", with_error(mean, d.mean_error),
                                    with_error(deviation, d.deviation_error));
    std::vector<Rule> rules;
    if (std::isfinite(d.cut)) {
      rules.push_back({d.cut, formatted("cut at {:g} \u00c5", d.cut)});
      caption += formatted(" Below the cut: {} and {}.", percentage(d.below_cut[0]), percentage(d.below_cut[1]));
    }
    figures.push_back({curves_svg(frame, {both}, rules), spoken(d.name), caption});
    distances.rows.push_back({spoken(d.name), with_error(mean, d.mean_error), with_error(deviation, d.deviation_error),
                              plain(d.wasserstein, 2), plain(d.ks, 3)});
  }
  page.figures(figures, columns);
  page.tables({agreement_table_of(halves, "The halves as a whole", "the second"), distances});
}

void add_all_figures(HtmlPage& page, const RunReport& report) {
  const EvaluationParts parts = parts_of(report);
  if (!parts.ensemble && !parts.posterior && !parts.half_sets && !parts.run) return;
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(evaluation_json(parts));
  json.erase("findings");  // they stand in words above
  HtmlTable all{"", {"key in report --json", "value"}, {}};
  append_figures(json, "", all.rows);
  page.folded("All figures, with the keys of evaluate --json", all);
}

}  // namespace cryomer
