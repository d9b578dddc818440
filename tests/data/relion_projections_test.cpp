// The judge of our conventions: images that RELION projected, with the angles, shifts and CTFs it wrote beside them, against
// what the image model makes of the same numbers.
#include <cmath>

#include "cryomer/base/units.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/imaging/image_model.h"
#include "testing.h"

namespace cryomer {
namespace {

std::string relion(const std::string& name) { return testing::shared_data("cryoem/relion_projections/" + name); }

// Pearson's coefficient over all pixels.
double correlation(const Tensor& a, const Tensor& b) {
  const Tensor x = a.to(at::kDouble) - a.to(at::kDouble).mean(), y = b.to(at::kDouble) - b.to(at::kDouble).mean();
  return ((x * y).sum() / (x.square().sum() * y.square().sum()).sqrt()).item<double>();
}

double least_correlation(const Tensor& a, const Tensor& b) {
  double least = 1;
  for (int64_t i = 0; i < a.size(0); ++i) least = std::min(least, correlation(a[i], b[i]));
  return least;
}

double greatest_correlation(const Tensor& a, const Tensor& b) {
  double greatest = -1;
  for (int64_t i = 0; i < a.size(0); ++i) greatest = std::max(greatest, correlation(a[i], b[i]));
  return greatest;
}

// A density map as blobs at its voxels.
struct Map {
  AtomBlobTensors blobs;
  Tensor positions;  // [1, voxels, 3] A
};

constexpr double kBlobWidth = 0.6;  // voxels

// Voxel v of the file stands at (v - centre) * voxel.
Map blobs_of_map(const std::string& path, double voxel, double centre) {
  const MrcFile file(path);
  const std::vector<float> values = file.read_all();
  const int64_t n = file.header().nx;
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  std::vector<float> amplitude, positions;
  for (int64_t i = 0; i < n * n * n; ++i) {
    if (std::abs(values[i]) < 1e-3f * largest) continue;
    amplitude.push_back(values[i]);
    for (const int64_t index : {i % n, i / n % n, i / (n * n)}) positions.push_back(float((double(index) - centre) * voxel));
  }
  const auto count = int64_t(amplitude.size());
  return {{tensor_from(amplitude, {count}), at::full({count}, float(kBlobWidth * voxel))},
          tensor_from(positions, {1, count, 3})};
}

// The map's projections without CTF at one A a pixel, in a box twice as large.
Tensor projections(const Map& map, const Tensor& rotation, const Tensor& shift, int box) {
  const int64_t count = rotation.size(0);
  return render_projections(map.blobs, map.positions, rotation, shift, at::zeros({count}, at::kLong), at::ones({count}),
                            ImageModel(map.blobs, 2 * box, 1.0).grid());
}

// RELION shifts by phases, so that what leaves the box on one side comes in on the other: [n, 2 box, 2 box] to [n, box, box].
Tensor wrapped(const Tensor& images, int64_t box) {
  return images.reshape({-1, 2, box, 2, box}).sum({1, 3}).roll({box / 2, box / 2}, {1, 2});
}

ParticleBatch load_all(const std::string& name, double pixel_size = 0) {
  ParticleStackOptions options;
  options.require_ctf = false;
  options.pixel_size = pixel_size;
  const ParticleStack stack = ParticleStack::open(relion(name), options);
  return ParticleLoader(stack).load(all_particles(stack));
}

// The 70S ribosome's 65 voxels resampled to 64, which was done in two ways: by cropping its transform, where the centre voxel
// stays the centre, and from edge to edge, where the centre of the volume, half a voxel away, does.
Map map_cropped_to_64() { return blobs_of_map(relion("clean70SRibosome_vol_65p.mrc"), 64.0 / 65, 32); }
Map map_stretched_to_64() { return blobs_of_map(relion("clean70SRibosome_vol_65p.mrc"), 64.0 / 65, 32 + 0.5 * 65.0 / 64); }

TEST(RelionProjections, OfOddBoxesFollowFromTheirMapAndAngles) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const Map map = blobs_of_map(relion("clean70SRibosome_vol_65p.mrc"), 1.0, 32);
  const StarFile star = read_star(relion("rln_proj_65.star"));
  const StarTable& table = *star.find("particles");
  const MrcFile stack(relion("rln_proj_65.mrcs"));
  const int64_t count = table.row_count();
  ASSERT_EQ(count, 5);
  Tensor rotation = at::empty({count, 3, 3}), images = at::empty({count, 65, 65});
  for (int64_t i = 0; i < count; ++i) {
    auto angle = [&](const char* column) { return radians(std::stod(table.cell(i, table.column(column)))); };
    const Mat3 r = rotation_from_euler({angle("rlnAngleRot"), angle("rlnAngleTilt"), angle("rlnAnglePsi")});
    for (int k = 0; k < 9; ++k) rotation.data_ptr<float>()[9 * i + k] = float(r.values[k]);
    stack.read_section(i, images.data_ptr<float>() + i * 65 * 65);
  }
  // RELION left the origin of odd boxes at pixel 33 of 0..64; such stacks are refused when they are opened.
  auto seen = [&](const Tensor& turns) {
    return projections(map, turns, at::zeros({count, 2}), 66).slice(1, 33, 98).slice(2, 33, 98);
  };
  EXPECT_GT(least_correlation(seen(rotation), images), 0.995);
  EXPECT_LT(greatest_correlation(seen(rotation.transpose(1, 2).contiguous()), images), 0.9);
}

TEST(RelionProjections, FollowFromTheirMapAndAngles) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const ParticleBatch batch = load_all("rln_proj_64.star", 1);
  ASSERT_EQ(batch.size(), 5);
  auto seen = [&](const Tensor& turns) { return wrapped(projections(map_stretched_to_64(), turns, batch.shift, 64), 64); };
  EXPECT_GT(least_correlation(seen(batch.rotation), batch.images), 0.995);
  EXPECT_LT(greatest_correlation(seen(batch.rotation.transpose(1, 2).contiguous()), batch.images), 0.95);
}

