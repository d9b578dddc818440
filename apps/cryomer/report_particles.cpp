// The particles of a report: where they lie, their structures, what was seen of them.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cryomer/base/error.h"
#include "cryomer/base/progress.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/inference/posterior.h"
#include "cryomer/inference/structure_frame.h"
#include "cryomer/io/trajectory.h"
#include "report_gatherer.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kInferred = 500;  // particles inferred when no posterior is given
constexpr int64_t kComponents = 3;
// Of what the page's script shows, before it is packed; what there is more of is thinned evenly. With the movies' 6 MB it is 21 MB,
// so that even unpacked, as text, it stays below 30.
constexpr int64_t kPoints = 150000, kPointBytes = 64, kPointAndStructureBytes = 12500000, kPictureBytes = 2500000;
constexpr double kPictureResolution = 15;  // A

}  // namespace

void Gatherer::view_particles() {
  if (inputs_.posterior.empty() && !(trained_ && stack_)) {
    absent("What was inferred about each particle: neither --posterior nor a model with its particles is at hand.");
    return;
  }
  if (report_.distances.empty()) {
    for (const PairDistance& pair : pairs_) {
      report_.distances.emplace_back();
      report_.distances.back().name = pair.name;
    }
  }
  report_.latents.emplace();
  if (inputs_.posterior.empty()) {
    view_own_posterior();
  } else {
    view_given_posterior();
  }
}

void Gatherer::choose_shown() {
  const int64_t bytes = int64_t(explorer_.atoms.size()) * 6 * (particle_truth_ ? 2 : 1);
  const auto points = int64_t(explorer_.rows.size());
  explorer_.shown = spread_rows(points, std::max<int64_t>(1, (kPointAndStructureBytes - kPointBytes * points) / bytes));
}

void Gatherer::add_particle(int64_t point, const float* structures, int64_t count) {
  const int64_t values = 3 * structure_.atom_count();
  for (size_t k = 0; k < pairs_.size(); ++k) {
    double sum = 0;  // over the posterior's samples, where there are several
    for (int64_t i = 0; i < count; ++i) {
      const double distance = pairs_[k].of(structures + i * values);
      if (count > 1) sampled_.distances[k].push_back(distance);
      sum += distance;
    }
    report_.distances[k].inferred.push_back(sum / double(count));
  }
  if (std::binary_search(explorer_.shown.begin(), explorer_.shown.end(), point)) append_atoms(explorer_.structures, structures, explorer_.atoms);
}

void Gatherer::view_given_posterior() {
  const std::string& folder = inputs_.posterior;
  given_latents_ = read_npy(folder + "/latents.npy");
  if (given_latents_.shape.size() != 2) fail("{}/latents.npy: expected an array [particles, latent dimension]", folder);
  const int64_t count = given_latents_.shape[0], dim = given_latents_.shape[1], atoms = structure_.atom_count();
  std::vector<float> all_deviations;
  if (fs::exists(folder + "/latents_std.npy")) all_deviations = read_npy(folder + "/latents_std.npy").values;
  const std::string star_path = folder + "/particles.star";
  const StarFile star = read_star(star_path);
  const StarTable& table = particle_table(star, star_path);
  const int image = table.column("rlnImageName");
  const auto structures = open_trajectory(folder + "/structures.dcd", structure_);
  const int64_t each = structures->size() / std::max<int64_t>(count, 1);
  if (each < 1 || each * count != structures->size() || table.row_count() != count) {
    fail("{}: {} structures, {} rows of particles.star and latents of {} particles; expected one row and the same number of structures for each",
         folder, structures->size(), table.row_count(), count);
  }
  const std::vector<int64_t>& rows = explorer_.rows = spread_rows(count, kPoints);
  choose_shown();
  sampled_.per_particle = each;
  sampled_.distances.resize(pairs_.size());
  std::vector<float> block(size_t(each) * 3 * atoms), means, deviations;
  Progress progress("reading", int64_t(rows.size()), "particles");
  for (size_t p = 0; p < rows.size(); ++p) {
    for (int64_t i = 0; i < each; ++i) structures->read(rows[p] * each + i, block.data() + i * 3 * atoms);
    add_particle(int64_t(p), block.data(), each);
    if (image >= 0) explorer_.images.push_back(table.cell(rows[p], image));
    const auto append = [&](std::vector<float>& to, const std::vector<float>& from) {
      to.insert(to.end(), from.begin() + rows[p] * dim, from.begin() + (rows[p] + 1) * dim);
    };
    append(means, given_latents_.values);
    if (all_deviations.size() == given_latents_.values.size()) append(deviations, all_deviations);
    progress.advance(1);
  }
  progress.finish();
  report_.latents->remark = int64_t(rows.size()) == count ? formatted("All {} particles of {}.", count, folder)
                                                          : formatted("{} of the {} particles of {}, evenly chosen.", rows.size(), count, folder);
  RunLatents latents;
  latents.rows = rows;
  latents.mean = tensor_from(means, {int64_t(rows.size()), dim});
  if (!deviations.empty()) latents.deviation = tensor_from(deviations, {int64_t(rows.size()), dim});
  view_points(std::move(latents));
  const std::vector<Pose> all_poses = poses_of(table);
  if (!trained_ || !stack_ || stack_->size() != count || all_poses.empty()) return;  // perhaps of other particles than the run's
  std::vector<Pose> poses;
  for (const int64_t row : rows) poses.push_back(all_poses[row]);
  const Vec3 origin = trained_->setup.origin;
  view_pictures(
      [&](const std::vector<int64_t>& points) {
        const Tensor positions = at::empty({int64_t(points.size()), atoms, 3});
        for (size_t i = 0; i < points.size(); ++i) structures->read(rows[points[i]] * each, positions.data_ptr<float>() + int64_t(i) * 3 * atoms);
        return positions - tensor_from(std::vector<float>{float(origin.x), float(origin.y), float(origin.z)}, {3});
      },
      poses);
}

