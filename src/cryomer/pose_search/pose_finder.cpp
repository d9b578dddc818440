#include "cryomer/pose_search/pose_finder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "cryomer/base/log.h"
#include "cryomer/base/units.h"

namespace cryomer {

namespace {

// The first half of the climb sees images blurred by this, which widens each peak to the grid's spacing.
constexpr double kClimbBlur = 2.0;  // A

// Images climbed at a time: each view's gradient is as large as the structure. On a GPU more are quicker, while a gigabyte holds them.
int64_t images_at_once(const ImageModel& images, size_t views_of_one) {
  constexpr int64_t kOnCpu = 64, kMostOnGpu = 512;
  if (images.device().is_cpu()) return kOnCpu;
  const double pixels = double(images.grid().padded) * images.grid().padded, atoms = double(images.atoms().width.size(0));
  const double bytes = 24 * (pixels + atoms) * double(std::max<size_t>(1, views_of_one));
  return std::clamp(int64_t(1e9 / bytes), int64_t{1}, kMostOnGpu);
}

}  // namespace

bool near_each_other(const Pose& a, const Pose& b, double angle, double distance) {
  return std::hypot(a.shift_x - b.shift_x, a.shift_y - b.shift_y) < distance && rotation_distance(a.rotation, b.rotation) < angle;
}

PoseFinder::PoseFinder(const ImageModel& images, const Tensor& conformations, const PoseGrid& grid)
    : images_(images), conformations_(conformations.contiguous()), grid_(grid) {}

const PoseSearch& PoseFinder::search_for(double pixel_size) {
  const auto key = int64_t(std::llround(std::log(pixel_size) / 0.01));
  const auto found = searches_.find(key);
  if (found != searches_.end()) return found->second;
  return searches_.emplace(std::piecewise_construct, std::forward_as_tuple(key),
                           std::forward_as_tuple(images_, conformations_, pixel_size, grid_)).first->second;
}

std::vector<std::vector<PoseCandidate>> PoseFinder::find(const ParticleBatch& batch, int climbed, int keep) {
  std::vector<std::vector<PoseCandidate>> peaks;
  for (int64_t first = 0; first < batch.size();) {
    // A run of images with one pixel size.
    const double pixel_size = batch.optics[first].optics.pixel_size;
    int64_t last = first;
    while (last < batch.size() && batch.optics[last].optics.pixel_size == pixel_size) ++last;
    for (auto& of_image : search_for(pixel_size).search(batch.slice(first, last), climbed)) peaks.push_back(std::move(of_image));
    first = last;
  }
  return climb(batch, peaks, keep);
}

std::vector<std::vector<PoseCandidate>> PoseFinder::climb(const ParticleBatch& batch,
                                                          const std::vector<std::vector<PoseCandidate>>& starts, int keep) const {
  at::NoGradGuard guard;
  std::vector<std::vector<PoseCandidate>> found(batch.size());
  const int64_t at_once = images_at_once(images_, starts.empty() ? 0 : starts.front().size());
  for (int64_t first = 0; first < batch.size(); first += at_once) {
    const ParticleBatch some = batch.slice(first, std::min(first + at_once, batch.size()));
    std::vector<int64_t> conformation, image;
    std::vector<float> rotation, shift;
    for (int64_t i = 0; i < some.size(); ++i) {
      for (const PoseCandidate& peak : starts[first + i]) {
        conformation.push_back(peak.conformation);
        image.push_back(i);
        for (const double value : peak.pose.rotation.values) rotation.push_back(float(value));
        shift.push_back(float(peak.pose.shift_x));
        shift.push_back(float(peak.pose.shift_y));
      }
    }
    const auto views = int64_t(image.size());
    const Poses poses{tensor_from(rotation, {views, 3, 3}), tensor_from(shift, {views, 2})};
    const double radius = molecule_radius(conformations_), step = 0.25 * radians(grid_.rotation_deg) * radius;
    const ViewIndex index{tensor_from(conformation), tensor_from(image)};
    const RefinedPoses rough = refine_poses(images_, images_.observe(some, kClimbBlur), conformations_, index, poses, {10, step, 0.3});
    // The better half goes on.
    std::vector<int64_t> order(image.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    const float* const height = rough.log_likelihood.data_ptr<float>();
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return image[a] != image[b] ? image[a] < image[b] : height[a] > height[b];
    });
    std::vector<int64_t> chosen;
    for (size_t k = 0, of_image = 0; k < order.size(); ++k) {
      of_image = k > 0 && image[order[k]] == image[order[k - 1]] ? of_image + 1 : 0;
      if (int(of_image) < 2 * keep) chosen.push_back(order[k]);
    }
    const Tensor rows = tensor_from(chosen);
    const RefinedPoses fine = refine_poses(
        images_, images_.observe(some), conformations_, {index.conformation.index_select(0, rows), index.image.index_select(0, rows)},
        {rough.poses.rotation.index_select(0, rows), rough.poses.shift.index_select(0, rows)}, {12, 0.4, 0.05});

    std::vector<std::vector<PoseCandidate>> climbed(some.size());
    for (size_t v = 0; v < chosen.size(); ++v) {
      PoseCandidate candidate;
      candidate.conformation = int(conformation[chosen[v]]);
      candidate.pose = fine.poses.at(int64_t(v));
      candidate.log_likelihood = fine.log_likelihood.data_ptr<float>()[v];
      climbed[image[chosen[v]]].push_back(candidate);
    }
    for (int64_t i = 0; i < some.size(); ++i) {
      std::stable_sort(climbed[i].begin(), climbed[i].end(),
                       [](const PoseCandidate& a, const PoseCandidate& b) { return a.log_likelihood > b.log_likelihood; });
      std::vector<PoseCandidate>& kept = found[first + i];
      for (const PoseCandidate& candidate : climbed[i]) {
        if (int(kept.size()) == keep) break;
        const bool again = std::any_of(kept.begin(), kept.end(), [&](const PoseCandidate& other) {
          return near_each_other(candidate.pose, other.pose, 0.5 * radians(grid_.rotation_deg), grid_.shift_step);
        });
        if (!again) kept.push_back(candidate);
      }
    }
  }
  return found;
}

