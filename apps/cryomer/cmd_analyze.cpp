#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/evaluation/latent_space.h"
#include "cryomer/io/npy.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/io/viewer_script.h"
#include "run_latents.h"

namespace cryomer {

namespace {

struct Analyze {
  CommonOptions common;
  std::string run_folder, posterior, data_dir, out, format = "cif";
  int64_t clusters = 8, directions = 2, steps = 25, particles = 2000, bins = 64;
  double extent = 2;
  bool overwrite = false;

  void check() const;
  void run() const;
};

void Analyze::check() const {
  const auto within = [](const char* flag, int64_t value, int64_t least, int64_t most) {
    if (value < least || value > most) fail_usage("{} {}: expected {} to {}", flag, value, least, most);
  };
  within("--clusters", clusters, 1, 1000);
  within("--directions", directions, 1, 20);
  within("--steps", steps, 2, 100000);
  within("--particles", particles, 2, 100000000);
  within("--bins", bins, 2, 2000);
  if (!(extent > 0 && extent <= 10)) fail_usage("--extent {}: expected more than 0, at most 10 standard deviations", extent);
  if (format != "cif" && format != "pdb" && format != "dcd")
    fail_usage("--format {}: unknown.{} Known: cif, pdb, dcd", format, did_you_mean(format, {"cif", "pdb", "dcd"}));
}

// The particles of one cluster, with all columns of the file that they come from.
void write_cluster_star(const std::string& path, const StarFile& star, const std::string& table_name, const RunLatents& latents,
                        const LatentClusters& clusters, int64_t cluster) {
  StarFile chosen = star;
  const StarTable& all = *star.find(table_name);
  StarTable& rows = *chosen.find(table_name);
  StarTable subset;
  subset.name = all.name;
  subset.comments = all.comments;
  subset.columns = all.columns;
  subset.source = all.source;
  for (size_t i = 0; i < latents.rows.size(); ++i) {
    if (clusters.of_point[i] != cluster) continue;
    std::vector<std::string> cells;
    for (int c = 0; c < int(all.columns.size()); ++c) cells.push_back(all.cell(latents.rows[i], c));
    subset.add_row(std::move(cells));
  }
  rows = std::move(subset);
  write_star(path, chosen);
}

void Analyze::run() const {
  common.apply();
  check();
  const TrainedModel trained = load_trained_model({run_folder});
  const RunLatents latents = latents_of_run(trained, posterior, data_dir, particles);
  OutputFolder folder(out, overwrite, false);
  const int64_t count = latents.mean.size(0), dim = latents.mean.size(1);
  const std::vector<float> means = to_floats(latents.mean), deviations = to_floats(latents.deviation);
  const LatentDirections axes = moving_directions(trained, latents, std::max<int64_t>(directions, 2));
  std::vector<ViewedFile> files;
  const auto write = [&](const std::string& name, const Tensor& points, ViewedFile::Kind kind) {
    const Ensemble structures = decoded_structures(trained, points, name);
    write_ensemble(out + "/" + name + "." + format, trained.setup.structure, structures);
    files.push_back({name + "." + format, format == "dcd" ? name + ".pdb" : "", structures.size(), kind});
    write_viewer_scripts(out + "/" + files.back().name, structures.size(), kind);
  };
  for (int64_t k = 0; k < std::min(directions, axes.count()); ++k) {
    std::vector<float> points;
    for (int64_t s = 0; s < steps; ++s) {
      const std::vector<float> z = axes.point(k, extent * axes.deviation[k] * (2 * double(s) / double(steps - 1) - 1));
      points.insert(points.end(), z.begin(), z.end());
    }
    write(formatted("direction{}", k + 1), tensor_from(points, {steps, dim}), ViewedFile::Kind::path);
  }
  const LatentClusters groups = k_means(means, dim, clusters, uint64_t(common.seed));
  write("representatives", latents.mean.index_select(0, tensor_from(groups.representative)), ViewedFile::Kind::states);

  std::vector<std::vector<double>> along;
  for (int64_t k = 0; k < axes.count(); ++k) along.push_back(axes.along(k, means));
  std::string particles_csv = "row,cluster", clusters_csv = "cluster,particles,share,representative_row\n";
  for (int64_t k = 0; k < axes.count(); ++k) particles_csv += formatted(",direction{}", k + 1);
  particles_csv += "\n";
  for (int64_t i = 0; i < count; ++i) {
    particles_csv += formatted("{},{}", latents.rows[i], groups.of_point[i] + 1);
    for (const std::vector<double>& values : along) particles_csv += formatted(",{:.5f}", values[i]);
    particles_csv += "\n";
  }
  nlohmann::ordered_json json = {{"run", run_folder},
                                 {"particles", count},
                                 {"directions", nlohmann::ordered_json::array()},
                                 {"clusters", nlohmann::ordered_json::array()}};
  for (size_t c = 0; c < groups.size.size(); ++c) {
    const double share = double(groups.size[c]) / double(count);
    clusters_csv += formatted("{},{},{:.5f},{}\n", c + 1, groups.size[c], share, latents.rows[groups.representative[c]]);
    json["clusters"].push_back(
        {{"particles", groups.size[c]}, {"share", share}, {"representative_row", latents.rows[groups.representative[c]]}});
  }
  for (int64_t k = 0; k < axes.count(); ++k) json["directions"].push_back({{"share", axes.share[k]}, {"std", axes.deviation[k]}});
  write_file_atomically(out + "/particles.csv", particles_csv);
  write_file_atomically(out + "/clusters.csv", clusters_csv);
  if (axes.count() > 1) {
    const DensityGrid grid = density_along(axes, 0, 1, means, deviations, bins);
    write_npy(out + "/density.npy", {bins, bins}, std::vector<float>(grid.density.begin(), grid.density.end()).data());
    json["density"] = {{"file", "density.npy"}, {"x", {grid.x_low, grid.x_high}}, {"y", {grid.y_low, grid.y_high}}};
  }
  if (latents.complete) {
    const std::string path = posterior.empty() ? trained.setup.config.data.particles : posterior + "/particles.star";
    ParticleStackOptions options = particle_options(trained.setup.config, data_dir);
    if (!posterior.empty()) options.half = 0;
    // Its rows name images as the run's own file does.
    if (options.data_dir.empty()) options.data_dir = std::filesystem::path(trained.setup.config.data.particles).parent_path().string();
    const ParticleStack stack = ParticleStack::open(path, options);
    if (stack.size() != count) fail("{} has {} particles, {} latents: expected the same rows", path, stack.size(), count);
    for (size_t c = 0; c < groups.size.size(); ++c) {
      write_cluster_star(formatted("{}/cluster{}.star", out, c + 1), stack.star(), stack.particle_table().name, latents, groups,
                         int64_t(c));
    }
  } else {
    log_info("Clusters are of {}: no cluster STAR files. --particles or --posterior covers all", latents.source);
  }
  write_file_atomically(out + "/all.cxc", chimerax_script(files));
  write_file_atomically(out + "/all.pml", pymol_script(files));
  write_file_atomically(out + "/analysis.json", json.dump(2) + "\n");
  if (!common.json.empty()) write_file_atomically(common.json, json.dump(2) + "\n");
  folder.keep();
  std::printf("Main directions of the aggregated posterior of %s, as far as CAs move\n", latents.source.c_str());
  for (int64_t k = 0; k < axes.count(); ++k)
    std::printf("  direction %lld  %5.1f %% of the variance\n", (long long)(k + 1), 100 * axes.share[k]);
  std::printf("Clusters\n");
  for (size_t c = 0; c < groups.size.size(); ++c) {
    std::printf("  cluster %zu  %lld particles (%.1f %%), represented by row %lld\n", c + 1, (long long)groups.size[c],
                100 * double(groups.size[c]) / double(count), (long long)latents.rows[groups.representative[c]]);
  }
  log_info("Wrote {}; open all.cxc in ChimeraX or all.pml in PyMOL", out);
}

}  // namespace

void add_analyze(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("analyze", "A run's latent space: motions along its main directions, clusters, density");
  auto s = std::make_shared<Analyze>();
  command->add_option("run", s->run_folder, "Folder of the run")->required();
  command->add_option("--posterior", s->posterior, "Folder of cryomer infer; default: particles are inferred here");
  command->add_option("--particles", s->particles, "Particles to infer at most, evenly spread, without --posterior")
      ->capture_default_str();
  command->add_option("--out", s->out, "Folder for the result")->required();
  command->add_option("--directions", s->directions, "Main directions to move along")->capture_default_str();
  command->add_option("--extent", s->extent, "Standard deviations to either side")->capture_default_str();
  command->add_option("--steps", s->steps, "Structures along each direction")->capture_default_str();
  command->add_option("--clusters", s->clusters, "k-means clusters of the particles, each with a representative")
      ->capture_default_str();
  command->add_option("--bins", s->bins, "Of the density along the first two directions, on each side")->capture_default_str();
  command->add_option("--format", s->format, "Of structures: cif, pdb or dcd")->capture_default_str();
  command->add_flag("--overwrite", s->overwrite, "Write into a folder that is not empty");
  command->add_option("--data-dir", s->data_dir, "Folder in which image paths are tried first");
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
