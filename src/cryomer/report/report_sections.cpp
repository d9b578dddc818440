#include "cryomer/report/report_sections.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/format.h"
#include "cryomer/base/text.h"
#include "cryomer/evaluation/marginal.h"
#include "cryomer/evaluation/median.h"
#include "cryomer/evaluation/text_table.h"
#include "cryomer/report/direction_map.h"
#include "cryomer/report/png.h"
#include "cryomer/report/section_parts.h"
#include "cryomer/report/svg_plot.h"
#include "cryomer/report/svg_text.h"

namespace cryomer {

namespace {

constexpr double kEyeResolution = 15;  // A, of the gallery's low-pass
constexpr size_t kMostPoints = 4000;   // drawn in a scatter

std::vector<double> minus(std::vector<double> a, const std::vector<double>& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) a[i] -= b[i];
  return a;
}

// Every k-th value, so that at most kMostPoints remain.
std::vector<double> thinned(const std::vector<double>& values) {
  const size_t stride = (values.size() + kMostPoints - 1) / kMostPoints;
  if (stride <= 1) return values;
  std::vector<double> kept;
  for (size_t i = 0; i < values.size(); i += stride) kept.push_back(values[i]);
  return kept;
}

double pearson(const std::vector<double>& a, const std::vector<double>& b) {
  const Moments ma = moments({a, {}}), mb = moments({b, {}});
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - ma.mean) * (b[i] - mb.mean);
  return sum / (double(a.size()) * ma.standard_deviation * mb.standard_deviation);
}

std::string stage_words(const std::string& stage) {
  if (stage == "particles") return "each particle its own posterior";
  if (stage == "encoder") return "posteriors of the encoder";
  return stage;
}

// Where the stage column changes, after the first row.
std::vector<Rule> stage_changes(const CsvTable& metrics, const std::vector<double>& x) {
  std::vector<Rule> rules;
  const std::vector<std::string> stages = metrics.texts("stage");
  for (size_t i = 1; i < std::min(stages.size(), x.size()); ++i) {
    if (stages[i] != stages[i - 1]) rules.push_back({0.5 * (x[i] + x[i - 1]), stage_words(stages[i])});
  }
  return rules;
}

std::string image_markup(const GrayImage& image, double limit, const std::string& description) {
  return formatted("<img alt=\"{}\" width=\"{}\" height=\"{}\" src=\"{}\">", escaped(description), image.size, image.size,
                   png_data_uri(gray_levels(image, limit), image.size, image.size));
}

}  // namespace

