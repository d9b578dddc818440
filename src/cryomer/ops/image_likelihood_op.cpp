#include "cryomer/ops/image_likelihood_op.h"

#include <torch/csrc/autograd/custom_function.h>

#include "cryomer/ops/image_likelihood_gpu.h"

namespace cryomer {

AtomBlobs atom_blobs(const AtomBlobTensors& atoms) {
  check_float(atoms.amplitude, "atoms.amplitude");
  check_float(atoms.width, "atoms.width");
  return {atoms.amplitude.data_ptr<float>(), atoms.width.data_ptr<float>(), static_cast<int>(atoms.amplitude.size(0))};
}

ObservedBatch ObservedBatch::masked(const Tensor& share) const {
  const Tensor kept = brought_to(weighted_power.device(), share);
  ObservedBatch result = *this;
  result.weighted_data = weighted_data * kept.unsqueeze(-1);
  result.weighted_power = weighted_power * kept;
  return result;
}

ObservedImage observed_image(const ObservedBatch& observed, int64_t image) {
  const int64_t box = observed.grid.box, area = box * (box / 2 + 1), padded = observed.grid.padded;
  return {observed.weighted_data.data_ptr<float>() + 2 * image * area, observed.weighted_power.data_ptr<float>() + image * area,
          padded != box ? observed.padded_ctf.data_ptr<float>() + image * padded * (padded / 2 + 1) : nullptr,
          observed.scale_mean.data_ptr<float>()[image], observed.scale_precision.data_ptr<float>()[image]};
}

namespace {

// Shapes are checked here, once; the loops below trust them.
struct Views {
  const float *rotation, *shift;
  const int64_t *conformation, *image;
  int64_t count;

  View view(int64_t v, float pixel_size) const {
    View result;
    std::copy_n(rotation + 9 * v, 9, result.rotation);
    result.shift_x = shift[2 * v];
    result.shift_y = shift[2 * v + 1];
    result.pixel_size = pixel_size;
    return result;
  }
};

void check_index(const Tensor& index, const char* name, int64_t views, int64_t limit) {
  check_shape(index, name, {views});
  if (views > 0 && (index.min().item<int64_t>() < 0 || index.max().item<int64_t>() >= limit)) {
    fail("{} points outside of 0..{}", name, limit - 1);
  }
}

FoundLikelihood likelihood_on_cpu(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                                  const ViewIndex& index, const ObservedBatch& observed, bool with_gradient, bool with_widths) {
  const int64_t views = rotation.size(0), atom_count = positions.size(1);
  const AtomBlobs blobs = atom_blobs(atoms);
  const Views v{rotation.data_ptr<float>(), shift.data_ptr<float>(), index.conformation.data_ptr<int64_t>(),
                index.image.data_ptr<int64_t>(), views};
  FoundLikelihood result;
  result.values = at::empty({4, views});
  result.positions = at::empty({with_gradient ? views : 0, atom_count, 3});
  result.widths = at::empty({with_widths ? views : 0, atom_count});
  result.poses = at::zeros({with_gradient ? views : 0, 11});
  const float* const all_positions = positions.data_ptr<float>();
  const float* const pixel_size = observed.pixel_size.data_ptr<float>();
  float* const out = result.values.data_ptr<float>();
  float* const position_rows = result.positions.data_ptr<float>();
  float* const width_rows = result.widths.data_ptr<float>();
  float* const pose_rows = result.poses.data_ptr<float>();
  parallel_for(views, 4, [&](int64_t first, int64_t last) {
    ImageWorkspace workspace;
    for (int64_t i = first; i < last; ++i) {
      const int64_t image = v.image[i];
      const ObservedImage target = observed_image(observed, image);
      ImageGradients gradients;
      if (with_gradient) gradients.positions = position_rows + i * atom_count * 3;
      if (with_widths) gradients.widths = width_rows + i * atom_count;
      const ImageLikelihood found =
          image_likelihood(blobs, all_positions + v.conformation[i] * atom_count * 3, v.view(i, pixel_size[image]),
                           target, observed.grid, with_gradient ? &gradients : nullptr, workspace);
      out[i] = found.log_likelihood;
      out[views + i] = found.scale;
      out[2 * views + i] = found.overlap;
      out[3 * views + i] = found.power;
      if (with_gradient) {
        std::copy_n(gradients.rotation, 6, pose_rows + 11 * i);  // the third row of a rotation does not project
        std::copy_n(gradients.shift, 2, pose_rows + 11 * i + 9);
      }
    }
  });
  return result;
}

struct LikelihoodFunction : torch::autograd::Function<LikelihoodFunction> {
  // `one_to_one`: view i shows conformation i.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const Tensor& positions,
                                                const Tensor& rotation, const Tensor& shift, const Tensor& width, const AtomBlobTensors* atoms,
                                                const ViewIndex* index, const ObservedBatch* observed,
                                                bool with_gradient, bool one_to_one) {
    const auto likelihood = positions.is_cuda() ? likelihood_on_gpu : likelihood_on_cpu;
    const FoundLikelihood found = likelihood(*atoms, positions, rotation, shift, *index, *observed, with_gradient, with_gradient && width.requires_grad());
    if (with_gradient) {
      context->save_for_backward({found.positions, found.poses, index->conformation, found.widths});
      context->saved_data["conformations"] = positions.size(0);
      context->saved_data["one_to_one"] = one_to_one;
    }
    Tensor log_likelihood = found.values[0].clone(), others = found.values.slice(0, 1);
    context->mark_non_differentiable({others});
    return {log_likelihood, others};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor upstream = outputs[0];
    Tensor positions = saved[0] * upstream.reshape({-1, 1, 1});
    if (!context->saved_data["one_to_one"].toBool()) {
      Tensor summed = at::zeros({context->saved_data["conformations"].toInt(), positions.size(1), 3}, positions.options());
      positions = summed.index_add_(0, saved[2], positions);
    }
    const Tensor pose = saved[1] * upstream.unsqueeze(1);
    const Tensor width = saved[3].size(0) > 0 ? at::matmul(upstream, saved[3]) : Tensor();
    return {positions, pose.slice(1, 0, 9).reshape({-1, 3, 3}), pose.slice(1, 9, 11), width, {}, {}, {}, {}, {}};
  }
};

}  // namespace

