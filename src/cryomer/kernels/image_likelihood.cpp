#include "cryomer/kernels/image_likelihood.h"

#include <algorithm>
#include <cmath>

#include "cryomer/kernels/fft.h"
#include "cryomer/kernels/image_likelihood_loops.h"
#include "cryomer/kernels/splat.h"

namespace cryomer {

namespace detail {
const LikelihoodLoops likelihood_loops_reference = {project_atoms, spectrum_sums, spectrum_residual, spectrum_multiply};
}

namespace {

const detail::LikelihoodLoops& loops_for(InstructionSet set) {
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) return detail::likelihood_loops_avx512;
#endif
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) return detail::likelihood_loops_avx2;
#endif
  return detail::likelihood_loops_reference;
}

Blobs project(const AtomBlobs& atoms, const float* positions, const View& view, const Grid& grid, ImageWorkspace& w,
              InstructionSet set) {
  for (auto* v : {&w.x, &w.y, &w.weight, &w.falloff}) v->resize(atoms.count);
  detail::ProjectionArguments p{positions, atoms.amplitude, atoms.width, atoms.count, {}, 0, 0, view.pixel_size,
                                w.x.data(), w.y.data(), w.weight.data(), w.falloff.data()};
  for (int i = 0; i < 6; ++i) p.rotation[i] = view.rotation[i] / view.pixel_size;
  p.offset_x = view.shift_x / view.pixel_size + grid.padded / 2;
  p.offset_y = view.shift_y / view.pixel_size + grid.padded / 2;
  loops_for(set).project(p);
  return {w.x.data(), w.y.data(), w.weight.data(), w.falloff.data(), size_t(atoms.count)};
}

// The observed box inside the padded grid; both have their centre at n / 2.
void crop(const float* padded, const Grid& grid, float* box) {
  const int margin = grid.padded / 2 - grid.box / 2;
  for (int j = 0; j < grid.box; ++j) {
    std::copy_n(padded + size_t(j + margin) * grid.padded + margin, grid.box, box + size_t(j) * grid.box);
  }
}

void embed(const float* box, const Grid& grid, float factor, float* padded) {
  const int margin = grid.padded / 2 - grid.box / 2;
  std::fill_n(padded, size_t(grid.padded) * grid.padded, 0.0f);
  for (int j = 0; j < grid.box; ++j) {
    for (int i = 0; i < grid.box; ++i) {
      padded[size_t(j + margin) * grid.padded + margin + i] = factor * box[size_t(j) * grid.box + i];
    }
  }
}

// Image gradient (w.image) to position and pose gradients.
void gather_gradients(const Blobs& blobs, const AtomBlobs& atoms, const float* positions, const View& view,
                      const Grid& grid, ImageGradients& out, ImageWorkspace& w, InstructionSet set) {
  w.gradient_x.resize(atoms.count);
  w.gradient_y.resize(atoms.count);
  BlobGradients moved{w.gradient_x.data(), w.gradient_y.data(), nullptr, nullptr};
  if (out.widths) {
    w.gradient_weight.resize(atoms.count);
    w.gradient_falloff.resize(atoms.count);
    moved.weight = w.gradient_weight.data();
    moved.falloff = w.gradient_falloff.data();
  }
  splat_blobs_backward(blobs, w.image.data(), grid.padded, grid.padded, moved, set);
  if (out.widths) {
    // Weight and falloff both go with the inverse square of the width.
    for (int a = 0; a < atoms.count; ++a) {
      out.widths[a] = -2 / atoms.width[a] * (w.weight[a] * w.gradient_weight[a] + w.falloff[a] * w.gradient_falloff[a]);
    }
  }
  const float per_angstrom = 1 / view.pixel_size;
  double rotation[6] = {}, shift[2] = {};
  for (int a = 0; a < atoms.count; ++a) {
    const float gx = w.gradient_x[a] * per_angstrom, gy = w.gradient_y[a] * per_angstrom;
    const float* p = positions + 3 * a;
    shift[0] += gx;
    shift[1] += gy;
    for (int i = 0; i < 3; ++i) {
      out.positions[3 * a + i] = view.rotation[i] * gx + view.rotation[3 + i] * gy;
      rotation[i] += gx * p[i];
      rotation[3 + i] += gy * p[i];
    }
  }
  for (int i = 0; i < 6; ++i) out.rotation[i] = static_cast<float>(rotation[i]);
  for (int i = 0; i < 2; ++i) out.shift[i] = static_cast<float>(shift[i]);
}

}  // namespace

