#include <cmath>
#include <memory>
#include <numeric>

#include "command.h"
#include "cryomer/base/log.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/io/mrc.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/simulation/density_map.h"
#include "run_latents.h"

namespace cryomer {

namespace {

struct Map {
  CommonOptions common;
  std::string structure, ensemble, topology, run_folder, data_dir, out;
  MapBlur blur;
  double pixel_size = 0;
  int64_t box = 0, n = 256, frame = -1;
  bool as_is = false, overwrite = false;
  const CLI::App* command = nullptr;

  void check() const;
  void run() const;
};

void Map::check() const {
  if (structure.empty() == run_folder.empty())
    fail_usage("give --structure (with --ensemble, if the map is of an ensemble's average) or --run");
  if (!run_folder.empty() && !ensemble.empty())
    fail_usage("--run draws its own ensemble: give --ensemble together with --structure instead");
  if (command->count("--frame") > 0 && frame < 0) fail_usage("--frame {}: conformations count from 0", frame);
  if (frame >= 0 && ensemble.empty())
    fail_usage("--frame {}: it counts the conformations of --ensemble, which is not given", frame);
  if (!(blur.resolution >= 0.5 && blur.resolution <= 100)) fail_usage("--resolution {}: expected 0.5 to 100 A", blur.resolution);
  if (!(blur.b_factor >= 0 && blur.b_factor <= 10000)) fail_usage("--b-factor {}: expected 0 to 10000 A^2", blur.b_factor);
  if (command->count("--pixel-size") > 0 && !(pixel_size >= 0.05 && pixel_size <= 100))
    fail_usage("--pixel-size {}: expected 0.05 to 100 A", pixel_size);
  if (command->count("--box") > 0 && (box < 4 || box > 2048)) fail_usage("--box {}: expected 4 to 2048 voxels", box);
  if (n < 1 || n > 1000000) fail_usage("--n {}: expected 1 to 1000000", n);
}

// Every conformation moved onto the structure by its CAs (all atoms where there are none).
void superpose_on(const Structure& base, Ensemble& ensemble) {
  std::vector<int> atoms = atoms_of(base, AtomSet::ca);
  if (atoms.size() < 3) {
    atoms.resize(base.atoms.size());
    std::iota(atoms.begin(), atoms.end(), 0);
  }
  Ensemble own;
  own.atom_count = base.atom_count();
  own.append(base.coordinates().data());
  const Ensemble target = selected(own, {0}, atoms);
  for (int64_t i = 0; i < ensemble.size(); ++i) {
    const Ensemble mobile = selected(ensemble, {i}, atoms);
    const RigidTransform onto = superpose(mobile.coordinates.data(), target.coordinates.data(), atoms.size()).transform;
    float* const x = ensemble.conformation(i);
    for (int64_t a = 0; a < 3 * ensemble.atom_count; a += 3) {
      const Vec3 moved = onto.apply({x[a], x[a + 1], x[a + 2]});
      for (int k = 0; k < 3; ++k) x[a + k] = float(moved[k]);
    }
  }
}

void Map::run() const {
  common.apply();
  check();
  check_output_file("--out", out, overwrite);
  Structure base;
  Ensemble conformations;
  MapGrid grid;
  const double voxel = pixel_size > 0 ? pixel_size : blur.resolution / 3;
  if (!run_folder.empty()) {
    const TrainedModel trained = load_trained_model({run_folder});
    base = trained.setup.structure;
    conformations = decoded_structures(trained, trained.model->prior.sample(n, uint64_t(common.seed)), "sampling");
    // The box of the particles, so that the map lies on their reconstruction.
    const double own = pixel_size > 0 ? pixel_size : trained.smallest_pixel_size;
    const int64_t side =
        box > 0 ? box : int64_t(std::llround(double(trained.model->images.grid().box) * trained.smallest_pixel_size / own));
    grid = grid_centred(side, own, trained.setup.origin);
  } else {
    base = read_structure(structure);
    conformations.atom_count = base.atom_count();
    if (ensemble.empty()) {
      conformations.append(base.coordinates().data());
    } else {
      const auto reader = open_trajectory(ensemble, base, topology);
      if (frame >= reader->size()) fail_usage("--frame {}: {} has conformations 0 to {}", frame, ensemble, reader->size() - 1);
      const int64_t first = frame >= 0 ? frame : 0, last = frame >= 0 ? frame + 1 : reader->size();
      std::vector<float> x(size_t(3 * base.atom_count()));
      for (int64_t i = first; i < last; ++i) {
        reader->read(i, x.data());
        conformations.append(x.data());
      }
      if (!as_is) superpose_on(base, conformations);
    }
    grid = box > 0 ? grid_centred(box, voxel, base.centroid()) : grid_around(conformations, blur, voxel);
    if (grid.box > 2048)
      fail_usage("--pixel-size {}: the map would have {} voxels along each side, expected at most 2048; choose a larger one", voxel,
                 grid.box);
  }
  if (grid.voxel_size > 1.5 * blur.width()) {
    log_warning("Voxels of {:.2f} A are coarse for {:g} A resolution: use at most a third of it", grid.voxel_size, blur.resolution);
  }
  const std::vector<float> map = density_map(base, conformations, blur, grid);
  write_volume(out, map.data(), grid.box, grid.voxel_size, {grid.first.x, grid.first.y, grid.first.z});
  log_info("Wrote a map of {} conformation{} to {}: {} voxels of {:.3f} A along each side, {:g} A resolution", conformations.size(),
           conformations.size() == 1 ? "" : "s", out, grid.box, grid.voxel_size, blur.resolution);
}

}  // namespace

void add_map(CLI::App& program) {
  CLI::App* command = program.add_subcommand("map", "The density map of a structure, or of an ensemble's average, as MRC");
  auto s = std::make_shared<Map>();
  s->command = command;
  command->add_option("--structure", s->structure, "Structure, PDB or mmCIF");
  command->add_option("--ensemble", s->ensemble, "Conformations of it to average over: DCD, multi-model PDB or mmCIF");
  command->add_option("--topology", s->topology, "Atoms of a DCD ensemble, when they are not those of the structure");
  command->add_option("--frame", s->frame, "Only this conformation of --ensemble, 0-based");
  command->add_flag("--as-is", s->as_is,
                    "Leave the conformations of --ensemble where they are; else they are superposed on the structure");
  command->add_option("--run", s->run_folder, "Instead: average over draws of a run's model, in the box of its particles");
  command->add_option("--n", s->n, "Draws of --run")->capture_default_str();
  command->add_option("--resolution", s->blur.resolution, "A; atoms are as wide as makes their transform fall to 1/e there")
      ->capture_default_str();
  command->add_option("--b-factor", s->blur.b_factor, "A^2, blurs all atoms further")->capture_default_str();
  command->add_option("--pixel-size", s->pixel_size, "A; default: a third of the resolution, or that of the run's particles");
  command->add_option("--box", s->box,
                      "Voxels along each side, centred on the structure; default: as many as are needed, or the run's box");
  command->add_option("--out", s->out, "MRC file to write")->required();
  command->add_flag("--overwrite", s->overwrite, "Replace the file if it exists");
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
