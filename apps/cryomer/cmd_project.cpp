#include <algorithm>
#include <memory>

#include "command.h"
#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/data/box_fit.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/training/run_setup.h"

namespace cryomer {

namespace {

struct Project {
  CommonOptions common;
  std::string structure, particles, out, data_dir, frame = "auto";
  double atom_width = 1.0, padding = 2.0, pixel_size = 0;
  bool overwrite = false;
  const CLI::App* command = nullptr;

  void run() const;
};

void Project::run() const {
  common.apply();
  if (!(atom_width >= 0.01 && atom_width <= 20)) fail_usage("--atom-width {}: expected 0.01 to 20 A", atom_width);
  if (!(padding >= 1 && padding <= 8)) fail_usage("--padding {}: expected 1 to 8", padding);
  if (command->count("--pixel-size") > 0 && !(pixel_size > 0)) fail_usage("--pixel-size {}: expected A, a positive number", pixel_size);
  const std::vector<std::string> frames = {"auto", "centroid", "origin", "box"};
  if (std::find(frames.begin(), frames.end(), frame) == frames.end()) {
    fail_usage("--frame {}: unknown.{} Known: {}", frame, did_you_mean(frame, frames), join(frames, ", "));
  }
  check_output_file("--out", out, overwrite);
  RunSetup setup;
  setup.structure = read_structure(structure);
  setup.config.data.frame = frame;
  setup.config.model.atom_width = atom_width;
  ParticleStackOptions options;
  options.data_dir = data_dir;
  options.require_poses = true;
  options.pixel_size = pixel_size;
  const ParticleStack stack = ParticleStack::open(particles, options);
  std::vector<std::string> inputs = stack.image_files();
  inputs.insert(inputs.end(), {structure, particles});
  for (const std::string& input : inputs) check_keeps_input("--out", out, input);
  setup.origin = find_origin(setup.config, setup.structure, stack);
  check_fits_box(setup.structure, setup.origin, stack.box(), smallest_pixel_size(stack));
  const Structure centred = setup.centred();
  const ImageModel images(unit_blobs(centred, atom_width), stack.box(), padding);
  const Tensor positions = tensor_from(centred.coordinates(), {1, centred.atom_count(), 3});
  const ParticleLoader loader(stack);
  MrcStackWriter writer(out, stack.box(), stack.box(), stack.optics(0).pixel_size);
  Progress progress("projecting", stack.size(), "images");
  for (int64_t first = 0; first < stack.size(); first += 256) {
    std::vector<int64_t> rows;
    for (int64_t p = first; p < std::min(first + 256, stack.size()); ++p) rows.push_back(p);
    const ParticleBatch batch = loader.load(rows);
    const Tensor projected = images.predict(positions, batch, at::ones({batch.size()})).contiguous();
    for (int64_t i = 0; i < batch.size(); ++i) {
      writer.write_section(projected.data_ptr<float>() + i * stack.box() * stack.box());
    }
    if (stop_requested()) throw Interrupted("stopped; nothing was written");
    progress.advance(batch.size());
  }
  progress.finish();
  writer.commit();
  log_info("Wrote {} projections to {}", stack.size(), out);
}

}  // namespace

void add_project(CLI::App& program) {
  CLI::App* command = program.add_subcommand("project", "Noise-free images of one structure at a STAR's poses and CTF");
  auto s = std::make_shared<Project>();
  s->command = command;
  command->add_option("--structure", s->structure, "Structure, PDB or mmCIF")->required();
  command->add_option("particles", s->particles, "Particles with poses, RELION STAR or cryoSPARC .cs")->required();
  command->add_option("--out", s->out, "MRC stack to write")->required();
  command->add_option("--frame", s->frame, "Where the structure stands: auto, centroid, origin, box")->capture_default_str();
  command->add_option("--atom-width", s->atom_width, "Standard deviation of an atom's blob, A")->capture_default_str();
  command->add_option("--padding", s->padding, "Rendered grid over the box; 2: the CTF never wraps around")->capture_default_str();
  command->add_option("--pixel-size", s->pixel_size, "A; replaces what the files say");
  command->add_flag("--overwrite", s->overwrite, "Replace the file if it exists");
  command->add_option("--data-dir", s->data_dir, "Folder in which image paths are tried first");
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
