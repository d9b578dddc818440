#include "cryomer/kernels/image_likelihood.h"

#include <cmath>
#include <complex>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "testing.h"

namespace cryomer {
namespace {

using Complex = std::complex<double>;

// A handful of atoms, a random image and random spectra in a small box, and the likelihood written down as its formula
// says: direct sums in double precision.
struct Scene {
  static constexpr int kBox = 20, kHalf = kBox / 2 + 1;
  int padded;
  std::vector<float> positions, amplitude, width, data, power, ctf;
  View view;
  ObservedImage observed;

  explicit Scene(int padded_box, float scale_precision) : padded(padded_box) {
    Random random(41);
    const int count = 6;
    for (int i = 0; i < 3 * count; ++i) positions.push_back(static_cast<float>(3.0 * random.normal()));
    for (int i = 0; i < count; ++i) {
      amplitude.push_back(static_cast<float>(5 + random.uniform()));
      width.push_back(static_cast<float>(1.0 + 0.1 * random.uniform()));
    }
    const Mat3 rotation = random_rotation(random);
    for (int i = 0; i < 9; ++i) view.rotation[i] = static_cast<float>(rotation.values[i]);
    view.shift_x = 0.7f;
    view.shift_y = -0.4f;
    view.pixel_size = 1.3f;
    // The data: any Hermitian spectrum, made from a random image.
    std::vector<double> image(kBox * kBox);
    for (double& v : image) v = random.normal();
    for (int v = 0; v < kBox; ++v) {
      for (int u = 0; u < kHalf; ++u) {
        const Complex y = transform(image, kBox, v, u);
        data.push_back(static_cast<float>(0.01 * y.real()));
        data.push_back(static_cast<float>(0.01 * y.imag()));
        power.push_back(static_cast<float>(0.002 / (1 + frequency2(v, u, kBox))));
      }
    }
    for (int v = 0; v < padded; ++v) {
      for (int u = 0; u < padded / 2 + 1; ++u) {
        ctf.push_back(static_cast<float>(std::sin(20 * frequency2(v, u, padded) + 0.1)));
      }
    }
    observed = {data.data(), power.data(), ctf.data(), 0.8f, scale_precision};
  }

  static double frequency2(int v, int u, int n) {
    const double fv = (v <= n / 2 ? v : v - n) / double(n), fu = u / double(n);
    return fv * fv + fu * fu;
  }
  static Complex transform(const std::vector<double>& image, int n, int v, int u) {
    Complex sum = 0;
    for (int j = 0; j < n; ++j) {
      for (int i = 0; i < n; ++i) sum += image[j * n + i] * std::polar(1.0, -2 * kPi * (v * j + u * i) / double(n));
    }
    return sum;
  }

  AtomBlobs atoms() const { return {amplitude.data(), width.data(), int(amplitude.size())}; }
  Grid grid() const { return {kBox, padded}; }

  // Projection with the same 8-pixel windows, centred where `where` puts them, so that finite differences see no jump.
  std::vector<double> projection(const std::vector<double>& x, const View& v, const std::vector<double>& where) const {
    std::vector<double> image(padded * padded);
    for (size_t a = 0; a < amplitude.size(); ++a) {
      double c[2], corner[2];
      for (int row = 0; row < 2; ++row) {
        double sum = row == 0 ? v.shift_x : v.shift_y, base = row == 0 ? view.shift_x : view.shift_y;
        for (int i = 0; i < 3; ++i) {
          sum += double{v.rotation[3 * row + i]} * x[3 * a + i];
          base += double{view.rotation[3 * row + i]} * where[3 * a + i];
        }
        c[row] = sum / v.pixel_size + padded / 2;
        corner[row] = std::floor(base / v.pixel_size + padded / 2) - 3;
      }
      const double s = width[a] / v.pixel_size;
      for (int j = std::max(0, int(corner[1])); j < std::min(padded, int(corner[1]) + 8); ++j) {
        for (int i = std::max(0, int(corner[0])); i < std::min(padded, int(corner[0]) + 8); ++i) {
          const double r2 = (i - c[0]) * (i - c[0]) + (j - c[1]) * (j - c[1]);
          image[j * padded + i] += amplitude[a] / (2 * kPi * s * s) * std::exp(-r2 / (2 * s * s));
        }
      }
    }
    return image;
  }

