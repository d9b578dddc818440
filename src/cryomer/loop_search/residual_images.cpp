#include "cryomer/loop_search/residual_images.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

constexpr double kReach = 60;  // A, of the table of overlaps

// Cycles per A of each entry of the half spectrum, [box * (box / 2 + 1)].
std::vector<double> frequencies(int box, double pixel_size) {
  std::vector<double> result;
  for (int y = 0; y < box; ++y) {
    for (int x = 0; x <= box / 2; ++x) result.push_back(std::hypot(double(y < box / 2 ? y : y - box), double(x)) / (box * pixel_size));
  }
  return result;
}

// Of a blob of unit mass at each of them.
std::vector<double> blob_spectrum(int box, double pixel_size, double width) {
  std::vector<double> result = frequencies(box, pixel_size);
  for (double& value : result) value = std::exp(-2 * kPi * kPi * width * width * value * value);
  return result;
}

// What linear interpolation between pixels leaves of each frequency: sinc^2 along both axes.
std::vector<double> interpolation_spectrum(int box) {
  auto kept = [&](double cycles) {
    const double x = kPi * cycles;
    return x == 0 ? 1 : std::sin(x) * std::sin(x) / (x * x);
  };
  std::vector<double> result;
  for (int y = 0; y < box; ++y) {
    for (int x = 0; x <= box / 2; ++x) result.push_back(kept(double(y < box / 2 ? y : y - box) / box) * kept(double(x) / box));
  }
  return result;
}

struct Transfer {
  std::vector<double> blob, power;  // [box * (box / 2 + 1)]; power is the sum over images of w C^2 s^2 G^2
};

}  // namespace

ResidualImages::ResidualImages(const ImageModel& images, const std::vector<ParticleBatch>& batches, const std::vector<Tensor>& conformations, double width) {
  at::NoGradGuard guard;
  const ImageModel model = images.without_padding();
  box_ = model.grid().box;
  const int64_t half = box_ / 2 + 1, area = box_ * half;
  const std::vector<double> interpolation = interpolation_spectrum(box_);
  std::map<float, Transfer> transfers;  // by pixel size
  for (size_t b = 0; b < batches.size(); ++b) {
    const ParticleBatch& batch = batches[b];
    const Tensor positions = conformations[b].contiguous();
    const int64_t views = batch.size();
    images_ += views;
    const ObservedBatch observed = model.observe(batch);
    const ViewIndex index{positions.size(0) == 1 ? at::zeros({views}, at::kLong) : at::arange(views, at::kLong), at::arange(views, at::kLong)};
    const Tensor scale = model.log_likelihood(positions, batch.rotation, batch.shift, index, observed).scale;
    const Tensor shown = fourier_transform(render_projections(model.atoms(), positions, batch.rotation, batch.shift, index.conformation,
                                                              observed.pixel_size, model.grid()));
    const Tensor s = scale.reshape({-1, 1, 1, 1});
    Tensor residual = ((observed.weighted_data - s * observed.weighted_power.unsqueeze(3) * shown) * s).contiguous();
    const Tensor power = (observed.weighted_power * s.squeeze(3).square()).contiguous();
    for (int64_t i = 0; i < views; ++i) {
      const float pixel = observed.pixel_size.data_ptr<float>()[i];
      Transfer& transfer = transfers[pixel];
      if (transfer.blob.empty()) transfer = {blob_spectrum(box_, pixel, width), std::vector<double>(size_t(area), 0.0)};
      float* const data = residual.data_ptr<float>() + 2 * i * area;
      const float* const p = power.data_ptr<float>() + i * area;
      for (int64_t k = 0; k < area; ++k) {
        const double g = transfer.blob[size_t(k)];
        data[2 * k] *= float(g / interpolation[size_t(k)]);
        data[2 * k + 1] *= float(g / interpolation[size_t(k)]);
        transfer.power[size_t(k)] += p[k] * g * g;
      }
    }
    Views kept;
    kept.conformations = positions;
    kept.residual = inverse_fourier_transform(residual).mul_(double(box_) * box_);
    for (int64_t i = 0; i < views; ++i) {
      const float* const rotation = batch.rotation.data_ptr<float>() + 9 * i;
      kept.rotation.insert(kept.rotation.end(), rotation, rotation + 6);
      kept.shift.insert(kept.shift.end(), {batch.shift.data_ptr<float>()[2 * i], batch.shift.data_ptr<float>()[2 * i + 1]});
      kept.pixel_size.push_back(observed.pixel_size.data_ptr<float>()[i]);
    }
    batches_.push_back(std::move(kept));
  }
  std::vector<double> overlap(size_t(kReach * kReach / overlap_.step), 0.0);
  for (const auto& [pixel, transfer] : transfers) {
    const std::vector<double> frequency = frequencies(box_, pixel);
    for (int64_t k = 0; k < area; ++k) {
      const int64_t column = k % half;
      const double mass = transfer.power[size_t(k)] * (column == 0 || 2 * column == box_ ? 1 : 2) / double(images_);
      const double turn = 2 * kPi * frequency[size_t(k)];
      for (size_t r = 0; r < overlap.size() && mass > 0; ++r) {
        const double phase = turn * std::sqrt(double(r) * overlap_.step);
        overlap[r] += mass * (phase == 0 ? 1 : std::sin(phase) / phase);
      }
    }
  }
  overlap_.value.assign(overlap.begin(), overlap.end());
  overlap_.value.push_back(0);
}