ImageLikelihoodOutput image_log_likelihood(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation,
                                           const Tensor& shift, const ViewIndex& index, const ObservedBatch& observed) {
  const int64_t views = rotation.size(0), images = observed.size();
  const int64_t box = observed.grid.box, padded = observed.grid.padded;
  check_shape(positions, "positions", {-1, atoms.amplitude.size(0), 3});
  check_shape(rotation, "rotation", {-1, 3, 3});
  check_shape(shift, "shift", {views, 2});
  check_shape(observed.weighted_data, "observed.weighted_data", {images, box, box / 2 + 1, 2});
  check_shape(observed.weighted_power, "observed.weighted_power", {images, box, box / 2 + 1});
  if (padded != box) check_shape(observed.padded_ctf, "observed.padded_ctf", {images, padded, padded / 2 + 1});
  for (const Tensor& t : {observed.pixel_size, observed.scale_mean, observed.scale_precision}) {
    check_shape(t, "observed.pixel_size, scale_mean, scale_precision", {images});
  }
  check_index(index.conformation, "index.conformation", views, positions.size(0));
  check_index(index.image, "index.image", views, images);
  const at::Device device = observed.weighted_data.device();
  const Tensor p = brought_to(device, positions).contiguous(), r = brought_to(device, rotation).contiguous(), s = brought_to(device, shift).contiguous();
  check_float(p, "positions", device);
  check_float(r, "rotation", device);
  check_float(s, "shift", device);
  check_float(atoms.amplitude, "atoms.amplitude", device);
  check_float(atoms.width, "atoms.width", device);
  check_float(observed.weighted_data, "observed.weighted_data", device);
  check_float(observed.weighted_power, "observed.weighted_power", device);
  bool one_to_one = views == p.size(0);
  const int64_t* const conformation = index.conformation.data_ptr<int64_t>();
  for (int64_t i = 0; one_to_one && i < views; ++i) one_to_one = conformation[i] == i;
  const ViewIndex there{brought_to(device, index.conformation), brought_to(device, index.image)};
  const bool with_gradient = at::GradMode::is_enabled() && (p.requires_grad() || r.requires_grad() || s.requires_grad() || atoms.width.requires_grad());
  const auto outputs = LikelihoodFunction::apply(p, r, s, atoms.width, &atoms, &there, &observed, with_gradient, one_to_one);
  return {outputs[0], outputs[1][0], outputs[1][1], outputs[1][2]};
}