  double log_likelihood(const std::vector<double>& x, const View& v) const {
    const std::vector<double> base(positions.begin(), positions.end());
    std::vector<double> image = projection(x, v, base);
    if (padded != kBox) {
      // CTF on the padded grid, by direct transforms there and back, then the box cut out.
      const int n = padded, margin = n / 2 - kBox / 2;
      std::vector<Complex> spectrum(n * n);
      for (int fv = 0; fv < n; ++fv) {
        for (int fu = 0; fu < n; ++fu) {
          const int half_u = fu <= n / 2 ? fu : n - fu, half_v = fu <= n / 2 ? fv : (n - fv) % n;
          spectrum[fv * n + fu] = transform(image, n, fv, fu) * double{ctf[half_v * (n / 2 + 1) + half_u]};
        }
      }
      std::vector<double> cut(kBox * kBox);
      for (int j = 0; j < kBox; ++j) {
        for (int i = 0; i < kBox; ++i) {
          Complex sum = 0;
          for (int fv = 0; fv < n; ++fv) {
            for (int fu = 0; fu < n; ++fu) {
              sum += spectrum[fv * n + fu] * std::polar(1.0, 2 * kPi * (fv * (j + margin) + fu * (i + margin)) / double(n));
            }
          }
          cut[j * kBox + i] = sum.real() / (n * n);
        }
      }
      image = cut;
    }
    double overlap = 0, total = 0;
    for (int fv = 0; fv < kBox; ++fv) {
      for (int fu = 0; fu < kHalf; ++fu) {
        const Complex f = transform(image, kBox, fv, fu);
        const double twice = fu == 0 || fu == kBox / 2 ? 1 : 2;
        const size_t k = fv * kHalf + fu;
        overlap += twice * (f.real() * data[2 * k] + f.imag() * data[2 * k + 1]);
        total += twice * power[k] * std::norm(f);
      }
    }
    const double t = observed.scale_precision, m = observed.scale_mean;
    const double scale = std::isinf(t) ? m : (overlap + t * m) / (total + t);
    return scale * overlap - 0.5 * scale * scale * total - (std::isinf(t) ? 0 : 0.5 * t * (scale - m) * (scale - m));
  }
};

class LikelihoodOfEveryInstructionSet : public ::testing::TestWithParam<InstructionSet> {};
INSTANTIATE_TEST_SUITE_P(ImageLikelihood, LikelihoodOfEveryInstructionSet,
                         ::testing::ValuesIn(supported_instruction_sets()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(LikelihoodOfEveryInstructionSet, IsTheDirectSumWithEveryKindOfScale) {
  for (const float precision : {0.0f, 3.0f, INFINITY}) {
    const Scene scene(Scene::kBox, precision);
    ImageWorkspace workspace;
    const double expected =
        scene.log_likelihood({scene.positions.begin(), scene.positions.end()}, scene.view);
    const ImageLikelihood found = image_likelihood(scene.atoms(), scene.positions.data(), scene.view, scene.observed,
                                                   scene.grid(), nullptr, workspace, GetParam());
    EXPECT_NEAR(found.log_likelihood, expected, 1e-4 * (1 + std::abs(expected))) << precision;
  }
}

TEST_P(LikelihoodOfEveryInstructionSet, IsTheDirectSumWithPadding) {
  const Scene scene(28, 3.0f);
  ImageWorkspace workspace;
  const double expected = scene.log_likelihood({scene.positions.begin(), scene.positions.end()}, scene.view);
  const ImageLikelihood found = image_likelihood(scene.atoms(), scene.positions.data(), scene.view, scene.observed,
                                                 scene.grid(), nullptr, workspace, GetParam());
  EXPECT_NEAR(found.log_likelihood, expected, 1e-4 * (1 + std::abs(expected)));
}

TEST_P(LikelihoodOfEveryInstructionSet, HasTheGradientOfFiniteDifferences) {
  for (const int padded : {Scene::kBox, 28}) {
    Scene scene(padded, 3.0f);
    ImageWorkspace workspace;
    std::vector<float> position_gradient(scene.positions.size()), width_gradient(scene.width.size());
    ImageGradients gradients;
    gradients.positions = position_gradient.data();
    gradients.widths = width_gradient.data();
    image_likelihood(scene.atoms(), scene.positions.data(), scene.view, scene.observed, scene.grid(), &gradients,
                     workspace, GetParam());
    const std::vector<double> base(scene.positions.begin(), scene.positions.end());
    const double h = 1e-4;
    const size_t step = padded == Scene::kBox ? 1 : 5;  // the padded direct sums are slow
    for (size_t i = 0; i < base.size(); i += step) {
      std::vector<double> up = base, down = base;
      up[i] += h;
      down[i] -= h;
      const double expected = (scene.log_likelihood(up, scene.view) - scene.log_likelihood(down, scene.view)) / (2 * h);
      EXPECT_NEAR(position_gradient[i], expected, 2e-4 * (1 + std::abs(expected))) << i;
    }
    const float big = 1e-3f;  // View and widths are floats
    for (size_t a = 0; a < scene.width.size(); a += step) {
      const float width = scene.width[a];
      scene.width[a] = width + big;
      const double up = scene.log_likelihood(base, scene.view);
      scene.width[a] = width - big;
      const double down = scene.log_likelihood(base, scene.view);
      scene.width[a] = width;
      const double expected = (up - down) / (double{width + big} - double{width - big});
      EXPECT_NEAR(width_gradient[a], expected, 1e-3 * (1 + std::abs(expected))) << a;
    }
    for (int i = 0; i < 8; i += int(step)) {
      View up = scene.view, down = scene.view;
      float& u = i < 6 ? up.rotation[i] : i == 6 ? up.shift_x : up.shift_y;
      float& d = i < 6 ? down.rotation[i] : i == 6 ? down.shift_x : down.shift_y;
      const double before = d, after = u;
      u += big;
      d -= big;
      const double distance = (double{u} - after) + (before - double{d});
      const double expected = (scene.log_likelihood(base, up) - scene.log_likelihood(base, down)) / distance;
      const double got = i < 6 ? gradients.rotation[i] : gradients.shift[i - 6];
      EXPECT_NEAR(got, expected, 5e-3 * (1 + std::abs(expected))) << i;
    }
  }
}

// <sample(image), amplitudes> = <image, render(amplitudes)>
TEST_P(LikelihoodOfEveryInstructionSet, SamplingIsTheAdjointOfRendering) {
  const Scene scene(Scene::kBox, 0);
  ImageWorkspace workspace;
  Random random(43);
  std::vector<float> image(Scene::kBox * Scene::kBox), rendered(image.size()), values(scene.amplitude.size());
  random.fill_normal(image.data(), image.size());
  render_projection(scene.atoms(), scene.positions.data(), scene.view, scene.grid(), rendered.data(), workspace, GetParam());
  sample_image(scene.atoms(), scene.positions.data(), scene.view, scene.grid(), image.data(), values.data(), workspace, GetParam());
  double left = 0, right = 0;
  for (size_t i = 0; i < image.size(); ++i) left += image[i] * rendered[i];
  for (size_t a = 0; a < values.size(); ++a) right += values[a] * scene.amplitude[a];
  EXPECT_NEAR(left, right, 1e-5 * (1 + std::abs(left)));
}

TEST_P(LikelihoodOfEveryInstructionSet, IsZeroWhenEveryAtomIsOutside) {
  Scene scene(Scene::kBox, 0);
  for (float& p : scene.positions) p += 1000;
  ImageWorkspace workspace;
  std::vector<float> gradient(scene.positions.size());
  ImageGradients gradients;
  gradients.positions = gradient.data();
  const ImageLikelihood found = image_likelihood(scene.atoms(), scene.positions.data(), scene.view, scene.observed,
                                                 scene.grid(), &gradients, workspace, GetParam());
  EXPECT_EQ(found.log_likelihood, 0);
  for (const float g : gradient) EXPECT_EQ(g, 0);
}

}  // namespace
}  // namespace cryomer
