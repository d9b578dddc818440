// Small stacks and STAR files that tests of particles read.
#pragma once

#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/data/particle_stack.h"
#include "testing.h"

namespace cryomer::testing {

// Pixel p of image i has the value 100 i + p.
inline void write_stack(const std::string& path, int images, int box = 4, double pixel_size = 1.25) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  MrcStackWriter writer(path, box, box, pixel_size);
  for (int i = 0; i < images; ++i) {
    std::vector<float> image(box * box);
    for (int p = 0; p < box * box; ++p) image[p] = static_cast<float>(100 * i + p);
    writer.write_section(image.data());
  }
  writer.commit();
}

// Changes bytes of a stack that the writer would refuse to write.
inline void patch(const std::string& path, size_t offset, float value) {
  std::string bytes = read_file(path);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  write_file_atomically(path, bytes);
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// A folder with stack.mrcs (10 images of 4 x 4) and a STAR file of the given text; returns the STAR's path.
inline std::string data_set(const std::string& text) {
  const std::string folder = scratch_folder();
  write_stack(folder + "/stack.mrcs", 10);
  write_file_atomically(folder + "/p.star", text);
  return folder + "/p.star";
}

inline std::string fixture_text() {
  return read_file(fixture("particles31.star"));
}

inline ParticleStackOptions no_ctf() {
  ParticleStackOptions options;
  options.require_ctf = false;
  return options;
}

inline ParticleStackOptions with_required_poses() {
  ParticleStackOptions options;
  options.require_poses = true;
  return options;
}

inline std::string message_for(const std::string& text, const ParticleStackOptions& options = {}) {
  const std::string path = data_set(text);
  return error_of([&] { ParticleStack::open(path, options); });
}

inline std::string log_of(const std::function<void()>& action) {
  const std::string path = scratch_folder() + "/log.txt";
  set_log_file(path);
  action();
  set_log_file("");
  return read_file(path);
}

inline const char* const kOldText =
    "data_\n\nloop_\n_rlnImageName #1\n_rlnVoltage #2\n_rlnSphericalAberration #3\n_rlnAmplitudeContrast #4\n"
    "_rlnMagnification #5\n_rlnDetectorPixelSize #6\n_rlnDefocusU #7\n_rlnAngleRot #8\n_rlnAngleTilt #9\n"
    "_rlnAnglePsi #10\n_rlnOriginX #11\n_rlnOriginY #12\n"
    "2@stack.mrcs 300 2.7 0.1 40000 5 15000 10 20 30  2 -4\n"
    "1@stack.mrcs 300 2.7 0.1 40000 5 16000 40 50 60 -1  3\n"
    "3@stack.mrcs 200 2.7 0.1 40000 5 17000 70 80 90  0  0\n";

inline const char* const kBareText = "data_particles\nloop_\n_rlnImageName\n_rlnImagePixelSize\n1@stack.mrcs 1.25\n";

}  // namespace cryomer::testing
