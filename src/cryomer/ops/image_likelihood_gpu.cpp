#include "cryomer/ops/image_likelihood_gpu.h"

namespace cryomer {

Tensor transform_on_gpu(const Tensor& images) { return at::view_as_real(at::fft_rfft2(images)).contiguous(); }

Tensor inverse_transform_on_gpu(const Tensor& spectra) { return at::fft_irfft2(at::view_as_complex(spectra.contiguous())); }

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
  const int64_t box = observed.grid.box, padded = observed.grid.padded, margin = padded / 2 - box / 2;
  const bool padding = padded != box;
  const auto options = positions.options();
  const int64_t* const image_of = index.image.data_ptr<int64_t>();
  const Tensor pixel_size = observed.pixel_size.index_select(0, index.image);
  const cuda::Views v = gpu_views(atoms, positions, rotation, shift, index.conformation, pixel_size, int(padded));
  Tensor image = at::empty({views, padded, padded}, options);
  cuda::render(v, image.data_ptr<float>());
  auto with_ctf = [&](const Tensor& spectra) {
    cuda::multiply(observed.padded_ctf.data_ptr<float>(), image_of, int(views), int(padded * (padded / 2 + 1)), spectra.data_ptr<float>());
    return inverse_transform_on_gpu(spectra);
  };
  Tensor spectrum = transform_on_gpu(image);
  if (padding) spectrum = transform_on_gpu(with_ctf(spectrum).slice(1, margin, margin + box).slice(2, margin, margin + box));

  FoundLikelihood found;
  found.values = at::empty({4, views}, options);
  const cuda::Observed target{observed.weighted_data.data_ptr<float>(), observed.weighted_power.data_ptr<float>(), observed.scale_mean.data_ptr<float>(),
                              observed.scale_precision.data_ptr<float>(), image_of, int(box)};
  // The scale is at its optimum (or fixed), so its own change does not enter the gradient.
  cuda::compare(target, int(views), with_gradient, float(box * box), spectrum.data_ptr<float>(), found.values.data_ptr<float>());
  found.positions = at::empty({with_gradient ? views : 0, atom_count, 3}, options);
  found.widths = at::empty({with_widths ? views : 0, atom_count}, options);
  found.poses = at::zeros({with_gradient ? views : 0, 11}, options);
  if (!with_gradient) return found;

  Tensor gradient = inverse_transform_on_gpu(spectrum);
  if (padding) {
    const int64_t after = padded - box - margin;
    gradient = with_ctf(transform_on_gpu(at::constant_pad_nd(gradient, {margin, after, margin, after})));
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