ResidueAxis residue_axis(const std::vector<std::string>& labels) {
  ResidueAxis axis;
  for (const std::string& label : labels) {
    axis.places.push_back(parse_double(split(label, '/').back()).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  axis.label = "residue";
  if (std::is_sorted(axis.places.begin(), axis.places.end()) &&
      std::none_of(axis.places.begin(), axis.places.end(), [](double n) { return std::isnan(n); })) {
    return axis;
  }
  for (size_t i = 0; i < labels.size(); ++i) axis.places[i] = double(i);
  axis.label = "residue, in the order of the file";
  return axis;
}

std::string spoken(const std::string& pair) {
  std::string text = pair;
  const size_t colon = text.find(':');
  if (colon != std::string::npos) text.replace(colon, 1, "\u00a0\u2013\u00a0");
  return text;
}

std::optional<TrainingEnd> training_end(const CsvTable& metrics) {
  if (metrics.row_count() == 0) return std::nullopt;
  const auto last = [&](const std::string& column) {
    const std::vector<double> values = metrics.numbers(column);
    return values.empty() ? std::numeric_limits<double>::quiet_NaN() : values.back();
  };
  const double base = last("base_log_likelihood");
  return TrainingEnd{last("log_likelihood") - base, last("held_out_log_likelihood") - base, last("kl"), last("seconds")};
}

std::vector<Headline> headlines(const RunReport& report) {
  std::vector<Headline> cards;
  if (report.ensemble_comparison) {
    const EmdRmsd& emd = report.ensemble_comparison->emd;
    cards.push_back({"Ensemble to truth, EMD-RMSD", angstroms(emd.value),
                     formatted("{}two draws of the truth: {}; the base structure: {}",
                               emd.error > 0 ? "\u00b1 " + plain(kHalfInterval * emd.error, 2) + "; " : "", plain(emd.floor, 2),
                               plain(emd.baseline, 2)),
                     std::isfinite(emd.floor) ? gauge_svg(emd.value, emd.floor, emd.baseline) : ""});
  }
  if (report.posterior_comparison) {
    const PosteriorComparison& posterior = *report.posterior_comparison;
    cards.push_back({"Structure of each particle, RMSD", angstroms(posterior.rmsd_mean),
                     formatted("mean; the base structure is {} away", plain(posterior.rmsd_baseline, 2)),
                     gauge_svg(posterior.rmsd_mean, 0, posterior.rmsd_baseline)});
    for (const DistanceCorrelation& d : posterior.distances) {
      if (cards.size() > 2 || !std::isfinite(d.pearson_r)) break;
      cards.push_back({"Distance in each particle", "r = " + plain(d.pearson_r, 3), spoken(d.name) + ", inferred against true", ""});
    }
  }
  if (const auto end = training_end(report.metrics); end && std::isfinite(end->held_out_gain)) {
    cards.push_back({"Better than the base structure by", plain(end->held_out_gain, 1) + " nats",
                     "log-likelihood of an image that was not trained on", ""});
  }
  if (report.ensemble && !report.ensemble->rmsf.empty()) {
    const auto& rmsf = report.ensemble->rmsf;
    const auto most = std::max_element(rmsf.begin(), rmsf.end()) - rmsf.begin();
    if (rmsf[most] > 0.005)  // else there is one structure only
    cards.push_back({"The residue that moves most", report.ensemble->residues[most],
                     formatted("RMSF {}; the median residue {}", angstroms(rmsf[most]), angstroms(median(rmsf))), ""});
  }
  if (const auto end = training_end(report.metrics)) {
    const std::vector<std::string> epochs = report.metrics.texts("epoch");
    cards.push_back({"Trained for", duration_text(end->seconds), epochs.empty() ? "" : epochs.back() + " passes over the particles", ""});
  }
  return cards;
}

void add_training(HtmlPage& page, const CsvTable& metrics) {
  page.section("Training", "One point for each pass over the particles, averages per image. The line marks where training changed its stage.");
  const std::vector<double> epoch = metrics.numbers("epoch"), base = metrics.numbers("base_log_likelihood");
  const std::vector<Rule> changes = stage_changes(metrics, epoch);
  std::vector<HtmlFigure> figures;
  const auto pair_of = [&](const std::string& column, bool over_base) {
    std::vector<Curve> curves;
    const auto shown = [&](const std::string& name) {
      return over_base ? minus(metrics.numbers(name), base) : metrics.numbers(name);
    };
    if (metrics.has(column)) curves.push_back({"trained on", Tone::quiet, epoch, shown(column)});
    if (metrics.has("held_out_" + column)) curves.push_back({"held out", Tone::learned, epoch, shown("held_out_" + column)});
    return curves;
  };
  const auto add = [&](const std::vector<Curve>& curves, PlotFrame frame, const std::string& title, const std::string& caption) {
    if (curves.empty()) return;
    frame.x_label = "epoch";
    figures.push_back({curves_svg(frame, curves, changes), title, caption});
  };
  if (!base.empty()) {
    add(pair_of("log_likelihood", true), frame_for(3, "", "nats per image", 0.72), "Log-likelihood over the base structure",
        "Both against what the base structure alone gives the held-out images. A gap between the curves is overfitting.");
  }
  add(pair_of("kl", false), frame_for(3, "", "nats", 0.72), "Information in an image",
      "About its conformation: the divergence of its posterior from the prior. Near zero, images say nothing new.");
  PlotFrame logarithmic = frame_for(3, "", "restraint energy", 0.72);
  logarithmic.logarithmic_y = true;
  const std::vector<double> candidates = metrics.has("effective_candidates") ? metrics.numbers("effective_candidates") : std::vector<double>();
  if (std::any_of(candidates.begin(), candidates.end(), [](double n) { return n > 1; })) {
    add({{"effective number", Tone::learned, epoch, candidates}}, frame_for(3, "", "poses a particle", 0.72),
        "Candidate poses", "How many poses a particle still has, by the entropy of their weights. One: its pose is decided.");
  }
  add(pair_of("chain", false), logarithmic, "Strain of the chain", "Mean over structures, before the small gaps are closed on output.");
  page.figures(figures, 3);
}

void add_gallery(HtmlPage& page, const Gallery& gallery) {
  page.section("Images", gallery.remark);
  std::vector<GrayImage> observed, predicted, residual;
  double raw_deviation = 0, deviation = 0;
  for (const GalleryParticle& particle : gallery.particles) {
    const auto filtered = [&](const GrayImage& image) { return low_passed(centred(image), kEyeResolution, gallery.pixel_size); };
    observed.push_back(filtered(particle.observed));
    predicted.push_back(filtered(particle.predicted));
    residual.push_back(difference(observed.back(), predicted.back()));
    raw_deviation += standard_deviation(particle.observed) / double(gallery.particles.size());
    deviation += standard_deviation(observed.back()) / double(gallery.particles.size());
  }
  std::string markup = formatted("<div class=\"gallery\" style=\"grid-template-columns: 92px repeat({}, minmax(0, 1fr))\">\n<div></div>",
                                 gallery.particles.size());
  for (const GalleryParticle& particle : gallery.particles) markup += formatted("<div class=\"head\">{}</div>", escaped(particle.label));
  const auto row = [&](const std::string& name, double limit, auto&& image_of) {
    markup += formatted("\n<div>{}</div>", escaped(name));
    for (size_t i = 0; i < gallery.particles.size(); ++i) {
      markup += image_markup(image_of(i), limit, formatted("{}, particle {}", name, gallery.particles[i].label));
    }
  };
  row("observed", 3 * raw_deviation, [&](size_t i) { return centred(gallery.particles[i].observed); });
  row(formatted("observed, {:g}\u00a0\u00c5", kEyeResolution), 3.2 * deviation, [&](size_t i) { return observed[i]; });
  row(formatted("predicted, {:g}\u00a0\u00c5", kEyeResolution), 3.2 * deviation, [&](size_t i) { return predicted[i]; });
  row("difference", 3.2 * deviation, [&](size_t i) { return residual[i]; });
  markup += "\n</div>\n";
  page.figures({{markup, "",
                 formatted("Low-passed to {:g} \u00c5 for the eye only. The last three rows share one grey scale; a good difference is "
                           "nothing but noise, without the shape of the protein.",
                           kEyeResolution)}},
               1);
}

void add_ensemble(HtmlPage& page, const RunReport& report) {
  const EnsembleView& view = *report.ensemble;
  page.section("The molecule in motion", view.source);
  if (report.explorer) page.markup("<div id=\"explorer\"></div>\n");
  const Mat3 front = principal_axes(view.traces.traces);
  const Mat3 side{{0, 0, -1, 0, 1, 0, 1, 0, 0}}, above{{1, 0, 0, 0, 0, -1, 0, 1, 0}};
  const std::vector<std::pair<std::string, Mat3>> sides = {{"front", front}, {"from the right", side * front}, {"from above", above * front}};
  TraceExtent extent;
  for (const auto& [name, orientation] : sides) extent = larger(extent, trace_extent(view.traces, orientation));
  std::vector<HtmlFigure> views;
  for (const auto& [name, orientation] : sides) views.push_back({trace_svg(view.traces, orientation, extent, name), "", ""});
  page.figures(views, 3, "still");
  page.figures({{svg_begin(1064, 34, "Color scale") + ramp_legend(432, 14, 200, 0, view.color_most, "RMSF of CA, \u00c5, and beyond") + "</svg>", "",
                 formatted("CA traces of {} conformations, superposed, coloured by how far each residue moves; the base structure is drawn "
                           "thicker.",
                           view.traces.traces.size())}},
               1, "still");
  std::vector<HtmlFigure> figures;
  const ResidueAxis residues = residue_axis(view.residues);
  std::vector<Curve> curves;
  std::string caption = "Root mean square fluctuation of each CA about its mean after superposition of all CAs";
  if (report.ensemble_comparison && report.ensemble_comparison->motions.offsets.size() == view.residues.size()) {
    curves.push_back({"mean position is off by", Tone::quiet, residues.places, report.ensemble_comparison->motions.offsets});
    caption += ", and how far that mean is from the truth's";
  }
  if (!view.truth_rmsf.empty()) curves.push_back({"truth", Tone::truth, residues.places, view.truth_rmsf});
  curves.push_back({"learned", Tone::learned, residues.places, view.rmsf});
  PlotFrame wide = frame_for(1, residues.label, "RMSF of CA, \u00c5", 0.24);
  wide.y_least = 0;
  page.figures({{curves_svg(wide, curves), "Where the protein moves", caption + "."}}, 1);
  const int columns = report.distances.size() > 2 ? 3 : 2;
  for (const DistanceView& d : report.distances) {
    std::vector<Sample> samples;
    if (!d.truth.empty()) samples.push_back({"truth", Tone::truth, d.truth, d.truth_weights});
    if (!d.learned.empty()) samples.push_back({"learned", Tone::learned, d.learned, {}});
    if (samples.empty()) continue;
    const Moments learned = moments({d.learned, {}});
    std::string caption = formatted("Learned {} \u00b1 {} \u00c5", plain(learned.mean, 2), plain(learned.standard_deviation, 2));
    if (!d.truth.empty()) {
      const Moments truth = moments({d.truth, d.truth_weights});
      caption += formatted(", true {} \u00b1 {} \u00c5", plain(truth.mean, 2), plain(truth.standard_deviation, 2));
    }
    std::vector<Rule> rules;
    if (d.cut) rules.push_back({*d.cut, formatted("cut at {:g} \u00c5", *d.cut)});
    figures.push_back({histogram_svg(frame_for(columns, "distance, \u00c5", "density, 1/\u00c5", 0.55), samples, rules), spoken(d.name), caption + "."});
  }
  if (!figures.empty()) page.section("Distances and states", report.distance_remark);
  page.figures(figures, columns);
  if (report.occupancies && !report.occupancies->series.empty()) {
    page.figures({{occupancy_svg(*report.occupancies, 1064), "Occupancies",
                   "How often each state is visited. The learned distribution is the model's own; particles are counted at the structure inferred "
                   "for each, which noise blurs." + (report.occupancies->remark.empty() ? "" : " " + report.occupancies->remark)}},
                 1);
  }
}

void add_particles(HtmlPage& page, const RunReport& report) {
  const LatentView& view = *report.latents;
  page.section("Each particle", view.remark);
  std::vector<HtmlFigure> figures;
  Cloud cloud;
  const bool flat = view.projected.size() > 1;
  cloud.x = thinned(view.projected[0]);
  cloud.y = flat ? thinned(view.projected[1]) : std::vector<double>(cloud.x.size(), 0.0);
  std::string caption =
      !flat ? std::string("Posterior means; the model has one latent dimension")
            : formatted("Posterior means along the first two principal directions {} ({} and {} of the variance)",
                        view.unit.empty() ? "of their own" : "of the aggregated posterior, weighed by how far CAs move with the latents",
                        percentage(view.directions.share[0]), percentage(view.directions.share[1]));
  const bool colored = !report.distances.empty() && int64_t(report.distances[0].inferred.size()) == view.particles;
  if (colored) {
    cloud.color = thinned(report.distances[0].inferred);
    cloud.color_label = spoken(report.distances[0].name) + ", \u00c5";
    caption += ", coloured by the inferred distance";
  }
  const bool judged = !report.distances.empty() && report.distances[0].true_inferred.size() == report.distances[0].inferred.size() &&
                      colored;
  const int columns = judged && report.distances.size() > 1 ? 3 : 2;
  const std::string unit = view.unit.empty() ? "" : ", " + view.unit;
  const PlotFrame square = frame_for(columns, "direction 1" + unit, "direction 2" + unit, 0.95);
  figures.push_back({scatter_svg(square, cloud), "The space of conformations", caption + "."});
  for (size_t k = 0; k < report.distances.size(); ++k) {
    const DistanceView& d = report.distances[k];
    if (d.inferred.empty() || d.true_inferred.size() != d.inferred.size()) continue;
    Cloud against;
    against.x = thinned(d.true_inferred);
    against.y = thinned(d.inferred);
    against.diagonal = true;
    double r = pearson(d.true_inferred, d.inferred);
    if (report.posterior_comparison) {
      for (const DistanceCorrelation& of : report.posterior_comparison->distances) {
        if (of.name == d.name) r = of.pearson_r;
      }
    }
    figures.push_back({scatter_svg(frame_for(columns, "true distance, \u00c5", "inferred distance, \u00c5", 0.95), against), spoken(d.name),
                       formatted("One point for each particle; r = {}.", plain(r, 3))});
  }
  page.figures(figures, columns);
  const size_t points = view.projected[0].size();
  if (points > kMostPoints) page.paragraph(formatted("These drawings show one particle in {}.", (points + kMostPoints - 1) / kMostPoints));
}

void add_data(HtmlPage& page, const RunReport& report) {
  std::vector<HtmlFigure> figures;
  if (!report.viewing_directions.empty()) {
    figures.push_back({direction_svg(count_directions(report.viewing_directions)), "Viewing directions",
                       formatted("Of {} particles, on a map that keeps areas (tilt 0 on top). Even data show noise around 1.",
                                 report.viewing_directions.size())});
  }
  if (!report.noise.empty()) {
    constexpr Tone tones[] = {Tone::learned, Tone::second, Tone::truth, Tone::quiet};
    std::vector<Curve> curves;
    double most = 0, least = 1e300;
    for (size_t g = 0; g < report.noise.size(); ++g) {
      const NoiseSpectrum& noise = report.noise[g];
      curves.push_back({report.noise.size() > 4 ? "" : noise.name, tones[g % 4], noise.frequency, noise.power});
      for (const double power : noise.power) {
        if (power > 0) most = std::max(most, power), least = std::min(least, power);
      }
    }
    if (curves.size() > 4) curves.resize(4);
    PlotFrame frame = frame_for(2, "spatial frequency, 1/\u00c5", "variance per pixel", 0.5);
    frame.x_least = 0;
    frame.logarithmic_y = most > 8 * least;
    if (!frame.logarithmic_y) frame.y_least = 0;
    figures.push_back({curves_svg(frame, curves), "Spectrum of the noise",
                       "As estimated from the images once what the base structure explains is taken away. White noise is flat."});
  }
  if (figures.empty()) return;
  page.section("The data");
  page.figures(figures, 2);
}

}  // namespace cryomer