double PoseFinder::found_again(const std::vector<ParticleBatch>& batches, int climbed, const Random& random) {
  constexpr double kSameAngle = radians(20), kSamePlace = 4;  // A
  int64_t again = 0, count = 0;
  for (const ParticleBatch& batch : batches) {
    const Tensor noise = images_.noise_images(batch, random.substream(uint64_t(count)));
    ParticleBatch added = batch, taken = batch;
    added.images = batch.images + noise;
    taken.images = batch.images - noise;
    const auto one = find(added, climbed, 1), other = find(taken, climbed, 1);
    for (size_t i = 0; i < one.size(); ++i) {
      again += !one[i].empty() && !other[i].empty() && near_each_other(one[i].front().pose, other[i].front().pose, kSameAngle, kSamePlace);
    }
    count += batch.size();
  }
  return count > 0 ? double(again) / double(count) : 0;
}

void calibrate_without_poses(ImageModel& images, std::vector<ParticleBatch> batches, const Tensor& conformation, const PoseGrid& grid) {
  at::NoGradGuard guard;
  const int box = images.grid().box;
  int groups = 0;
  for (const ParticleBatch& batch : batches) {
    for (const int group : batch.optics_group) groups = std::max(groups, group + 1);
  }
  // What the images hold beyond the noise that their highest frequencies show, against what projections hold.
  const Tensor positions = conformation.reshape({1, -1, 3});
  const int64_t rings = ring_count(box);
  GroupRingPower seen(groups, box), projected(groups, box);
  Random random(1, 0x5ca1e);
  for (const ParticleBatch& batch : batches) {
    std::vector<Pose> poses(size_t(batch.size()));
    for (Pose& pose : poses) pose.rotation = random_rotation(random);
    const ParticleBatch turned = batch.with_poses(Poses::of(poses));
    seen.add(fourier_transform(batch.images), batch.optics_group);
    projected.add(fourier_transform(images.predict(positions, turned, at::ones({batch.size()})).to(at::kCPU)), batch.optics_group);
  }
  images.noise.power = at::ones({groups, rings}, at::kDouble);
  images.scale.mean.assign(groups, 1.0);
  images.scale.deviation.assign(groups, 1.0);
  for (int g = 0; g < groups; ++g) {
    if (!seen.any(g)) continue;
    const Tensor power = seen.mean(g);
    const std::vector<double> in_images = to_doubles(power), in_projections = to_doubles(projected.mean(g));
    const double floor = power.slice(0, box / 2 - 4, box / 2).mean().item<double>();
    double excess = 0, expected = 0;
    for (int64_t r = 1; r < box / 4; ++r) {
      excess += double(r) * (in_images[size_t(r)] - floor);
      expected += double(r) * in_projections[size_t(r)];
    }
    // At least a tenth of what the noise would allow to see: a start, not a result.
    const double scale = std::sqrt(std::max(excess, 0.01 * floor * box * box / 32) / expected);
    images.noise.power[g] = power.clamp_min(1e-12 * (power.max().item<double>() + 1e-300));
    images.noise.power[g][0] = images.noise.power[g][1];
    images.scale.mean[g] = scale;
    images.scale.deviation[g] = 0.3 * scale;
  }
  // The sign that explains the images better, all groups together; then two rounds of search and calibration.
  constexpr int kRounds = 2;
  double best[2] = {};
  for (int sign = 0; sign < 2; ++sign) {
    ImageModel tried = images;
    for (double& mean : tried.scale.mean) mean *= sign ? -1 : 1;
    PoseFinder finder(tried, positions, grid);
    const ParticleBatch few = batches.front().first(std::min<int64_t>(64, batches.front().size()));
    for (const auto& candidates : finder.find(few, 2, 1)) best[sign] += candidates.empty() ? 0 : candidates[0].log_likelihood;
  }
  if (best[1] > best[0]) {
    for (double& mean : images.scale.mean) mean = -mean;
  }
  for (int round = 0; round < kRounds; ++round) {
    PoseFinder finder(images, positions, grid);
    for (ParticleBatch& batch : batches) {
      std::vector<Pose> best;
      for (const auto& candidates : finder.find(batch, 4, 1)) best.push_back(candidates.front().pose);
      batch = batch.with_poses(Poses::of(best));
    }
    ImageModel next = images;
    calibrate(next, batches, conformation);
    images.noise = next.noise;
    images.scale = next.scale;
  }
}

}  // namespace cryomer
