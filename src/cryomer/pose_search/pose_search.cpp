#include "cryomer/pose_search/pose_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/units.h"
#include "cryomer/kernels/best_scores.h"
#include "cryomer/pose_search/rotation_grid.h"

namespace cryomer {

namespace {

constexpr int64_t kImageBlock = 16;      // images whose scores a thread keeps at a time
constexpr int64_t kTemplateBlock = 256;  // templates of one matrix product: its result stays in the cache
constexpr int64_t kGpuImages = 256, kGpuTemplates = 2048;  // the same on a GPU, whose memory holds the result

Tensor rotations_tensor(const std::vector<Mat3>& rotations) {
  Tensor result = at::empty({int64_t(rotations.size()), 3, 3});
  float* out = result.data_ptr<float>();
  for (const Mat3& rotation : rotations) {
    for (const double value : rotation.values) *out++ = static_cast<float>(value);
  }
  return result;
}

}  // namespace

PoseSearch::PoseSearch(const ImageModel& images, const Tensor& conformations, double pixel_size, const PoseGrid& grid)
    : images_(images.without_padding()),
      grid_(grid),
      pixel_size_(pixel_size),
      conformations_(conformations.size(0)),
      rotations_(rotation_grid(grid.rotation_deg)) {
  at::NoGradGuard guard;
  if (!(grid.shift_step > 0)) fail_usage("a shift step of {} A, expected more than 0", grid.shift_step);
  const int box = images_.grid().box, half = box / 2 + 1;
  const auto steps = static_cast<int>(std::floor(grid.shift_range / grid.shift_step + 1e-6));
  for (int y = -steps; y <= steps; ++y) {
    for (int x = -steps; x <= steps; ++x) {
      shifts_.push_back(static_cast<float>(x * grid.shift_step));
      shifts_.push_back(static_cast<float>(y * grid.shift_step));
    }
  }
  // One of each pair of conjugate frequencies, without k = 0, where the unknown offset sits, and without the highest.
  const double largest = std::min(box * pixel_size / grid.resolution, box / 2 - 1.0);
  std::vector<int64_t> entries;
  std::vector<float> kx, ky;
  for (int row = 0; row < box; ++row) {
    for (int column = 0; column < half; ++column) {
      const int y = row <= box / 2 ? row : row - box;
      if ((column == 0 && y <= 0) || std::hypot(column, y) > largest) continue;
      entries.push_back(int64_t(row) * half + column);
      kx.push_back(static_cast<float>(column));
      ky.push_back(static_cast<float>(y));
    }
  }
  if (entries.empty()) fail_usage("a resolution of {} A leaves no Fourier coefficients of a box of {} A", grid.resolution, box * pixel_size);
  entries_ = tensor_from(entries).to(images_.device());
  const auto count = int64_t(entries.size());
  phase_ = at::empty({shift_count(), count, 2});
  float* phase = phase_.data_ptr<float>();
  for (int64_t s = 0; s < shift_count(); ++s) {
    for (int64_t k = 0; k < count; ++k) {
      const double angle = 2 * kPi * (kx[k] * shifts_[2 * s] + ky[k] * shifts_[2 * s + 1]) / (box * pixel_size);
      *phase++ = static_cast<float>(std::cos(angle));
      *phase++ = static_cast<float>(std::sin(angle));
    }
  }
  phase_ = phase_.to(images_.device());

  const auto rotations = int64_t(rotations_.size());
  const Tensor all = rotations_tensor(rotations_);
  templates_ = at::empty({template_count(), 2 * count}, phase_.options());
  template_power_ = at::empty({template_count(), count}, phase_.options());
  for (int64_t c = 0; c < conformations_; ++c) {
    const Tensor positions = conformations.slice(0, c, c + 1).contiguous();
    for (int64_t first = 0; first < rotations; first += kTemplateBlock) {
      const int64_t size = std::min(kTemplateBlock, rotations - first), row = c * rotations + first;
      const Tensor projections = render_projections(images_.atoms(), positions, all.slice(0, first, first + size), at::zeros({size, 2}),
                                                    at::zeros({size}, at::kLong), at::full({size}, pixel_size), images_.grid());
      const Tensor chosen = fourier_transform(projections).reshape({size, -1, 2}).index_select(1, entries_);
      templates_.slice(0, row, row + size).copy_(chosen.reshape({size, -1}));
      template_power_.slice(0, row, row + size).copy_(chosen.square().sum(2));
    }
  }
}

PoseSearch::Rows PoseSearch::rows(const ParticleBatch& batch) const {
  for (const ParticleOptics& optics : batch.optics) {
    if (std::abs(optics.optics.pixel_size - pixel_size_) > 0.01 * pixel_size_) {
      fail("pose search: an image with a pixel size of {:.4g} A, but the templates have {:.4g} A", optics.optics.pixel_size, pixel_size_);
    }
  }
  const int64_t images = batch.size(), count = coefficient_count();
  const ObservedBatch observed = images_.observe(batch);
  const Tensor scale = observed.scale_mean.reshape({-1, 1});
  const Tensor data = observed.weighted_data.reshape({images, -1, 2}).index_select(1, entries_) * (2 * scale).unsqueeze(2);
  const Tensor real = data.select(2, 0).unsqueeze(1), imaginary = data.select(2, 1).unsqueeze(1);
  const Tensor cosine = phase_.select(2, 0).unsqueeze(0), sine = phase_.select(2, 1).unsqueeze(0);
  Rows result;
  result.data = at::stack({real * cosine - imaginary * sine, real * sine + imaginary * cosine}, 3)
                    .reshape({images * shift_count(), 2 * count});
  result.power = observed.weighted_power.reshape({images, -1}).index_select(1, entries_) * scale.square();
  return result;
}

Tensor PoseSearch::all_scores(const ParticleBatch& batch) const {
  at::NoGradGuard guard;
  const Rows r = rows(batch);
  const Tensor cross = at::matmul(r.data, templates_.t()).reshape({batch.size(), shift_count(), -1});
  const Tensor scores = cross - at::matmul(r.power, template_power_.t()).unsqueeze(1);
  return scores.reshape({batch.size(), shift_count(), conformations_, -1}).permute({0, 2, 3, 1}).contiguous();
}

std::vector<PoseCandidate> PoseSearch::peaks(const BestScores& best, int count) const {
  const auto rotations = int64_t(rotations_.size());
  const double apart = radians(1.5 * grid_.rotation_deg);
  std::vector<int64_t> order(size_t(rotations), 0);
  std::iota(order.begin(), order.end(), int64_t{0});
  // Neighbours of a peak score nearly as well: look at enough for `count` peaks.
  const int64_t look = std::min<int64_t>(rotations, int64_t(count) * 24);
  const float* const s = best.score;
  std::partial_sort(order.begin(), order.begin() + look, order.end(), [&](int64_t a, int64_t b) { return s[a] > s[b] || (s[a] == s[b] && a < b); });
  std::vector<PoseCandidate> kept;
  for (int64_t k = 0; k < look && int(kept.size()) < count; ++k) {
    const Mat3& rotation = rotations_[size_t(order[k])];
    const bool near = std::any_of(kept.begin(), kept.end(), [&](const PoseCandidate& other) {
      return rotation_distance(other.pose.rotation, rotation) < apart;
    });
    if (near) continue;
    const int shift = best.shift[order[k]];
    kept.push_back({best.conformation[order[k]], {rotation, shifts_[2 * shift], shifts_[2 * shift + 1]}, s[order[k]]});
  }
  return kept;
}

std::vector<std::vector<PoseCandidate>> PoseSearch::search(const ParticleBatch& batch, int count) const {
  if (!images_.device().is_cpu()) return search_on_gpu(batch, count);
  std::vector<std::vector<PoseCandidate>> found(batch.size());
  const auto rotations = int64_t(rotations_.size());
  const int64_t shifts = shift_count();
  const int64_t blocks = (batch.size() + kImageBlock - 1) / kImageBlock;
  parallel_for(blocks, 1, [&](int64_t first_block, int64_t last_block) {
    at::NoGradGuard guard;
    std::vector<float> score(kImageBlock * rotations);
    std::vector<int> conformation(kImageBlock * rotations), shift(kImageBlock * rotations);
    for (int64_t block = first_block; block < last_block; ++block) {
      const int64_t first = block * kImageBlock, size = std::min(kImageBlock, batch.size() - first);
      const Rows r = rows(batch.slice(first, first + size));
      std::fill(score.begin(), score.end(), -std::numeric_limits<float>::infinity());
      for (int64_t c = 0; c < conformations_; ++c) {
        for (int64_t start = 0; start < rotations; start += kTemplateBlock) {
          const int64_t width = std::min(kTemplateBlock, rotations - start), row = c * rotations + start;
          const Tensor cross = at::mm(r.data, templates_.slice(0, row, row + width).t());
          const Tensor power = at::mm(r.power, template_power_.slice(0, row, row + width).t());
          for (int64_t i = 0; i < size; ++i) {
            const int64_t offset = i * rotations + start;
            keep_best_scores(cross.data_ptr<float>() + i * shifts * width, int(shifts), int(width), power.data_ptr<float>() + i * width,
                             int(c), {score.data() + offset, conformation.data() + offset, shift.data() + offset});
          }
        }
      }
      for (int64_t i = 0; i < size; ++i) {
        const int64_t at = i * rotations;
        found[first + i] = peaks({score.data() + at, conformation.data() + at, shift.data() + at}, count);
      }
    }
  });
  return found;
}

std::vector<std::vector<PoseCandidate>> PoseSearch::search_on_gpu(const ParticleBatch& batch, int count) const {
  at::NoGradGuard guard;
  std::vector<std::vector<PoseCandidate>> found(batch.size());
  const auto rotations = int64_t(rotations_.size());
  for (int64_t first = 0; first < batch.size(); first += kGpuImages) {
    const int64_t size = std::min(kGpuImages, batch.size() - first);
    const Rows r = rows(batch.slice(first, first + size));
    Tensor score = at::full({size, rotations}, -std::numeric_limits<float>::infinity(), phase_.options());
    Tensor conformation = at::zeros({size, rotations}, phase_.options().dtype(at::kInt)), shift = at::zeros_like(conformation);
    for (int64_t c = 0; c < conformations_; ++c) {
      for (int64_t start = 0; start < rotations; start += kGpuTemplates) {
        const int64_t width = std::min(kGpuTemplates, rotations - start), row = c * rotations + start;
        const Tensor cross = at::mm(r.data, templates_.slice(0, row, row + width).t()).reshape({size, shift_count(), width});
        const auto [highest, at_shift] = cross.max(1);
        const Tensor here = highest - at::mm(r.power, template_power_.slice(0, row, row + width).t());
        const Tensor before = score.slice(1, start, start + width), better = here > before;
        conformation.slice(1, start, start + width).masked_fill_(better, double(c));
        Tensor of_shift = shift.slice(1, start, start + width);
        of_shift.copy_(at::where(better, at_shift.to(at::kInt), of_shift));
        before.copy_(at::maximum(before, here));
      }
    }
    const Tensor s = score.to(at::kCPU), c = conformation.to(at::kCPU), at_shift = shift.to(at::kCPU);
    parallel_for(size, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        const int64_t at = i * rotations;
        found[size_t(first + i)] = peaks({s.data_ptr<float>() + at, c.data_ptr<int>() + at, at_shift.data_ptr<int>() + at}, count);
      }
    });
  }
  return found;
}

}  // namespace cryomer
