#include "cryomer/simulation/gaussian_images.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/random.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/units.h"
#include "cryomer/data/box_fit.h"
#include "cryomer/data/particle_table.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/io/mrc.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/simulation/aligned_states.h"

namespace cryomer {

void GaussianImages::visit(ConfigVisitor& v) {
  v.field("particles", particles, "number of images");
  v.field("box", box, "image size, pixels, even");
  v.field("pixel_size", pixel_size, "A");
  v.field("voltage", voltage, "kV");
  v.field("spherical_aberration", spherical_aberration, "mm");
  v.field("amplitude_contrast", amplitude_contrast, "fraction");
  v.field("defocus_least", defocus_least, "A, underfocus positive");
  v.field("defocus_most", defocus_most, "A");
  v.field("snr", snr, "variance of the signal over variance of the noise, in the box");
  v.field("shift_sigma", shift_sigma, "A, standard deviation of the shift along each axis");
  v.field("atom_width", atom_width, "A, standard deviation of an atom's blob");
  v.field("seed", seed, "of all random draws");
}

void GaussianImages::check() const {
  // Written so that a value that is not a number fails, too.
  auto between = [](const char* flag, double value, double least, double most, const char* unit) {
    if (!(value >= least && value <= most)) fail_usage("{} {}: expected {} to {}{}", flag, value, least, most, unit);
  };
  if (particles < 1 || particles > 100000000) fail_usage("--particles {}: expected 1 to 100000000", particles);
  if (box < 8 || box > 2048 || box % 2 != 0) fail_usage("--box {}: expected an even number of pixels, 8 to 2048", box);
  between("--pixel-size", pixel_size, 0.05, 100, " A");
  between("--snr", snr, 1e-6, 1e6, " (variance of signal over variance of noise)");
  between("--voltage", voltage, 20, 2000, " kV, such as 300");
  between("--cs", spherical_aberration, 0, 20, " mm, such as 2.7");
  between("--amplitude-contrast", amplitude_contrast, 0, 1, ", a fraction");
  between("--atom-width", atom_width, 0.01, 20, " A");
  if (!(std::abs(defocus_least) <= 1e6 && std::abs(defocus_most) <= 1e6 && defocus_least <= defocus_most)) {
    fail_usage("--defocus {}:{}: expected A (underfocus positive), the smaller first, e.g. 5000:20000", defocus_least,
               defocus_most);
  }
  if (!(shift_sigma >= 0 && shift_sigma <= 0.25 * double(box) * pixel_size)) {
    fail_usage("--shift-sigma {}: expected A, between 0 and a quarter of the box ({} A)", shift_sigma,
               0.25 * double(box) * pixel_size);
  }
}

namespace {

// One particle's truth.
struct Draw {
  int64_t state = 0;
  Pose pose;
  double defocus = 0;
};

std::vector<Draw> draw_particles(int64_t states, const std::vector<double>& weights, const GaussianImages& s) {
  // Largest-remainder counts, so that every state appears as often as its weight says, to one particle.
  std::vector<double> share(states, 1.0);
  if (!weights.empty()) share = weights;
  double total = 0;
  for (const double w : share) total += w;
  std::vector<int64_t> draws;
  double owed = Random(static_cast<uint64_t>(s.seed), 1).uniform();
  for (int64_t state = 0; state < states; ++state) {
    owed += share[state] / total * double(s.particles);
    for (; owed >= 1; owed -= 1) draws.push_back(state);
  }
  // Too few particles for all states, or rounding: fill up or cut at random, then shuffle.
  Random random(static_cast<uint64_t>(s.seed), 2);
  while (int64_t(draws.size()) < s.particles) draws.push_back(int64_t(random.below(uint64_t(states))));
  const std::vector<int64_t> order = random.permutation(int64_t(draws.size()));
  std::vector<Draw> result(s.particles);
  for (int64_t p = 0; p < s.particles; ++p) {
    Random own = Random(static_cast<uint64_t>(s.seed), 3).substream(uint64_t(p));
    Draw& d = result[p];
    d.state = draws[order[p]];
    d.pose.rotation = random_rotation(own);
    d.pose.shift_x = s.shift_sigma * own.normal();
    d.pose.shift_y = s.shift_sigma * own.normal();
    d.defocus = s.defocus_least + (s.defocus_most - s.defocus_least) * own.uniform();
  }
  return result;
}

// Clean images of a run of particles.
class CleanImages {
 public:
  CleanImages(const Structure& structure, TrajectoryReader& states, const GaussianImages& s)
      : structure_(structure),
        states_(structure, states),
        settings_(s),
        model_(unit_blobs(structure, s.atom_width), int(s.box), 2.0),
        radius_(radius_about(structure, structure.centroid())) {}

