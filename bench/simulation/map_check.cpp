// For checks with other programs (relion_check.sh): maps of structures, and how far maps and stacks agree.
//
//   map_check write STRUCTURE.pdb MAP.mrc BOX PIXEL B        the potential's map, centroid in the middle, exact in Fourier space
//   map_check fsc MAP.mrc TRUE.mrc                           Fourier shell correlation, also with the mirror image
//   map_check correlate STACK.mrcs STACK.mrcs SIGN           mean correlation of images
#include <cmath>
#include <complex>
#include <cstdio>
#include <string>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/io/mrc.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/simulation/electron_beam.h"
#include "cryomer/simulation/hydrogens.h"
#include "cryomer/simulation/scattering_factors.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {
namespace {

using Complex = std::complex<float>;

void write_map(const std::string& structure_path, const std::string& path, int box, double pixel, double b) {
  const Structure s = read_structure(structure_path);
  const std::vector<int> hydrogens = hydrogens_on_atoms(s);
  const Vec3 centre = s.centroid();
  const int half = box / 2 + 1;
  Tensor spectrum = at::zeros({box, box, half}, at::kComplexFloat);
  auto* const f = reinterpret_cast<Complex*>(spectrum.data_ptr());
  std::vector<double> k2(size_t(box) * box * half);
  const double step = 1 / (box * pixel);
  auto frequency = [&](int v) { return v <= box / 2 ? v : v - box; };
  // By element, so that the scattering factor is applied once to each sum of phases.
  for (const int element : {1, 6, 7, 8, 15, 16}) {
    std::vector<Complex> sum(k2.size());
    bool any = false;
    for (int a = 0; a < s.atom_count(); ++a) {
      const int count = element == 1 ? hydrogens[a] : s.atoms[a].atomic_number == element;
      if (count == 0) continue;
      any = true;
      const Vec3 r = s.atoms[a].position - centre + Vec3{box / 2 * pixel, box / 2 * pixel, box / 2 * pixel};
      std::vector<Complex> e[3];
      for (int axis = 0; axis < 3; ++axis) {
        for (int v = 0; v < box; ++v) e[axis].push_back(Complex(std::polar(1.0, -2 * kPi * frequency(v) * step * r[axis])));
      }
      size_t i = 0;
      for (int z = 0; z < box; ++z) {
        for (int y = 0; y < box; ++y) {
          const Complex zy = float(count) * e[2][z] * e[1][y];
          for (int x = 0; x < half; ++x, ++i) sum[i] += zy * e[0][x];
        }
      }
    }
    if (!any) continue;
    const ScatteringFactor factor = scattering_factor(element);
    size_t i = 0;
    for (int z = 0; z < box; ++z) {
      for (int y = 0; y < box; ++y) {
        for (int x = 0; x < half; ++x, ++i) {
          const double k =
              step * std::sqrt(double(x) * x + double(frequency(y)) * frequency(y) + double(frequency(z)) * frequency(z));
          f[i] += float(kPotentialOfScattering * factor(k) * std::exp(-0.25 * b * k * k) / (pixel * pixel * pixel)) * sum[i];
        }
      }
    }
  }
  const Tensor map = at::fft_irfftn(spectrum, at::IntArrayRef{box, box, box}).contiguous();
  write_volume(path, map.data_ptr<float>(), box, pixel);
}

void print_fsc(const std::string& path, const std::string& true_path) {
  const MrcFile file(path), true_file(true_path);
  const auto n = static_cast<int>(file.header().nx);
  const std::vector<float> a = file.read_all(), b = true_file.read_all();
  if (a.size() != b.size()) fail("{} and {} differ in size", path, true_path);
  const Tensor map = tensor_from(a, {n, n, n}), truth = tensor_from(b, {n, n, n});
  // z -> -z about the middle pixel.
  const Tensor mirrored = truth.flip({0}).roll({1}, {0});
  const Tensor fa = at::fft_rfftn(map).contiguous();
  const auto* const pa = reinterpret_cast<const Complex*>(fa.data_ptr());
  std::vector<double> curves[2];
  for (int hand = 0; hand < 2; ++hand) {
    const Tensor fb = at::fft_rfftn(hand == 0 ? truth : mirrored).contiguous();
    const auto* const pb = reinterpret_cast<const Complex*>(fb.data_ptr());
    std::vector<double> ab(n), aa(n), bb(n);
    size_t i = 0;
    auto frequency = [&](int v) { return v <= n / 2 ? v : v - n; };
    for (int z = 0; z < n; ++z) {
      for (int y = 0; y < n; ++y) {
        for (int x = 0; x <= n / 2; ++x, ++i) {
          const auto shell = size_t(
              std::lround(std::sqrt(double(x) * x + double(frequency(y)) * frequency(y) + double(frequency(z)) * frequency(z))));
          if (shell >= size_t(n)) continue;
          ab[shell] += (pa[i] * std::conj(pb[i])).real(), aa[shell] += std::norm(pa[i]), bb[shell] += std::norm(pb[i]);
        }
      }
    }
    for (int shell = 1; shell < n / 2; ++shell) curves[hand].push_back(ab[shell] / std::sqrt(aa[shell] * bb[shell]));
  }
  const double edge = n * true_file.header().pixel_size;
  double resolution = edge;
  bool passed = false;
  std::printf("resolution_A,fsc,fsc_of_mirror_image\n");
  for (size_t i = 0; i < curves[0].size(); ++i) {
    std::printf("%.2f,%.4f,%.4f\n", edge / double(i + 1), curves[0][i], curves[1][i]);
    // The lowest frequencies hold little contrast at this defocus; the first crossing after 0.5 was passed counts.
    if (curves[0][i] >= 0.5 && (!passed || resolution == edge / double(i))) resolution = edge / double(i + 1), passed = true;
  }
  std::printf("fsc passes 0.5 to %.2f A\n", resolution);
}

void print_correlation(const std::string& path, const std::string& other, double sign) {
  const MrcFile a(path), b(other);
  const size_t area = size_t(a.header().nx) * size_t(a.header().ny);
  std::vector<float> x(area), y(area);
  double mean = 0, worst = 1;
  for (int64_t n = 0; n < a.header().nz; ++n) {
    a.read_section(n, x.data());
    b.read_section(n, y.data());
    double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < area; ++i)
      sx += x[i], sy += y[i], xx += double(x[i]) * x[i], yy += double(y[i]) * y[i], xy += double(x[i]) * y[i];
    const double count = double(area);
    const double r = sign * (xy - sx * sy / count) / std::sqrt((xx - sx * sx / count) * (yy - sy * sy / count));
    mean += r / double(a.header().nz), worst = std::min(worst, r);
  }
  std::printf("correlation mean %.5f worst %.5f\n", mean, worst);
}

int run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  auto number = [&](int i) {
    const auto value = parse_double(argv[i]);
    if (!value) fail_usage("{} is not a number", argv[i]);
    return *value;
  };
  if (mode == "write" && argc == 7)
    write_map(argv[2], argv[3], int(number(4)), number(5), number(6));
  else if (mode == "fsc" && argc == 4)
    print_fsc(argv[2], argv[3]);
  else if (mode == "correlate" && argc == 5)
    print_correlation(argv[2], argv[3], number(4));
  else
    fail_usage("usage: map_check write STRUCTURE MAP BOX PIXEL B | fsc MAP TRUE | correlate STACK STACK SIGN");
  return 0;
}

}  // namespace
}  // namespace cryomer

int main(int argc, char** argv) {
  try {
    return cryomer::run(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "error: %s\n", cryomer::message_of(problem).c_str());
    return 1;
  }
}
