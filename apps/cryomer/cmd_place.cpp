#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/base/units.h"
#include "cryomer/data/box_fit.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/training/run_setup.h"
#include "cryomer/training/structure_check.h"

namespace cryomer {

namespace {

struct Place {
  CommonOptions common;
  std::string particles, structure, out, data_dir;
  double pixel_size = 0;
  bool overwrite = false;
  const CLI::App* command = nullptr;

  void run() const;
  void write_figures(const Placement& placement) const;
};

void Place::write_figures(const Placement& placement) const {
  if (common.json.empty()) return;
  nlohmann::json figures = {{"particles", placement.particles}, {"share", placement.share()}, {"agreed", placement.agreed()}};
  if (placement.agreed()) {
    const RigidTransform& t = placement.transform;
    figures["mirrored"] = placement.mirrored;
    figures["turn_deg"] = degrees(norm(vector_from_rotation(t.rotation)));
    figures["move_A"] = norm(t.translation);
    figures["rotation"] = t.rotation.values;  // row by row, about the centroid
  }
  write_file_atomically(common.json, figures.dump(2) + "\n");
}

void Place::run() const {
  common.apply();
  if (command->count("--pixel-size") > 0 && !(pixel_size > 0)) fail_usage("--pixel-size {}: expected A, a positive number", pixel_size);
  if (!is_structure_name(out)) fail_usage("--out {}: expected a name that ends in .pdb or .cif", out);
  check_output_file("--out", out, overwrite);
  if (!common.json.empty() && std::filesystem::weakly_canonical(common.json) == std::filesystem::weakly_canonical(out)) {
    fail_usage("--json {}: the same file as --out", common.json);
  }
  for (const std::string& input : {structure, particles}) check_keeps_input("--out", out, input);
  RunSetup setup;
  setup.structure = read_structure(structure);
  setup.origin = setup.structure.centroid();
  setup.config.data.particles = particles;
  setup.config.data.data_dir = data_dir;
  setup.config.data.pixel_size = pixel_size;
  setup.config.seed = common.seed;
  const ParticleStack stack = ParticleStack::open(particles, particle_options(setup.config));
  check_fits_box(setup.structure, setup.origin, stack.box(), smallest_pixel_size(stack));
  const ParticleLoader loader(stack);
  Structure placed = setup.centred();
  const ImageModel images(unit_blobs(placed, setup.config.model.atom_width), stack.box(), setup.config.model.padding);
  const Placement placement = find_placement(images, loader, tensor_from(placed.coordinates(), {placed.atom_count(), 3}), setup.config);
  write_figures(placement);
  const std::string share = formatted("{:.0f} % of {} particles", 100 * placement.share(), placement.particles);
  if (!placement.agreed()) {
    fail("{}: found in no one place; searched for with it, the most that agree with the poses of the file are {} (chance alone has 2 %, and fewer than six "
         "agree on nothing). Another molecule, only a part of what the images show, another pixel size, wrong poses, too few particles, or too noisy ones",
         structure, share);
  }
  if (placement.mirrored) {
    fail("{}: the poses are of the other hand than {}, by {}. If the map was flipped, negate the column _rlnAngleTilt, or flip the map and refine again",
         particles, structure, share);
  }
  if (placement.doubtful()) {
    log_warning("Few particles agree ({}): very noisy ones, or a pixel size other than {:.4g} A, part of a larger molecule, or another form of it. Look at it in "
                "the map", share, smallest_pixel_size(stack));
  }
  const double corner = 0.5 * double(stack.box()) * smallest_pixel_size(stack);
  for (Atom& atom : placed.atoms) atom.position = placement.transform.apply(atom.position) + Vec3{corner, corner, corner};
  write_structure(out, placed);
  log_info("Placed by what {} agree on: about its centroid {} from where the poses have their centre. {} lies on their reconstruction, whose corner is "
           "the origin",
           share, placement_text(placement), out);
}

}  // namespace

void add_place(CLI::App& program) {
  CLI::App* command = program.add_subcommand("place", "Put a structure where the poses of particles have it, wherever it stands now");
  auto s = std::make_shared<Place>();
  s->command = command;
  command->add_option("particles", s->particles, "Particles with poses, RELION STAR or cryoSPARC .cs")->required();
  command->add_option("--structure", s->structure, "Structure, PDB or mmCIF")->required();
  command->add_option("--out", s->out, "Structure to write, .pdb or .cif")->required();
  command->add_option("--data-dir", s->data_dir, "Folder in which image paths are tried first");
  command->add_option("--pixel-size", s->pixel_size, "A; replaces what the files say");
  command->add_flag("--overwrite", s->overwrite, "Replace the file if it exists");
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
