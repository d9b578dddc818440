#include "cryomer/training/data_fingerprint.h"

#include <algorithm>
#include <string_view>

#include "cryomer/base/format.h"

namespace cryomer {

namespace {

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
  const int64_t images = std::min<int64_t>(64, stack.size());
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
