#include "simulation_page.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"
#include "cryomer/kernels/fft.h"
#include "cryomer/report/gray_image.h"
#include "cryomer/report/html_page.h"
#include "cryomer/report/png.h"
#include "cryomer/report/svg_plot.h"
#include "cryomer/report/svg_text.h"
#include "cryomer/simulation/half_spectrum.h"
#include "cryomer/simulation/simulation_config.h"

namespace cryomer {

namespace {

std::string image_markup(const GrayImage& image, double limit, const std::string& description, const std::string& style = "") {
  return formatted("<img src=\"{}\" alt=\"{}\"{}/>", png_data_uri(gray_levels(image, limit), image.size, image.size),
                   escaped(description), style.empty() ? "" : formatted(" style=\"{}\"", style));
}

GrayImage picture(const std::vector<float>& values, size_t first, int size) {
  return {size,
          std::vector<float>(values.begin() + std::ptrdiff_t(first), values.begin() + std::ptrdiff_t(first + size_t(size) * size))};
}

// Logarithm of the power spectrum with zero frequency in the middle, averaged over 3 x 3 frequencies; without its radial trend it
// would show rings alone, with it also the envelope.
GrayImage spectrum_picture(const std::vector<float>& values, int size) {
  std::vector<float> spectrum(2 * half_count(size));
  const GrayImage image = centred({size, values});
  real_fft(image.values.data(), size, size, spectrum.data());
  GrayImage full{size, std::vector<float>(size_t(size) * size)};
  for (int v = 0; v < size; ++v) {
    for (int u = 0; u < half_columns(size); ++u) {
      const float* const s = spectrum.data() + 2 * (size_t(v) * half_columns(size) + size_t(u));
      const float power = s[0] * s[0] + s[1] * s[1];
      const int y = (v + size / 2) % size, x = (u + size / 2) % size, y2 = (size - v + size / 2) % size,
                x2 = (size - u + size / 2) % size;
      full.values[size_t(y) * size + x] = full.values[size_t(y2) * size + x2] = power;
    }
  }
  GrayImage smooth = full;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      float sum = 0;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) sum += full.values[size_t((y + dy + size) % size) * size + size_t((x + dx + size) % size)];
      }
      smooth.values[size_t(y) * size + x] = std::log(sum + 1e-20f);
    }
  }
  return centred(smooth);
}

std::string zero_circles(const SimulationExample& e) {
  std::string circles;
  for (size_t i = 0; i < std::min<size_t>(e.zeros.size(), 8); ++i) {
    const double radius = e.zeros[i] * e.pixel_size * 100;  // percent of the picture's width
    circles += formatted(
        "<circle cx=\"50\" cy=\"50\" r=\"{:.2f}\" style=\"fill:none;stroke:#d9650c;stroke-width:.25;stroke-dasharray:1.2 1\"/>",
        radius);
  }
  return circles;
}

void flatten(const Config& config, HtmlTable& table) {
  class Lister final : public ConfigVisitor {
   public:
    explicit Lister(HtmlTable& t) : table_(t) {}
    void field(const char* name, bool& value, const char* meaning) override { add(name, value ? "true" : "false", meaning); }
    void field(const char* name, int64_t& value, const char* meaning) override { add(name, formatted("{}", value), meaning); }
    void field(const char* name, double& value, const char* meaning) override { add(name, formatted("{:.6g}", value), meaning); }
    void field(const char* name, std::string& value, const char* meaning) override { add(name, value, meaning); }
    void field(const char* name, std::vector<int64_t>& value, const char* meaning) override {
      add(name, formatted("{} values", value.size()), meaning);
    }

   protected:
    void begin_group(const char* name) override { group_ = std::string(name) + "."; }
    void end_group() override { group_.clear(); }

   private:
    void add(const char* name, const std::string& value, const char* meaning) {
      table_.rows.push_back({group_ + name + ": " + meaning, value});
    }
    HtmlTable& table_;
    std::string group_;
  };
  Lister lister(table);
  const_cast<Config&>(config).visit(lister);  // visit() only reads here
}

}  // namespace

