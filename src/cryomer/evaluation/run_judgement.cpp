#include "cryomer/evaluation/run_judgement.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"
#include "cryomer/evaluation/text_table.h"

namespace cryomer {

std::string run_table(const RunJudgement& run) {
  std::string text = run.run + "\n";
  if (run.held_out) {
    const HeldOutFigures& h = *run.held_out;
    text += formatted("\nHeld-out particles, after epoch {} (nats per image)\n", h.epoch);
    text += aligned({{"log likelihood", length(h.log_likelihood)},
                     {"  of the base structure alone", length(h.base_log_likelihood)},
                     {"  of the particles trained on", length(h.training_log_likelihood)},
                     {"divergence of their posteriors from the prior", length(h.divergence)},
                     {"gain of the bound over the base structure", length(h.gain())}});
  }
  if (!run.latent.empty()) {
    text += "\nAggregated posterior and prior along the main directions of latent space (A by which CAs move)\n";
    std::vector<std::vector<std::string>> rows = {{"", "of the variance", "std", "prior's std", "prior off by", "KS"}};
    for (const LatentAxis& axis : run.latent) {
      rows.push_back({formatted("direction {}", rows.size()), percent(axis.share), length(axis.deviation),
                      length(axis.prior_deviation), length(axis.offset), ratio(axis.ks)});
    }
    text += aligned(rows);
  }
  if (run.particles_and_prior) text += "\n" + agreement_table(*run.particles_and_prior);
  text += population_table(run.populations);
  if (run.recovery) {
    const PosteriorComparison& r = *run.recovery;
    text += formatted("\nWhat single images can tell, if what was learned is true: {} of them, simulated and inferred ({} atoms)\n", r.particles, name_of(r.atoms));
    std::vector<std::vector<std::string>> rows = {{"contrast of what was learned (1: as expected)", ratio(run.recovery_strength)},
                                                  {"structures off by (mean RMSD)", length(r.rmsd_mean) + " A"},
                                                  {"  the mean structure for all", length(r.rmsd_baseline) + " A"}};
    if (r.has_poses) {
      rows.push_back({"poses within 10 degrees", percent(r.poses.direct.within_10deg)});
      rows.push_back({"  median error", length(r.poses.direct.median_deg) + " deg"});
    }
    for (const DistanceCorrelation& d : r.distances) rows.push_back({d.name + ", r", ratio(d.pearson_r)});
    text += aligned(rows);
  }
  return text + findings_text(findings(run));
}

std::vector<Finding> findings(const RunJudgement& run) {
  std::vector<Finding> list;
  const auto say = [&](Verdict verdict, const char* subject, const std::string& text) { list.push_back({verdict, subject, text}); };
  if (run.held_out) {
    const HeldOutFigures& h = *run.held_out;
    const double gained = h.log_likelihood - h.base_log_likelihood;
    if (h.gain() > 0) {
      say(Verdict::good, "held_out",
          formatted("Particles that the model never saw are explained better than by the base structure alone, by {:.2f} nats an "
                    "image after what their posteriors cost.",
                    h.gain()));
    } else if (gained > 0) {
      say(Verdict::note, "held_out",
          formatted("Particles that the model never saw are explained {:.2f} nats better than by the base structure alone, but "
                    "their posteriors are {:.2f} nats from the prior, which is more: the run may be too short.",
                    gained, h.divergence));
    } else {
      say(Verdict::wrong, "held_out",
          formatted("Particles that the model never saw are explained no better than by the base structure alone ({:.2f} nats an "
                    "image): what moves in the model is not in the data.",
                    gained));
    }
    // Likelihoods of different images scatter; what matters is whether training images gain much more.
    const double over = h.training_log_likelihood - h.log_likelihood;
    if (over > std::max(1.0, 0.5 * std::abs(gained))) {
      say(Verdict::note, "held_out",
          formatted("Particles trained on are explained {:.2f} nats better than others: part of it is their noise.", over));
    }
  }
  double worst = 0;
  for (const LatentAxis& axis : run.latent) {
    if (axis.share > 0.05) worst = std::max(worst, axis.ks);
  }
  if (!run.latent.empty()) {
    say(worst < 0.1    ? Verdict::good
        : worst < 0.25 ? Verdict::note
                       : Verdict::wrong,
        "prior",
        worst < 0.1 ? "The prior is distributed as the particles' posteriors are: samples from it show what the particles say."
                    : formatted("The prior differs from the particles' posteriors (KS {:.2f} along a main direction of latent "
                                "space): structures from `sample` are not distributed as those from `infer`.",
                                worst));
  }
  for (const Population& p : run.populations) {
    // Told apart from the average of the posteriors by more than chance?
    const bool mean = std::abs(p.mean.averaged - p.mean.value) > std::max(3 * p.mean.error, 0.1);
    const bool width =
        std::abs(p.standard_deviation.averaged - p.standard_deviation.value) > std::max(3 * p.standard_deviation.error, 0.1);
    std::string share;
    if (p.has_cut)
      share =
          formatted("; {} +- {} of the particles are below {:g} A", percent(p.below_cut.value), percent(p.below_cut.error), p.cut);
    say(mean || width ? Verdict::note : Verdict::good, "population",
        formatted("{} in the population: {:.2f} +- {:.2f} A on average, varying by {:.2f} +- {:.2f} A{}. The average of the "
                  "posteriors {} ({:.2f} and {:.2f} A), the particles' means vary by {:.2f} A.",
                  p.name, p.mean.value, p.mean.error, p.standard_deviation.value, p.standard_deviation.error, share,
                  mean || width ? "says otherwise" : "says the same", p.mean.averaged, p.standard_deviation.averaged,
                  p.standard_deviation.of_means));
  }
  if (run.recovery) {
    const PosteriorComparison& r = *run.recovery;
    if (r.has_poses) {
      const double found = r.poses.direct.within_10deg;
      say(found >= 0.9 ? Verdict::good : Verdict::wrong, "recovery",
          formatted("Of images simulated from the model, as noisy as the particles, {} have their pose found{}{}.", percent(found),
                    found >= 0.9 ? "" : ": about so many of the particles' poses may be right",
                    found < 0.9 && run.recovery_strength < 1 ? ", or fewer, for noise was learned" : ""));
    }
    if (run.recovery_strength != 1) {
      say(Verdict::note, "recovery",
          formatted("Particles held out show what was learned {:.2f} times as strongly as the model expects, and so do these images: {}.", run.recovery_strength,
                    run.recovery_strength < 1 ? "noise was learned, or particles differ in ways that were not" : "there is more to learn"));
    }
    say(Verdict::note, "recovery",
        formatted("If what was learned is true, a single image gives its structure to {:.2f} A, where the mean structure is {:.2f} A off{}; what the model misses comes on top.",
                  r.rmsd_mean, r.rmsd_baseline, r.rmsd_mean > 0.8 * r.rmsd_baseline ? ": single particles hardly differ for it" : ""));
    for (const DistanceCorrelation& d : r.distances) {
      if (std::isnan(d.pearson_r)) continue;
      say(Verdict::note, "recovery", formatted("Likewise {} of a single particle would correlate with the true one by {:.2f}.", d.name, d.pearson_r));
    }
  }
  for (const std::string& what : run.absent) say(Verdict::note, "absent", what);
  std::stable_sort(list.begin(), list.end(), [](const Finding& x, const Finding& y) { return x.verdict > y.verdict; });
  return list;
}

}  // namespace cryomer