  double radius() const { return radius_; }

  Tensor render(const std::vector<Draw>& draws, int64_t first, int64_t last) {
    const int64_t count = last - first, atoms = structure_.atom_count();
    Tensor positions = at::empty({count, atoms, 3});
    ParticleBatch batch;
    batch.images = at::empty({count, 0, 0});
    batch.rotation = at::empty({count, 3, 3});
    batch.shift = at::empty({count, 2});
    for (int64_t i = 0; i < count; ++i) {
      const Draw& d = draws[first + i];
      float* const x = positions.data_ptr<float>() + i * atoms * 3;
      states_.read(d.state, x);
      batch.poses().put(i, d.pose);
      ParticleOptics optics;
      optics.optics = {"simulated", settings_.voltage, settings_.spherical_aberration, settings_.amplitude_contrast,
                       settings_.pixel_size, false};
      optics.ctf.defocus_u = optics.ctf.defocus_v = d.defocus;
      batch.optics.push_back(optics);
    }
    return model_.predict(positions, batch, at::ones({count}));
  }

 private:
  const Structure& structure_;
  AlignedStates states_;
  const GaussianImages& settings_;
  ImageModel model_;
  double radius_;
};

// Variance about the mean over the box and over a disc, averaged over images.
struct Variance {
  double box = 0, disc = 0;
};

Variance mean_variance(const Tensor& images, const Tensor& disc) {
  const Tensor plain = images.to(at::kDouble);
  const Tensor centred = plain - plain.mean({1, 2}, true);
  const Tensor inside = plain - (plain * disc).sum({1, 2}, true) / disc.sum();
  return {centred.square().mean().item<double>(), ((inside.square() * disc).sum({1, 2}) / disc.sum()).mean().item<double>()};
}

StarFile star_file(const std::vector<Draw>& draws, const GaussianImages& s) {
  StarFile file;
  StarTable optics;
  optics.name = "optics";
  optics.comments = {" version 30001"};
  for (const char* column : {"rlnOpticsGroup", "rlnOpticsGroupName", "rlnVoltage", "rlnSphericalAberration",
                             "rlnAmplitudeContrast", "rlnImagePixelSize", "rlnImageSize", "rlnImageDimensionality",
                             "rlnCtfDataAreCtfPremultiplied"}) {
    optics.add_column(column);
  }
  optics.add_row({"1", "simulated", formatted("{:.6f}", s.voltage), formatted("{:.6f}", s.spherical_aberration),
                  formatted("{:.6f}", s.amplitude_contrast), formatted("{:.6f}", s.pixel_size), formatted("{}", s.box),
                  "2", "0"});
  StarTable particles;
  particles.name = "particles";
  particles.comments = {" version 30001"};
  for (const char* column : {"rlnImageName", "rlnOpticsGroup", "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle",
                             "rlnPhaseShift"}) {
    particles.add_column(column);
  }
  for (size_t p = 0; p < draws.size(); ++p) {
    const std::string defocus = formatted("{:.2f}", draws[p].defocus);
    particles.add_row({formatted("{:06d}@particles.mrcs", p + 1), "1", defocus, defocus, "0.00", "0.00"});
  }
  file.tables = {optics, particles};
  return file;
}

}  // namespace

SimulationSummary simulate_gaussian_images(const Structure& structure, TrajectoryReader& states,
                                           const std::vector<double>& weights, const GaussianImages& s,
                                           const std::string& folder) {
  s.check();
  check_weights(weights, states.size());
  at::NoGradGuard guard;
  const std::vector<Draw> draws = draw_particles(states.size(), weights, s);
  CleanImages clean(structure, states, s);
  const double half_box = 0.5 * double(s.box) * s.pixel_size;
  SimulationSummary summary;
  summary.disc_radius = std::min(clean.radius(), half_box);
  const Tensor axis = (at::arange(s.box, at::kDouble) - double(s.box / 2)) * s.pixel_size;
  const Tensor disc = ((axis.square().unsqueeze(1) + axis.square()) <= summary.disc_radius * summary.disc_radius).to(at::kDouble);

  // The noise follows from the mean signal, so the signal is rendered twice rather than kept.
  const int64_t kRun = 256;
  double box_variance = 0, disc_variance = 0;
  {
    Progress progress("measuring the signal", s.particles, "particles");
    for (int64_t first = 0; first < s.particles; first += kRun) {
      const int64_t last = std::min(first + kRun, s.particles);
      const Variance v = mean_variance(clean.render(draws, first, last), disc);
      box_variance += v.box * double(last - first) / double(s.particles);
      disc_variance += v.disc * double(last - first) / double(s.particles);
      if (stop_requested()) throw Interrupted("stopped before any image was written");
      progress.advance(last - first);
    }
    progress.finish();
  }
  summary.signal_deviation = std::sqrt(box_variance);
  summary.noise_deviation = std::sqrt(box_variance / s.snr);
  summary.snr_disc = disc_variance / (summary.noise_deviation * summary.noise_deviation);
  summary.snr = s.snr;

  MrcStackWriter stack(folder + "/particles.mrcs", s.box, s.box, s.pixel_size);
  Progress progress("simulating", s.particles, "particles");
  for (int64_t first = 0; first < s.particles; first += kRun) {
    const int64_t last = std::min(first + kRun, s.particles);
    // In units of the noise, as RELION normalises particles.
    Tensor images = clean.render(draws, first, last) / summary.noise_deviation;
    const int64_t area = s.box * s.box;
    parallel_for(last - first, 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        Random random = Random(static_cast<uint64_t>(s.seed), 4).substream(uint64_t(first + i));
        float* const pixels = images.data_ptr<float>() + i * area;
        for (int64_t k = 0; k < area; ++k) pixels[k] += float(random.normal());
      }
    });
    for (int64_t i = 0; i < last - first; ++i) stack.write_section(images.data_ptr<float>() + i * area);
    if (stop_requested()) throw Interrupted("stopped; nothing was written");
    progress.advance(last - first);
  }
  progress.finish();
  stack.commit();

  StarFile star = star_file(draws, s);
  write_star(folder + "/particles.star", star);
  std::vector<Pose> poses;
  for (const Draw& d : draws) poses.push_back(d.pose);
  star = with_poses(star, poses);
  StarTable& table = *star.find("particles");
  const int column = table.add_column("cryomerStateIndex");
  for (size_t p = 0; p < draws.size(); ++p) table.set_cell(int64_t(p), column, std::to_string(draws[p].state));
  write_star(folder + "/truth.star", star);

  nlohmann::ordered_json json;
  json["settings"] = nlohmann::ordered_json::parse(config_to_json(s));
  json["states"] = states.size();
  json["signal_deviation"] = summary.signal_deviation;
  json["noise_deviation"] = summary.noise_deviation;
  json["snr_box"] = summary.snr;
  json["snr_disc"] = summary.snr_disc;
  json["disc_radius_A"] = summary.disc_radius;
  json["image_unit"] = "noise standard deviation";
  write_file_atomically(folder + "/simulation.json", json.dump(2) + "\n");
  return summary;
}

}  // namespace cryomer
