#include "cryomer/imaging/image_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "cryomer/base/units.h"
#include "cryomer/kernels/fft.h"
#include "cryomer/kernels/splat.h"
#include "cryomer/ops/image_likelihood_gpu.h"

namespace cryomer {

namespace {

int padded_box(int box, double padding) {
  if (padding < 1) fail_usage("padding is {}, expected 1 (none) or more", padding);
  // The next multiple of 16, which transforms well.
  return padding == 1 ? box : static_cast<int>(std::ceil(box * padding / 16)) * 16;
}

ViewIndex one_view_per_image(int64_t images, int64_t conformations) {
  return {conformations == images ? at::arange(images, at::kLong) : at::zeros({images}, at::kLong),
          at::arange(images, at::kLong)};
}

Tensor pixel_sizes(const ParticleBatch& batch) {
  Tensor sizes = at::empty({batch.size()});
  for (int64_t i = 0; i < batch.size(); ++i) sizes.data_ptr<float>()[i] = static_cast<float>(batch.optics[i].optics.pixel_size);
  return sizes;
}

// Spectra of the images times what their comparison weighs them by, and those weights: w Y and w, or with the CTF in one grid,
// w C Y and w C^2. weights [groups, box, half]; ctf [batch, box, half] or undefined.
std::pair<Tensor, Tensor> weighted_on_cpu(const ParticleBatch& batch, const Tensor& weights, const Tensor& ctf) {
  const int64_t count = batch.size(), box = batch.images.size(1), half = box / 2 + 1, area = box * half;
  const Tensor images = batch.images.contiguous();
  Tensor weighted_data = at::empty({count, box, half, 2}), weighted_power = at::empty({count, box, half});
  parallel_for(count, 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      float* const data = weighted_data.data_ptr<float>() + 2 * i * area;
      float* const power = weighted_power.data_ptr<float>() + i * area;
      const float* const w = weights.data_ptr<float>() + batch.optics_group[i] * area;
      const float* const c = ctf.defined() ? ctf.data_ptr<float>() + i * area : nullptr;
      real_fft(images.data_ptr<float>() + i * box * box, int(box), int(box), data);
      for (int64_t k = 0; k < area; ++k) {
        const float wc = c ? w[k] * c[k] : w[k];
        data[2 * k] *= wc;
        data[2 * k + 1] *= wc;
        power[k] = c ? wc * c[k] : wc;
      }
    }
  });
  return {weighted_data, weighted_power};
}

std::pair<Tensor, Tensor> weighted_on_gpu(const ParticleBatch& batch, const Tensor& weights, const Tensor& ctf) {
  const std::vector<int64_t> groups(batch.optics_group.begin(), batch.optics_group.end());
  const Tensor w = weights.index_select(0, brought_to(weights.device(), tensor_from(groups)));
  const Tensor wc = ctf.defined() ? w * ctf : w;
  return {fourier_transform(brought_to(weights.device(), batch.images)) * wc.unsqueeze(3), ctf.defined() ? wc * ctf : wc};
}

}  // namespace

void ScaleStatistics::add(const std::vector<int>& group, const Tensor& overlap, const Tensor& power) {
  const std::vector<float> a = to_floats(overlap), b = to_floats(power);
  auto sum = sums.accessor<double, 2>();
  for (size_t i = 0; i < group.size(); ++i) {
    if (!(b[i] > 0)) continue;
    sum[group[i]][0] += a[i];
    sum[group[i]][1] += b[i];
    sum[group[i]][2] += double(a[i]) * a[i] / b[i];
    sum[group[i]][3] += 1;
  }
}

void ScaleStatistics::update(ScalePrior& prior) const {
  const auto sum = sums.accessor<double, 2>();
  for (int64_t g = 0; g < sums.size(0); ++g) {
    if (!(sum[g][1] > 0)) continue;
    // Spread of the images' own scales a / b beyond what noise alone (variance 1 / b each) explains, weighted by b.
    const double mean = sum[g][0] / sum[g][1];
    const double excess = (sum[g][2] - sum[g][3]) / sum[g][1] - mean * mean;
    prior.mean[g] = mean;
    prior.deviation[g] = std::max(std::sqrt(std::max(excess, 0.0)), 0.02 * std::abs(mean));
  }
}