Tensor render_projections(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation,
                          const Tensor& shift, const Tensor& conformation_index, const Tensor& pixel_size,
                          const Grid& grid) {
  const int64_t views = rotation.size(0), atom_count = positions.size(1);
  check_shape(positions, "positions", {-1, atoms.amplitude.size(0), 3});
  check_shape(rotation, "rotation", {-1, 3, 3});
  check_shape(shift, "shift", {views, 2});
  check_shape(pixel_size, "pixel_size", {views});
  check_index(conformation_index, "conformation_index", views, positions.size(0));
  const at::Device device = atoms.amplitude.device();
  const Tensor p = brought_to(device, positions).contiguous(), r = brought_to(device, rotation).contiguous(), s = brought_to(device, shift).contiguous();
  Tensor images = at::empty({views, grid.padded, grid.padded}, p.options());
  if (device.is_cuda()) {
    const Tensor conformation = brought_to(device, conformation_index), pixels = brought_to(device, pixel_size);
    cuda::render(gpu_views(atoms, p, r, s, conformation, pixels, grid.padded), images.data_ptr<float>());
    return images;
  }
  const AtomBlobs blobs = atom_blobs(atoms);
  const Views v{r.data_ptr<float>(), s.data_ptr<float>(), conformation_index.data_ptr<int64_t>(), nullptr, views};
  parallel_for(views, 4, [&](int64_t first, int64_t last) {
    ImageWorkspace workspace;
    for (int64_t i = first; i < last; ++i) {
      render_projection(blobs, p.data_ptr<float>() + v.conformation[i] * atom_count * 3,
                        v.view(i, pixel_size.data_ptr<float>()[i]), grid,
                        images.data_ptr<float>() + i * grid.padded * grid.padded, workspace);
    }
  });
  return images;
}

Tensor sample_images(const AtomBlobTensors& points, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                     const Tensor& images, const Tensor& pixel_size, const Grid& grid) {
  const int64_t views = rotation.size(0), point_count = positions.size(0);
  check_shape(positions, "positions", {points.amplitude.size(0), 3});
  check_shape(images, "images", {views, grid.padded, grid.padded});
  check_shape(shift, "shift", {views, 2});
  check_shape(pixel_size, "pixel_size", {views});
  const at::Device device = points.amplitude.device();
  const Tensor p = brought_to(device, positions).contiguous(), r = brought_to(device, rotation).contiguous(), s = brought_to(device, shift).contiguous();
  const Tensor g = brought_to(device, images).contiguous();
  Tensor values = at::empty({views, point_count}, p.options());
  if (device.is_cuda()) {
    const Tensor conformation = at::zeros({views}, p.options().dtype(at::kLong)), pixels = brought_to(device, pixel_size);
    cuda::sample(gpu_views(points, p, r, s, conformation, pixels, grid.padded), g.data_ptr<float>(), values.data_ptr<float>());
    return values;
  }
  const AtomBlobs blobs = atom_blobs(points);
  const Views v{r.data_ptr<float>(), s.data_ptr<float>(), nullptr, nullptr, views};
  parallel_for(views, 4, [&](int64_t first, int64_t last) {
    ImageWorkspace workspace;
    for (int64_t i = first; i < last; ++i) {
      sample_image(blobs, p.data_ptr<float>(), v.view(i, pixel_size.data_ptr<float>()[i]), grid,
                   g.data_ptr<float>() + i * grid.padded * grid.padded, values.data_ptr<float>() + i * point_count,
                   workspace);
    }
  });
  return values;
}

}  // namespace cryomer