TEST(RelionProjections, FollowFromTheirMapAnglesAndOrigins) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const ParticleBatch batch = load_all("rln_proj_64_shifted.star");
  ASSERT_EQ(batch.size(), 4);
  const Map map = map_cropped_to_64();
  auto seen = [&](const Tensor& shift) { return wrapped(projections(map, batch.rotation, shift, 64), 64); };
  EXPECT_GT(least_correlation(seen(batch.shift), batch.images), 0.99);
  EXPECT_LT(greatest_correlation(seen(-batch.shift), batch.images), 0.5);
  EXPECT_LT(greatest_correlation(seen(batch.shift.flip({1}).contiguous()), batch.images), 0.9);
  // The centre of the box is pixel 32: half a pixel off explains every image worse.
  for (const double x : {-0.5, 0.5}) {
    for (const double y : {-0.5, 0.5}) {
      const Tensor moved = seen(batch.shift + tensor_from(std::vector<float>{float(x), float(y)}, {1, 2}));
      EXPECT_LT(greatest_correlation(moved, batch.images), least_correlation(seen(batch.shift), batch.images)) << x << y;
    }
  }
}

// relion_proj_batch is what RELION made of a map that is zero but for one voxel of mass one, 17 voxels from the centre along x:
// every image is the CTF's own point spread, at the place that angles and origin say.
struct PointSpreads {
  ParticleBatch batch = load_all("relion_proj_batch.star");
  double pixel_size = batch.optics[0].optics.pixel_size;
  // A voxel is less than a blob can be, so the blob is a pixel wide and RELION's images are blurred by as much.
  Tensor blur = at::exp(-2 * kPi * kPi * (half_spectrum_radius(64) / 64.0).square()).unsqueeze(0).unsqueeze(3);
  Tensor images = inverse_fourier_transform(fourier_transform(batch.images) * blur);

  Tensor predicted(const ParticleBatch& particles) const {
    const ImageModel model({at::ones({1}), at::full({1}, float(pixel_size))}, 64, 1.0);
    return model.predict(tensor_from(std::vector<float>{float(17 * pixel_size), 0, 0}, {1, 1, 3}), particles,
                         at::ones({particles.size()}));
  }
  Tensor predicted() const { return predicted(batch); }