void Gatherer::view_own_posterior() {
  std::vector<int64_t>& rows = explorer_.rows = spread_rows(stack_->size(), kInferred);
  choose_shown();
  const Posterior posterior = infer_posterior_of(rows, *trained_, *stack_, true);
  std::vector<StructureFrame> frames;
  if (trained_->poses_were_inferred()) frames = frames_on_base(*trained_, posterior.mean);
  int64_t point = 0;
  decode_in_blocks(*trained_, posterior.mean, "decoding", [&](const Tensor& block) {
    for (int64_t i = 0; i < block.size(0); ++i, ++point) {
      float* const structure = block.data_ptr<float>() + i * block.size(1) * 3;
      if (!frames.empty()) frames[point].place(structure, block.size(1));
      add_particle(point, structure, 1);
    }
  });
  if (const int image = stack_->particle_table().column("rlnImageName"); image >= 0) {
    for (const int64_t row : rows) explorer_.images.push_back(stack_->particle_table().cell(row, image));
  }
  const auto count = int64_t(rows.size());
  report_.latents->remark =
      count == stack_->size() ? formatted("All {} particles, inferred for this page.", count)
                              : formatted("{} of {} particles, inferred for this page; --posterior shows all and judges them.", count, stack_->size());
  view_points({posterior.mean, posterior.deviation, rows, count == stack_->size(), ""});
  view_pictures(
      [&](const std::vector<int64_t>& points) {
        return trained_->model->decoder(posterior.mean.index_select(0, tensor_from(points))).contiguous();
      },
      posterior.poses);
}

void Gatherer::view_points(RunLatents latents) {
  LatentView& view = *report_.latents;
  view.particles = latents.mean.size(0);
  view.dimension = latents.mean.size(1);
  const bool decodes = trained_ && trained_->model->latent_dim == view.dimension;
  const std::vector<float> means = to_floats(latents.mean);
  // Without the decoder's word on what latents mean, it is the posteriors' means that are looked at.
  view.directions = decodes ? moving_directions(*trained_, latents, kComponents) : principal_directions(means, view.dimension, kComponents);
  if (decodes && cas_.size() > 3) view.unit = "\u00c5";
  for (int64_t c = 0; c < view.directions.count(); ++c) view.projected.push_back(view.directions.along(c, means));
  std::vector<PointColumn>& columns = explorer_.columns;
  for (size_t c = 0; c < view.projected.size(); ++c) {
    columns.push_back({PointColumn::Role::component, formatted("Direction {} ({:.0f} %)", c + 1, 100 * view.directions.share[c]), view.unit,
                       view.projected[c], std::nullopt});
  }
  for (size_t k = 0; k < pairs_.size(); ++k) {
    DistanceView& distance = report_.distances[k];
    columns.push_back({PointColumn::Role::distance, spoken(distance.name), "\u00c5", distance.inferred, distance.cut});
    if (!particle_truth_) continue;
    for (const int64_t row : explorer_.rows) distance.true_inferred.push_back(pairs_[k].of(true_state(row)));
    columns.push_back({PointColumn::Role::true_distance, spoken(distance.name) + ", true", "\u00c5", distance.true_inferred, distance.cut});
  }
  if (latents.deviation.defined()) {
    // Of a particle's posterior, relative to the whole population's: at one its image taught nothing.
    const Tensor variances = latents.deviation.square().sum(1);
    const double total = ((latents.mean - latents.mean.mean(0)).square().mean(0).sum() + variances.mean()).item<double>();
    PointColumn width{PointColumn::Role::other, "Uncertainty, share of the spread", "", {}, std::nullopt};
    for (const float variance : to_floats(variances)) width.values.push_back(std::sqrt(variance / std::max(total, 1e-300)));
    columns.push_back(std::move(width));
  }
  if (particle_truth_) {
    for (const int64_t point : explorer_.shown) append_atoms(explorer_.truths, true_state(explorer_.rows[point]), explorer_.atoms);
  }
  if (decodes) {
    std::vector<Movie> paths = path_movies(*trained_, view, room_);
    explorer_.movies.insert(explorer_.movies.begin(), std::make_move_iterator(paths.begin()), std::make_move_iterator(paths.end()));
    latents_ = std::move(latents);
  }
}