void ResidualImages::add(const Views& views, int64_t i, const float* points, int64_t count, double* gains) const {
  const float* const r = views.rotation.data() + 6 * i;
  const float* const image = views.residual.data_ptr<float>() + i * box_ * box_;
  const float inverse = 1 / views.pixel_size[size_t(i)];
  const float left = views.shift[size_t(2 * i)] * inverse + float(box_ / 2), top = views.shift[size_t(2 * i + 1)] * inverse + float(box_ / 2);
  for (int64_t p = 0; p < count; ++p) {
    const float x = points[3 * p], y = points[3 * p + 1], z = points[3 * p + 2];
    const float u = (r[0] * x + r[1] * y + r[2] * z) * inverse + left, v = (r[3] * x + r[4] * y + r[5] * z) * inverse + top;
    if (!(u >= 0 && v >= 0 && u < float(box_ - 1) && v < float(box_ - 1))) continue;
    const int column = int(u), line = int(v);
    const float a = u - float(column), b = v - float(line);
    const float* const q = image + line * box_ + column;
    gains[p] += double((1 - b) * ((1 - a) * q[0] + a * q[1]) + b * ((1 - a) * q[box_] + a * q[box_ + 1]));
  }
}

std::vector<double> ResidualImages::gains(const std::vector<Vec3>& points, int half) const {
  std::vector<float> plain;
  for (const Vec3& x : points) plain.insert(plain.end(), {float(x.x), float(x.y), float(x.z)});
  std::vector<double> result(points.size(), 0.0);
  int64_t row = 0, used = 0;
  for (const Views& views : batches_) {
    const auto count = int64_t(views.pixel_size.size()), first = (row + half) % 2;
    parallel_for(int64_t(points.size()), 1024, [&](int64_t begin, int64_t end) {
      for (int64_t i = first; i < count; i += 2) add(views, i, plain.data() + 3 * begin, end - begin, result.data() + begin);
    });
    used += (count - first + 1) / 2;
    row += count;
  }
  for (double& value : result) value /= double(std::max<int64_t>(1, used));
  return result;
}

std::vector<double> ResidualImages::gains_of_atoms() const {
  std::vector<double> result;
  for (const Views& views : batches_) {
    const int64_t atoms = views.conformations.size(1);
    result.resize(size_t(atoms), 0.0);
    for (int64_t i = 0; i < int64_t(views.pixel_size.size()); ++i) {
      add(views, i, views.conformations.data_ptr<float>() + (views.conformations.size(0) == 1 ? 0 : 3 * i * atoms), atoms, result.data());
    }
  }
  for (double& value : result) value /= double(images_);
  return result;
}

}  // namespace cryomer