ImageModel::ImageModel(AtomBlobTensors atoms, int box, double padding)
    : atoms_(std::move(atoms)) {
  grid_.box = box;
  grid_.padded = padded_box(box, padding);
}

ImageModel ImageModel::without_padding() const {
  ImageModel plain = *this;
  plain.grid_.padded = plain.grid_.box;
  return plain;
}

ImageModel ImageModel::to(at::Device device) const {
  ImageModel moved = *this;
  moved.atoms_ = {atoms_.amplitude.to(device), atoms_.width.to(device)};
  return moved;
}

ObservedBatch ImageModel::observe(const ParticleBatch& batch, double blur) const {
  const int box = grid_.box;
  const int64_t count = batch.size();
  check_shape(batch.images, "batch.images", {count, box, box});
  const bool padding = grid_.padded != box;
  ObservedBatch observed;
  observed.grid = grid_;
  Tensor ctf = ctf_spectra(batch.optics, grid_.padded, device());
  if (padding) {
    observed.padded_ctf = ctf;
    ctf = Tensor();
  }
  const Tensor weights = brought_to(device(), noise.weights(box));
  std::tie(observed.weighted_data, observed.weighted_power) = device().is_cpu() ? weighted_on_cpu(batch, weights, ctf) : weighted_on_gpu(batch, weights, ctf);
  observed.pixel_size = pixel_sizes(batch);
  observed.scale_mean = at::empty({count});
  observed.scale_precision = at::empty({count});
  for (int64_t i = 0; i < count; ++i) {
    const double deviation = scale.deviation[batch.optics_group[i]];
    observed.scale_mean.data_ptr<float>()[i] = static_cast<float>(scale.mean[batch.optics_group[i]]);
    observed.scale_precision.data_ptr<float>()[i] = static_cast<float>(1 / (deviation * deviation));
  }
  for (Tensor* const t : {&observed.pixel_size, &observed.scale_mean, &observed.scale_precision}) *t = brought_to(device(), *t);
  if (blur > 0) {
    const Tensor cycles = brought_to(device(), half_spectrum_radius(box)).unsqueeze(0) / (double(box) * observed.pixel_size.reshape({-1, 1, 1}));
    observed = observed.masked(at::exp(-4 * kPi * kPi * blur * blur * cycles.square()));
  }
  // Images are indexed from their first pixel while projections have their origin at box / 2: no phase is needed, both
  // are transformed alike.
  return observed;
}

Tensor ImageModel::predict(const Tensor& positions, const ParticleBatch& batch, const Tensor& scales) const {
  const int64_t count = batch.size();
  const Tensor index = one_view_per_image(count, positions.size(0)).conformation;
  const Tensor projections =
      render_projections(atoms_, positions, batch.rotation, batch.shift, index, pixel_sizes(batch), grid_);
  const Tensor ctf = ctf_spectra(batch.optics, grid_.padded, device());
  const Tensor images = inverse_fourier_transform(fourier_transform(projections) * ctf.unsqueeze(3));
  const int64_t margin = grid_.padded / 2 - grid_.box / 2;
  return images.slice(1, margin, margin + grid_.box).slice(2, margin, margin + grid_.box) * brought_to(device(), scales).reshape({-1, 1, 1});
}

Tensor ImageModel::noise_images(const ParticleBatch& batch, Random random) const {
  const int64_t count = batch.size(), box = grid_.box, area = box * box, half = box / 2 + 1;
  Tensor white = at::empty({count, box, box});
  parallel_for(count, 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      random.substream(uint64_t(i)).fill_normal(white.data_ptr<float>() + i * area, size_t(area));
    }
  });
  const Tensor amplitude = noise.power.sqrt().to(at::kFloat).index_select(1, ring_of_frequency(int(box)).reshape({-1}));
  Tensor index = at::empty({count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) index.data_ptr<int64_t>()[i] = batch.optics_group[i];
  const Tensor colour = amplitude.index_select(0, index).reshape({count, box, half, 1});
  return inverse_fourier_transform(fourier_transform(brought_to(device(), white)) * brought_to(device(), colour));
}