const float* Gatherer::true_state(int64_t row) const {
  if (row >= int64_t(particle_truth_->state_of.size())) {
    fail("{}: {} rows, but there are more particles: expected the same rows in the same order", inputs_.truth_star, particle_truth_->state_of.size());
  }
  const int64_t state = particle_truth_->state_of[row];
  if (state < 0 || state >= states_.size()) {
    fail("{}: state {} does not exist; {} has {}", inputs_.truth_star, state, inputs_.truth, states_.size());
  }
  return states_.conformation(state);
}

void Gatherer::view_pictures(const std::function<Tensor(const std::vector<int64_t>& points)>& positions_of, const std::vector<Pose>& poses) {
  const Autoencoder& model = *trained_->model;
  if (stack_->box() != model.images.grid().box) return;
  at::NoGradGuard guard;
  PointPictures& pictures = explorer_.pictures;
  const double pixel_size = smallest_pixel_size(*stack_);
  const int bin = std::max(1, static_cast<int>(kPictureResolution / (5 * pixel_size)));
  pictures.size = stack_->box() / bin;
  for (const int64_t k : spread_rows(int64_t(explorer_.shown.size()), std::max<int64_t>(1, kPictureBytes / (2 * int64_t(pictures.size) * pictures.size)))) {
    pictures.points.push_back(explorer_.shown[k]);
  }
  const auto count = int64_t(pictures.points.size()), pixels = int64_t(stack_->box()) * stack_->box();
  double limit = 0;
  Progress progress("predicting", count, "images");
  constexpr int64_t kBlock = 64;
  for (int64_t first = 0; first < count; first += kBlock) {
    const std::vector<int64_t> points(pictures.points.begin() + first, pictures.points.begin() + std::min(first + kBlock, count));
    const auto size = int64_t(points.size());
    std::vector<int64_t> rows;
    for (const int64_t point : points) rows.push_back(explorer_.rows[point]);
    std::vector<Pose> shown;
    for (const int64_t point : points) shown.push_back(poses[size_t(point)]);
    const ParticleBatch batch = ParticleLoader(*stack_).load(rows).with_poses(Poses::of(shown));
    const Tensor positions = positions_of(points).contiguous();
    const ViewIndex each{at::arange(size, at::kLong), at::arange(size, at::kLong)};
    const Tensor scale = model.images.log_likelihood(positions, batch.rotation, batch.shift, each, model.images.observe(batch)).scale.contiguous();
    const std::vector<float> observed = to_floats(batch.images), predicted = to_floats(model.images.predict(positions, batch, scale));
    std::vector<GrayImage> small(size_t(2 * size));
    parallel_for(2 * size, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* const values = (i < size ? observed.data() : predicted.data()) + (i % size) * pixels;
        small[i] = binned(low_passed(centred(GrayImage{stack_->box(), {values, values + pixels}}), kPictureResolution, pixel_size), bin);
      }
    });
    if (first == 0) {
      for (int64_t i = 0; i < size; ++i) limit += 3.2 * standard_deviation(small[i]) / double(size);
    }
    for (int64_t i = 0; i < 2 * size; ++i) {
      const std::vector<uint8_t> levels = gray_levels(small[i], limit);
      std::vector<uint8_t>& side = i < size ? pictures.observed : pictures.predicted;
      side.insert(side.end(), levels.begin(), levels.end());
    }
    progress.advance(size);
  }
  progress.finish();
}

}  // namespace cryomer
