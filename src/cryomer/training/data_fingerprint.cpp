#include "cryomer/training/data_fingerprint.h"

#include <algorithm>
#include <string_view>

#include "cryomer/base/format.h"

namespace cryomer {

namespace {

constexpr int64_t kPixels = 1 << 24;  // that are looked at, of images from the whole stack: a tenth of a second

// FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    value_ = (value_ ^ 0x100) * 0x100000001b3ull;  // where one text ends
  }
  void add(const std::vector<float>& values) {
    add(std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
  }
  std::string text() const { return formatted("{:016x}", value_); }

 private:
  uint64_t value_ = 0xcbf29ce484222325ull;
};

void add_particles(Hash& hash, const ParticleStack& stack) {
  const StarTable& table = stack.particle_table();
  const auto columns = static_cast<int>(table.columns.size());
  for (const std::string& column : table.columns) hash.add(column);
  for (int64_t row = 0; row < table.row_count(); ++row) {
    for (int c = 0; c < columns; ++c) hash.add(table.cell(row, c));
  }
  // As they are used: an option may have replaced what the file says.
  for (const OpticsGroup& group : stack.optics_groups()) {
    hash.add(formatted("{} {} {} {} {} {}", group.name, group.voltage, group.spherical_aberration, group.amplitude_contrast, group.pixel_size,
                       group.ctf_premultiplied));
  }
  const int64_t images = std::min(std::max<int64_t>(64, kPixels / (int64_t(stack.box()) * stack.box())), stack.size());
  std::vector<float> pixels(size_t(stack.box()) * size_t(stack.box()));
  for (int64_t i = 0; i < images; ++i) {
    stack.read_image(i * stack.size() / images, pixels.data());
    hash.add(pixels);
  }
}

}  // namespace

std::string particles_fingerprint(const ParticleStack& stack) {
  Hash hash;
  add_particles(hash, stack);
  return hash.text();
}

DataFingerprint data_fingerprint(const ParticleStack& stack, const Structure& structure) {
  Hash hash;
  add_particles(hash, stack);
  DataFingerprint found;
  found.particles = hash.text();
  for (int a = 0; a < structure.atom_count(); ++a) hash.add(atom_label(structure, a));
  hash.add(structure.coordinates());
  found.all = hash.text();
  return found;
}

}  // namespace cryomer
