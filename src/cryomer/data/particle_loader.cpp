#include "cryomer/data/particle_loader.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <mutex>
#include <numeric>

#include "cryomer/base/random.h"

namespace cryomer {

ParticleBatch ParticleLoader::load(const std::vector<int64_t>& particles) const {
  const auto count = static_cast<int64_t>(particles.size());
  const int64_t box = stack_.box();
  ParticleBatch batch;
  batch.particle = particles;
  batch.images = at::empty({count, box, box});
  batch.rotation = at::empty({count, 3, 3});
  batch.shift = at::empty({count, 2});
  float* const pixels = batch.images.data_ptr<float>();
  float* const rotation = batch.rotation.data_ptr<float>();
  float* const shift = batch.shift.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t p = particles[i];
    batch.optics.push_back({stack_.optics(p), stack_.ctf(p)});
    batch.optics_group.push_back(stack_.optics_group(p));
    const Pose pose = stack_.has_poses() ? stack_.pose(p) : Pose{};
    for (int k = 0; k < 9; ++k) rotation[9 * i + k] = static_cast<float>(pose.rotation.values[k]);
    shift[2 * i] = static_cast<float>(pose.shift_x);
    shift[2 * i + 1] = static_cast<float>(pose.shift_y);
  }
  // An exception must not leave a parallel region.
  std::exception_ptr problem;
  std::mutex lock;
  parallel_for(count, 16, [&](int64_t first, int64_t last) {
    try {
      for (int64_t i = first; i < last; ++i) stack_.read_image(particles[i], pixels + i * box * box);
    } catch (...) {
      const std::lock_guard<std::mutex> guard(lock);
      problem = std::current_exception();
    }
  });
  if (problem) std::rethrow_exception(problem);
  return batch;
}

std::vector<ParticleBatch> ParticleLoader::load_some(const std::vector<int64_t>& particles, int64_t count,
                                                     uint64_t seed) const {
  const std::vector<int64_t> order = Random(seed, 0x10ad).permutation(int64_t(particles.size()));
  std::vector<ParticleBatch> batches;
  count = std::min<int64_t>(count, int64_t(particles.size()));
  std::vector<int64_t> chosen;
  std::vector<int64_t> of_group(stack_.optics_groups().size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    chosen.push_back(particles[order[i]]);
    ++of_group[stack_.optics_group(chosen.back())];
  }
  constexpr int64_t kOfAbsentGroup = 32;
  const std::vector<int64_t> of_choice = of_group;
  for (int64_t p = 0; p < stack_.size(); ++p) {
    const int group = stack_.optics_group(p);
    if (of_choice[group] == 0 && of_group[group]++ < kOfAbsentGroup) chosen.push_back(p);
  }
  for (size_t first = 0; first < chosen.size(); first += 256) {
    const size_t last = std::min(first + 256, chosen.size());
    batches.push_back(load({chosen.begin() + int64_t(first), chosen.begin() + int64_t(last)}));
  }
  return batches;
}

std::vector<int64_t> spread_rows(int64_t count, int64_t most) {
  std::vector<int64_t> rows;
  const int64_t chosen = std::min(count, most);
  for (int64_t i = 0; i < chosen; ++i) rows.push_back(i * count / chosen);
  return rows;
}

std::vector<int64_t> all_particles(const ParticleStack& stack) {
  std::vector<int64_t> all(stack.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  return all;
}

ParticleSplit split_particles(int64_t count, double held_out_fraction) {
  constexpr uint64_t kSeed = 1;
  if (!(held_out_fraction >= 0 && held_out_fraction < 1)) {
    fail_usage("held-out fraction is {}, expected 0 or more and less than 1", held_out_fraction);
  }
  std::vector<int64_t> order = Random(kSeed, 0x5917).permutation(count);
  const auto held_out = static_cast<int64_t>(std::floor(held_out_fraction * static_cast<double>(count)));
  ParticleSplit split;
  split.held_out.assign(order.begin(), order.begin() + held_out);
  split.training.assign(order.begin() + held_out, order.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  std::sort(split.training.begin(), split.training.end());
  return split;
}

}  // namespace cryomer
