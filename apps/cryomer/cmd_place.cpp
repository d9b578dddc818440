#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/base/units.h"
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
};

void Place::run() const {
  common.apply();
  if (command->count("--pixel-size") > 0 && !(pixel_size > 0)) fail_usage("--pixel-size {}: expected A, a positive number", pixel_size);
  if (!is_structure_name(out)) fail_usage("--out {}: expected a name that ends in .pdb or .cif", out);
  check_output_file("--out", out, overwrite);
  for (const std::string& input : {structure, particles}) check_keeps_input("--out", out, input);
  RunSetup setup;
  setup.structure = read_structure(structure);
  setup.origin = setup.structure.centroid();
  setup.config.data.particles = particles;
  setup.config.data.data_dir = data_dir;
  setup.config.data.pixel_size = pixel_size;
  setup.config.seed = common.seed;
  const ParticleStack stack = ParticleStack::open(particles, particle_options(setup.config));
  const ParticleLoader loader(stack);
  Structure placed = setup.centred();
  const ImageModel images(unit_blobs(placed, setup.config.model.atom_width), stack.box(), setup.config.model.padding);
  const Placement placement = find_placement(images, loader, tensor_from(placed.coordinates(), {placed.atom_count(), 3}), setup.config);
  const double share = 100 * placement.share;
  if (!common.json.empty()) {
    const RigidTransform& t = placement.transform;
    write_file_atomically(common.json, nlohmann::json{{"particles", placement.particles},
                                                      {"share", placement.share},
                                                      {"agreed", placement.agreed()},
                                                      {"mirrored", placement.mirrored},
                                                      {"turn_deg", degrees(norm(vector_from_rotation(t.rotation)))},
                                                      {"move_A", norm(t.translation)}}
                                               .dump(2) + "\n");
  }
  if (!placement.agreed()) {
    fail("{}: found in no one place; of {} particles, whose poses were searched for with it, the most that agree with those of the file on a place are "
         "{:.0f} % (chance alone has 2). Another molecule, another pixel size, wrong poses, or images too noisy for poses to be found",
         structure, placement.particles, share);
  }
  if (placement.mirrored) {
    fail("{}: the poses are those of a map of the other hand, by {:.0f} % of {} particles. Negate the column _rlnAngleTilt, or flip the map and refine "
         "again",
         particles, share, placement.particles);
  }
  const double corner = 0.5 * double(stack.box()) * smallest_pixel_size(stack);
  for (Atom& atom : placed.atoms) atom.position = placement.transform.apply(atom.position) + Vec3{corner, corner, corner};
  write_structure(out, placed);
  log_info("Placed by what {:.0f} % of {} particles agree on: about its centroid {} from where the poses have their centre. {} lies on their "
           "reconstruction, whose corner is the origin",
           share, placement.particles, placement_text(placement), out);
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