void render_projection(const AtomBlobs& atoms, const float* positions, const View& view, const Grid& grid, float* image,
                       ImageWorkspace& workspace, InstructionSet set) {
  const Blobs blobs = project(atoms, positions, view, grid, workspace, set);
  std::fill_n(image, size_t(grid.padded) * grid.padded, 0.0f);
  splat_blobs(blobs, image, grid.padded, grid.padded, set);
}

void sample_image(const AtomBlobs& points, const float* positions, const View& view, const Grid& grid, const float* image,
                  float* values, ImageWorkspace& workspace, InstructionSet set) {
  const Blobs blobs = project(points, positions, view, grid, workspace, set);
  workspace.gradient_x.resize(points.count);
  workspace.gradient_y.resize(points.count);
  splat_blobs_backward(blobs, image, grid.padded, grid.padded,
                       {workspace.gradient_x.data(), workspace.gradient_y.data(), values, nullptr}, set);
  for (int a = 0; a < points.count; ++a) values[a] *= workspace.weight[a] / points.amplitude[a];
}

ImageLikelihood image_likelihood(const AtomBlobs& atoms, const float* positions, const View& view,
                                 const ObservedImage& observed, const Grid& grid, ImageGradients* gradients,
                                 ImageWorkspace& w, InstructionSet set) {
  const detail::LikelihoodLoops& loops = loops_for(set);
  const int box = grid.box, padded = grid.padded;
  const int half = box / 2 + 1, padded_half = padded / 2 + 1;
  const bool padding = padded != box;
  w.image.resize(size_t(padded) * padded);
  w.spectrum.resize(2 * size_t(padded) * padded_half);

  const Blobs blobs = project(atoms, positions, view, grid, w, set);
  std::fill(w.image.begin(), w.image.end(), 0.0f);
  splat_blobs(blobs, w.image.data(), padded, padded, set);
  real_fft(w.image.data(), padded, padded, w.spectrum.data(), set);
  float* spectrum = w.spectrum.data();
  if (padding) {
    w.cropped.resize(size_t(box) * box);
    w.cropped_spectrum.resize(2 * size_t(box) * half);
    loops.multiply(w.spectrum.data(), observed.padded_ctf, padded * padded_half);
    inverse_real_fft(w.spectrum.data(), padded, padded, w.image.data(), set);
    crop(w.image.data(), grid, w.cropped.data());
    const float norm = 1.0f / (float(padded) * padded);
    for (float& v : w.cropped) v *= norm;
    real_fft(w.cropped.data(), box, box, w.cropped_spectrum.data(), set);
    spectrum = w.cropped_spectrum.data();
  }

  const detail::SpectrumSums sums = loops.sums(spectrum, observed.weighted_data, observed.weighted_power, box, box);
  ImageLikelihood result;
  result.overlap = static_cast<float>(sums.overlap);
  result.power = static_cast<float>(sums.power);
  const detail::Judged judged = detail::judged(sums.overlap, sums.power, observed.scale_mean, observed.scale_precision);
  result.log_likelihood = static_cast<float>(judged.log_likelihood);
  result.scale = static_cast<float>(judged.scale);
  if (!gradients) return result;

  // The scale is at its optimum (or fixed), so its own change does not enter the gradient.
  loops.residual(spectrum, observed.weighted_data, observed.weighted_power, box * half, result.scale);
  if (padding) {
    inverse_real_fft(spectrum, box, box, w.cropped.data(), set);
    embed(w.cropped.data(), grid, 1.0f / (float(padded) * padded), w.image.data());
    real_fft(w.image.data(), padded, padded, w.spectrum.data(), set);
    loops.multiply(w.spectrum.data(), observed.padded_ctf, padded * padded_half);
    inverse_real_fft(w.spectrum.data(), padded, padded, w.image.data(), set);
  } else {
    inverse_real_fft(spectrum, box, box, w.image.data(), set);
  }
  gather_gradients(blobs, atoms, positions, view, grid, *gradients, w, set);
  return result;
}

}  // namespace cryomer
