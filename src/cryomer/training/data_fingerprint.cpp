#include "cryomer/training/data_fingerprint.h"

#include <algorithm>
#include <string_view>

#include "cryomer/base/format.h"
#include "cryomer/base/text.h"

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

// What a run learns from, piece by piece: for the whole, and for its parts.
class Fingerprint {
 public:
  explicit Fingerprint(const ParticleStack& stack) {
    const StarTable& table = stack.particle_table();
    const auto columns = static_cast<int>(table.columns.size());
    for (const std::string& column : table.columns) add(rows_, column);
    for (int64_t row = 0; row < table.row_count(); ++row) {
      for (int c = 0; c < columns; ++c) add(rows_, table.cell(row, c));
    }
    // As they are used: an option may have replaced what the file says.
    for (const OpticsGroup& group : stack.optics_groups()) {
      add(optics_, formatted("{} {} {} {} {} {}", group.name, group.voltage, group.spherical_aberration, group.amplitude_contrast, group.pixel_size,
                             group.ctf_premultiplied));
    }
    const int64_t images = std::min(std::max<int64_t>(64, kPixels / (int64_t(stack.box()) * stack.box())), stack.size());
    std::vector<float> pixels(size_t(stack.box()) * size_t(stack.box()));
    for (int64_t i = 0; i < images; ++i) {
      stack.read_image(i * stack.size() / images, pixels.data());
      add(pixels_, pixels);
    }
  }

  void add_atoms(const Structure& structure) {
    for (int a = 0; a < structure.atom_count(); ++a) add(atoms_, atom_label(structure, a));
    add(atoms_, structure.coordinates());
  }

  std::string all() const { return all_.text(); }
  std::string parts() const { return join({rows_.text(), optics_.text(), pixels_.text(), atoms_.text()}, " "); }

 private:
  template <typename Piece>
  void add(Hash& part, const Piece& piece) {
    part.add(piece);
    all_.add(piece);
  }

  Hash all_, rows_, optics_, pixels_, atoms_;
};
const std::vector<std::string> kParts = {"rows of the particle table", "optics", "pixels of the images", "atoms of the structure"};

}  // namespace

std::string particles_fingerprint(const ParticleStack& stack) { return Fingerprint(stack).all(); }

DataFingerprint data_fingerprint(const ParticleStack& stack, const Structure& structure) {
  Fingerprint found(stack);
  const std::string particles = found.all();
  found.add_atoms(structure);
  return {particles, found.all(), found.parts()};
}

std::string DataFingerprint::differences(const std::string& earlier_parts) const {
  const std::vector<std::string> now = split(parts, ' '), before = split(earlier_parts, ' ');
  std::vector<std::string> names;
  for (size_t k = 0; k < kParts.size() && before.size() == now.size(); ++k) {
    if (now[k] != before[k]) names.push_back(kParts[k]);
  }
  return join(names, ", ");
}

}  // namespace cryomer