std::string simulation_page(const MicrographSimulationSummary& s, const std::string& preset, const std::string& command_line) {
  const SimulationExample& e = s.example;
  HtmlPage page("Simulated particles");
  page.subtitle(formatted("{} particles of {} states on {} micrographs, preset {}", s.config.layout.particles, s.states,
                          s.micrographs, preset));
  page.headlines(
      {{"Signal to noise", formatted("{:.3g}", s.snr_box),
        formatted("variance of the signal over that of the noise, per pixel of the box; {:.3g} in a disc of {:.0f} \u00c5 radius",
                  s.snr_disc, s.disc_radius),
        ""},
       {"Exposure", formatted("{:.4g} e/\u00c5\u00b2", s.config.exposure.dose),
        formatted("{:.4g} electrons a pixel reach the detector", s.electrons), ""},
       {"Contrast", formatted("{:.2f} %", 100 * s.contrast_deviation),
        "standard deviation of the noise-free image over the background", ""}});

  page.section("A micrograph",
               "The first of the set as the detector records it, low-passed for the eye, and without noise. Protein is dark.");
  const int factor = (e.micrograph_size + 511) / 512;
  const GrayImage noisy = binned(centred(picture(e.micrograph, 0, e.micrograph_size)), factor);
  const GrayImage clean = binned(centred(picture(e.clean, 0, e.micrograph_size)), factor);
  const double shown_pixel = e.pixel_size * factor;
  const GrayImage soft = low_passed(noisy, 12, shown_pixel);
  const std::string wide = "width: 100%; height: auto; display: block; border-radius: 4px";
  page.figures({{image_markup(noisy, 3 * standard_deviation(noisy), "micrograph", wide), "",
                 formatted("As recorded, {} x {} pixels of {:g} \u00c5.", e.micrograph_size, e.micrograph_size, e.pixel_size)},
                {image_markup(soft, 4 * standard_deviation(soft), "micrograph, low-passed", wide), "", "Low-passed to 12 \u00c5."},
                {image_markup(clean, 4 * standard_deviation(clean), "micrograph without noise", wide), "", "Without noise."}},
               3);

  page.section(
      "Its power spectrum",
      formatted(
          "Thon rings at {:.0f} \u00c5 underfocus. The circles and dashed lines are where the contrast transfer function vanishes: "
          "sin(\u03c0\u03bb\u0394f k\u00b2 \u2212 \u00bd\u03c0 Cs \u03bb\u00b3 k\u2074 + asin A) = 0.",
          e.defocus));
  const GrayImage rings = spectrum_picture(e.micrograph, e.micrograph_size),
                  clean_rings = spectrum_picture(e.clean, e.micrograph_size);
  const auto with_circles = [&](const GrayImage& image, double limit, const std::string& what) {
    return formatted(
        "<div style=\"position: relative\">{}<svg viewBox=\"0 0 100 100\" style=\"position: absolute; inset: 0; width: 100%; "
        "height: 100%\">{}</svg></div>",
        image_markup(image, limit, what, wide), zero_circles(e));
  };
  page.figures({{with_circles(rings, 2.5 * standard_deviation(rings), "power spectrum"), "",
                 "Logarithm of the power of the micrograph as recorded; the edge is at half a cycle per pixel."},
                {with_circles(clean_rings, 2 * standard_deviation(clean_rings), "power spectrum without noise"), "",
                 "Of the micrograph without noise."}},
               2);
  PlotFrame frame("frequency, 1/\u00c5", "power, relative to the mean\u00b2", 1064, 320);
  frame.logarithmic_y = true;
  std::vector<Rule> rules;
  double labelled = -1;
  for (size_t i = 0; i < std::min<size_t>(e.zeros.size(), 6); ++i) {
    const bool room = e.zeros[i] - labelled > 0.07 * e.frequency.back();
    rules.push_back({e.zeros[i], room ? formatted("{:.2f} \u00c5", 1 / e.zeros[i]) : ""});
    if (room) labelled = e.zeros[i];
  }
  double least = 1e300;
  for (const double p : e.noise_power) least = std::min(least, p);
  frame.y_least = least * 1e-3;
  page.figures({{curves_svg(frame,
                            {{"recorded", Tone::learned, e.frequency, e.power},
                             {"without noise", Tone::truth, e.frequency, e.clean_power},
                             {"noise expected of the detector", Tone::quiet, e.frequency, e.noise_power}},
                            rules),
                 "",
                 "Radial means over one micrograph. Where the recorded curve is above the detector's noise, there is signal or the "
                 "noise of ice."}},
               1);

  page.section("Particles", "Eight particles as written to the stack, low-passed, and without noise.");
  const size_t area = size_t(e.box) * size_t(e.box);
  const size_t shown = area > 0 ? e.particles.size() / area : 0;
  std::string markup = formatted("<div class=\"gallery\" style=\"grid-template-columns: 92px repeat({}, minmax(0, 1fr))\">", shown);
  const auto row = [&](const std::string& name, const std::vector<float>& values, double resolution) {
    std::vector<GrayImage> images;
    double deviation = 0;
    for (size_t p = 0; p < shown; ++p) {
      GrayImage image = centred(picture(values, p * area, e.box));
      if (resolution > 0) image = low_passed(image, resolution, e.particle_pixel_size);
      deviation += standard_deviation(image) / double(shown);
      images.push_back(std::move(image));
    }
    markup += formatted("\n<div>{}</div>", escaped(name));
    for (size_t p = 0; p < shown; ++p)
      markup += image_markup(images[p], 3.2 * deviation, formatted("{}, particle {}", name, p + 1));
  };
  row("as written", e.particles, 0);
  row("15\u00a0\u00c5", e.particles, 15);
  row("no noise", e.clean_particles, 0);
  markup += "\n</div>\n";
  page.figures({{markup, "",
                 formatted("{} x {} pixels of {:g} \u00c5; {}.", e.box, e.box, e.particle_pixel_size,
                           s.config.extraction.invert && s.config.extraction.normalisation != "raw" ? "protein is bright"
                                                                                                    : "protein is dark")}},
               1);

  page.section("Settings", "All of them, as used. Any can be replaced with --set key=value.");
  HtmlTable table{"", {"setting", "value"}, {}};
  flatten(s.config, table);
  page.table(table);
  page.code({command_line});
  return page.html();
}

}  // namespace cryomer