  // The same particles with another CTF.
  ParticleBatch with(const std::function<void(ParticleOptics&)>& change) const {
    ParticleBatch changed = batch;
    for (ParticleOptics& optics : changed.optics) change(optics);
    return changed;
  }
};

// Mean over images of the correlation of their transforms between two rings.
double band_correlation(const Tensor& a, const Tensor& b, double least, double most) {
  const Tensor radius = half_spectrum_radius(int(a.size(1)));
  const Tensor band = at::logical_and(radius >= least, radius < most).to(at::kFloat).unsqueeze(0).unsqueeze(3);
  const Tensor x = fourier_transform(a) * band, y = fourier_transform(b) * band;
  return ((x * y).sum({1, 2, 3}) / (x.square().sum({1, 2, 3}) * y.square().sum({1, 2, 3})).sqrt()).mean().item<double>();
}

TEST(RelionProjections, WithCtfFollowFromTheirPosesAndDefocus) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const PointSpreads given;
  ASSERT_EQ(given.batch.size(), 24);
  EXPECT_GT(least_correlation(given.predicted(), given.images), 0.98);
  // Not only the pattern, its size and sign as well.
  const Tensor expected = given.predicted();
  const double scale = ((expected * given.images).sum() / expected.square().sum()).item<double>();
  EXPECT_NEAR(scale, 1, 0.01);
}

TEST(RelionProjections, WithCtfTellTheSignsOfPosesAndShifts) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const PointSpreads given;
  auto mean = [&](const ParticleBatch& particles) {
    const Tensor found = given.predicted(particles);
    double sum = 0;
    for (int64_t i = 0; i < found.size(0); ++i) sum += correlation(found[i], given.images[i]) / double(found.size(0));
    return sum;
  };
  EXPECT_GT(mean(given.batch), 0.985);
  ParticleBatch other = given.batch;
  other.shift = -other.shift;
  EXPECT_LT(mean(other), 0.5);
  other = given.batch;
  other.rotation = other.rotation.transpose(1, 2).contiguous();
  EXPECT_LT(mean(other), 0.5);
}

TEST(RelionProjections, WithCtfTellEveryTermOfIt) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_projections");
  const PointSpreads given;
  auto fit = [&](const ParticleBatch& particles) { return band_correlation(given.predicted(particles), given.images, 12, 29); };
  const double right = fit(given.batch);
  EXPECT_GT(right, 0.97);
  struct Change {
    const char* name;
    std::function<void(ParticleOptics&)> apply;
  };
  const std::vector<Change> changes = {
      {"overfocus", [](ParticleOptics& p) { p.ctf.defocus_u *= -1, p.ctf.defocus_v *= -1; }},
      {"defocus 2 % off", [](ParticleOptics& p) { p.ctf.defocus_u *= 1.02, p.ctf.defocus_v *= 1.02; }},
      {"no astigmatism", [](ParticleOptics& p) { p.ctf.defocus_u = p.ctf.defocus_v = 0.5 * (p.ctf.defocus_u + p.ctf.defocus_v); }},
      {"astigmatism the other way round", [](ParticleOptics& p) { p.ctf.astigmatism_angle = -p.ctf.astigmatism_angle; }},
      {"astigmatism along the other axis", [](ParticleOptics& p) { p.ctf.astigmatism_angle += kPi / 2; }},
      {"no spherical aberration", [](ParticleOptics& p) { p.optics.spherical_aberration = 0; }},
      {"spherical aberration of the other sign", [](ParticleOptics& p) { p.optics.spherical_aberration *= -1; }},
      {"no amplitude contrast", [](ParticleOptics& p) { p.optics.amplitude_contrast = 0; }},
      {"amplitude contrast of the other sign", [](ParticleOptics& p) { p.optics.amplitude_contrast *= -1; }},
      {"phase shift", [](ParticleOptics& p) { p.ctf.phase_shift += 0.1; }},
      {"another voltage", [](ParticleOptics& p) { p.optics.voltage = 210; }},
  };
  for (const Change& change : changes) EXPECT_LT(fit(given.with(change.apply)), right - 5e-5) << change.name;
}

}  // namespace
}  // namespace cryomer
