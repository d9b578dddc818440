#include <memory>

#include "command.h"
#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
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
  double atom_width = 1.0, padding = 2.0;

  void run() const;
};

void Project::run() const {
  common.apply();
  RunSetup setup;
  setup.structure = read_structure(structure);
  setup.config.data.frame = frame;
  setup.config.model.atom_width = atom_width;
  ParticleStackOptions options;
  options.data_dir = data_dir;
  options.require_poses = true;
  const ParticleStack stack = ParticleStack::open(particles, options);
  setup.origin = find_origin(setup.config, setup.structure, stack);
  const Structure centred = setup.centred();
  const ImageModel images(unit_blobs(centred, atom_width), stack.box(), stack.optics(0).pixel_size, padding);
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
  command->add_option("--structure", s->structure, "Structure, PDB or mmCIF")->required();
  command->add_option("particles", s->particles, "Particles, RELION STAR with poses")->required();
  command->add_option("--out", s->out, "MRC stack to write")->required();
  command->add_option("--frame", s->frame, "Where the structure stands: auto, centroid, origin, box")->capture_default_str();
  command->add_option("--atom-width", s->atom_width, "Standard deviation of an atom's blob, A")->capture_default_str();
  command->add_option("--padding", s->padding, "Rendered grid over the box; 2: the CTF never wraps around")->capture_default_str();
  command->add_option("--data-dir", s->data_dir, "Folder in which image paths are tried first");
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
