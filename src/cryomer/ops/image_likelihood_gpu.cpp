#include "cryomer/ops/image_likelihood_gpu.h"

namespace cryomer {

namespace {

Tensor transform(const Tensor& images) { return at::view_as_real(at::fft_rfft2(images)); }
// Normalised; the images are even.
Tensor inverse_transform(const Tensor& spectra) { return at::fft_irfft2(at::view_as_complex(spectra)); }

}  // namespace

cuda::Views gpu_views(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                      const Tensor& conformation, const Tensor& pixel_size, int size) {
  cuda::Views v;
  v.positions = positions.data_ptr<float>();
  v.amplitude = atoms.amplitude.data_ptr<float>();
  v.width = atoms.width.data_ptr<float>();
  v.rotation = rotation.data_ptr<float>();
  v.shift = shift.data_ptr<float>();
  v.pixel_size = pixel_size.data_ptr<float>();
  v.conformation = conformation.data_ptr<int64_t>();
  v.views = int(rotation.size(0));
  v.atoms = int(atoms.amplitude.size(0));
  v.size = size;
  return v;
}

FoundLikelihood likelihood_on_gpu(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                                  const ViewIndex& index, const ObservedBatch& observed, bool with_gradient, bool with_widths) {
  const int64_t views = rotation.size(0), atom_count = positions.size(1);
  const int64_t box = observed.grid.box, padded = observed.grid.padded, half = box / 2 + 1, margin = padded / 2 - box / 2;
  const auto options = positions.options();
  const Tensor pixel_size = observed.pixel_size.index_select(0, index.image);
  const cuda::Views v = gpu_views(atoms, positions, rotation, shift, index.conformation, pixel_size, int(padded));
  Tensor image = at::empty({views, padded, padded}, options);
  cuda::render(v, image.data_ptr<float>());
  Tensor ctf, spectrum = transform(image);
  if (padded != box) {
    ctf = observed.padded_ctf.index_select(0, index.image).unsqueeze(3);
    spectrum = transform(inverse_transform(spectrum * ctf).slice(1, margin, margin + box).slice(2, margin, margin + box));
  }
  const Tensor data = observed.weighted_data.index_select(0, index.image), weight = observed.weighted_power.index_select(0, index.image);
  // The columns u = 0 and u = box / 2 stand for themselves, all others also for their conjugates.
  Tensor counts = at::full({half}, 2.0f, options);
  counts.slice(0, 0, half, half - 1).fill_(1);
  auto sum = [&](const Tensor& terms) { return at::matmul(terms.sum(3).sum(1), counts).to(at::kDouble); };
  const Tensor overlap = sum(spectrum * data), power = sum(spectrum.square() * weight.unsqueeze(3));
  const Tensor mean = observed.scale_mean.index_select(0, index.image).to(at::kDouble);
  const Tensor precision = observed.scale_precision.index_select(0, index.image).to(at::kDouble);
  const Tensor fixed = at::isinf(precision), denominator = power + precision;
  const Tensor scale = at::where(fixed.logical_or(denominator <= 0), mean, (overlap + precision * mean) / denominator);
  const Tensor price = at::where(fixed, at::zeros_like(mean), 0.5 * precision * (scale - mean).square());
  FoundLikelihood found;
  found.values = at::stack({scale * overlap - 0.5 * scale.square() * power - price, scale, overlap, power}).to(at::kFloat);
  found.positions = at::empty({with_gradient ? views : 0, atom_count, 3}, options);
  found.widths = at::empty({with_widths ? views : 0, atom_count}, options);
  found.poses = at::zeros({with_gradient ? views : 0, 11}, options);
  if (!with_gradient) return found;

  // The scale is at its optimum (or fixed), so its own change does not enter the gradient.
  const Tensor s = scale.to(at::kFloat).reshape({-1, 1, 1, 1});
  Tensor gradient = inverse_transform(s * data - s.square() * weight.unsqueeze(3) * spectrum) * double(box * box);
  if (padded != box) {
    const int64_t after = padded - box - margin;
    gradient = inverse_transform(transform(at::constant_pad_nd(gradient, {margin, after, margin, after})) * ctf);
  }
  gradient = gradient.contiguous();
  Tensor poses = at::empty({views, 8}, options);
  cuda::render_backward(v, gradient.data_ptr<float>(),
                        {found.positions.data_ptr<float>(), with_widths ? found.widths.data_ptr<float>() : nullptr, poses.data_ptr<float>()});
  found.poses.slice(1, 0, 6).copy_(poses.slice(1, 0, 6));
  found.poses.slice(1, 9, 11).copy_(poses.slice(1, 6, 8));
  return found;
}

}  // namespace cryomer