Tensor ImageModel::simulate(const Tensor& positions, const ParticleBatch& batch, Random random, double strength) const {
  Tensor drawn = at::empty({batch.size()});
  for (int64_t i = 0; i < batch.size(); ++i) {
    const int group = batch.optics_group[i];
    drawn.data_ptr<float>()[i] = static_cast<float>(strength * (scale.mean[group] + scale.deviation[group] * random.normal()));
  }
  return predict(positions, batch, drawn) + noise_images(batch, random);
}

Tensor fourier_transform(const Tensor& images) {
  if (images.is_cuda()) return transform_on_gpu(images);
  const int64_t count = images.size(0), n = images.size(1), half = n / 2 + 1;
  const Tensor plain = images.contiguous();
  Tensor spectra = at::empty({count, n, half, 2});
  parallel_for(count, 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      real_fft(plain.data_ptr<float>() + i * n * n, int(n), int(n), spectra.data_ptr<float>() + 2 * i * n * half);
    }
  });
  return spectra;
}

Tensor inverse_fourier_transform(const Tensor& spectra) {
  if (spectra.is_cuda()) return inverse_transform_on_gpu(spectra);
  const int64_t count = spectra.size(0), n = spectra.size(1), half = n / 2 + 1;
  const Tensor plain = spectra.contiguous();
  Tensor images = at::empty({count, n, n});
  parallel_for(count, 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      inverse_real_fft(plain.data_ptr<float>() + 2 * i * n * half, int(n), int(n), images.data_ptr<float>() + i * n * n);
    }
  });
  return images.mul_(1.0 / (double(n) * n));
}

void calibrate(ImageModel& model, const std::vector<ParticleBatch>& batches, const Tensor& conformation) {
  at::NoGradGuard guard;
  const int box = model.grid().box;
  int groups = 0;
  for (const ParticleBatch& batch : batches) {
    for (const int group : batch.optics_group) groups = std::max(groups, group + 1);
  }
  const Tensor positions = conformation.reshape({1, -1, 3});
  const int64_t rings = ring_count(box);
  model.noise.power = at::ones({groups, rings}, at::kDouble);
  model.scale.mean.assign(groups, 1.0);
  model.scale.deviation.assign(groups, std::numeric_limits<double>::infinity());
  // First pass with the images' own spectra as the noise: nearly right at the signal-to-noise ratios of this field.
  const int kPasses = 4;
  for (int pass = 0; pass < kPasses; ++pass) {
    GroupRingPower power(groups, box);
    ScaleStatistics scales(groups);
    for (const ParticleBatch& batch : batches) {
      const ObservedBatch observed = model.observe(batch);
      const ImageLikelihoodOutput found = model.log_likelihood(positions, batch.rotation, batch.shift,
                                                               one_view_per_image(batch.size(), 1), observed);
      scales.add(batch.optics_group, found.overlap, found.power);
      const Tensor residual = pass == 0 ? batch.images : batch.images - model.predict(positions, batch, found.scale).to(at::kCPU);
      power.add(fourier_transform(residual), batch.optics_group);
    }
    for (int g = 0; g < groups; ++g) {
      if (!power.any(g)) continue;
      const Tensor seen = power.mean(g);
      const double most = seen.slice(0, 1).max().item<double>();
      if (!(most > 0) || !std::isfinite(most)) {
        fail("the images of optics group {} {}: nothing can be learned from them. Look at the stack", g + 1,
             most == 0 ? "are all constant" : "hold values that are too large to be computed with");
      }
      model.noise.power[g] = seen.clamp_min(1e-12 * (seen.max().item<double>() + 1e-300));
    }
    if (pass > 0) scales.update(model.scale);
    // The DC ring tells about offsets, not about noise, and its weight is zero anyway.
    model.noise.power.select(1, 0).copy_(model.noise.power.select(1, 1));
  }
}

}  // namespace cryomer
