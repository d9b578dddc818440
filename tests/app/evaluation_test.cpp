// The commands that judge and show an ensemble, through their command line, on a helix of twenty residues.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/program.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/io/mrc.h"
#include "cryomer/io/star.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/trajectory.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

namespace fs = std::filesystem;
using testing::done;
using testing::refused;
using Json = nlohmann::json;

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Simulated once, with a run on each half of the particles.
struct World {
  std::string folder = testing::scratch_folder() + "/\u00e9valuation \u03b1";  // a name with a space and other letters
  std::string base = folder + "/helix.pdb", sim = folder + "/sim", states = sim + "/states.dcd", run = folder + "/run1",
              other = folder + "/run2";

  World() {
    fs::create_directories(folder);
    write_structure(base, testing::polyalanine(20));
    done("simulate --structure " + q(base) +
         " --motion bimodal --motion-amplitude 3 --motion-states 40 --particles 200 --box 32 --pixel-size 1.5 --snr 0.5 --out " +
         q(sim));
    for (const char* half : {"1", "2"}) {
      done("train " + q(sim + "/truth.star") + " --structure " + q(base) + " --poses given --half " + half +
           " --epochs 2 --latent-dim 4 --set optimiser.batch_size=32 --threads 2 --out " + q(folder + "/run" + half));
    }
  }
  static std::string q(const std::string& path) { return "'" + path + "'"; }
};

World& world() {
  static World made;
  return made;
}
std::string q(const std::string& path) {
  return World::q(path);
}

Json figures(const std::string& path) {
  return Json::parse(read_file(path));
}

TEST(AppEvaluate, SaysInWordsThatAnEnsembleIsAMirrorImage) {
  const Structure base = read_structure(world().base);
  Ensemble mirrored = read_ensemble(world().states, base);
  for (size_t k = 0; k < mirrored.coordinates.size(); k += 3) mirrored.coordinates[k] *= -1;
  const std::string path = world().folder + "/mirrored.pdb", json = world().folder + "/mirrored.json";
  write_ensemble(path, base, mirrored);
  const std::string said = done("evaluate --structure " + q(world().base) + " --ensemble " + q(path) + " --truth " +
                                q(world().states) + " --n 40 --json " + q(json));
  EXPECT_TRUE(says(said, "The ensemble is a mirror image of the truth")) << said;
  EXPECT_TRUE(says(said, "100 % of the amino acids are of the wrong hand")) << said;
  EXPECT_EQ(figures(json)["findings"][0]["subject"], "mirror_image");
  EXPECT_EQ(figures(json)["mirror_image"]["is_mirrored"], true);
}

TEST(AppEvaluate, ComparesTheAtomsThatBothHaveAndSaysWhatIsLeftOut) {
  const std::string path = world().folder + "/cas.pdb", json = world().folder + "/cas.json";
  write_ensemble(path, read_structure(world().base), read_ensemble(world().states, read_structure(world().base)));
  std::string kept;
  const std::string all = read_file(path);
  for (size_t at = 0; at < all.size();) {
    const size_t end = std::min(all.find('\n', at), all.size());
    const std::string line = all.substr(at, end - at);
    if (line.substr(0, 4) != "ATOM" || line.substr(12, 4) == " CA ") kept += line + "\n";
    at = end + 1;
  }
  write_file_atomically(path, kept);
  const std::string command = "evaluate --structure " + q(world().base) + " --ensemble " + q(path) + " --truth " +
                              q(world().states) + " --n 40 --json " + q(json);
  const std::string said = done(command);
  EXPECT_TRUE(says(said, "left out of the comparison are 80 of 100 atoms: A/1/N")) << said;
  EXPECT_NEAR(figures(json)["emd_rmsd"].get<double>(), 0, 2e-3);  // three decimals in a PDB file
  // An atom that was left out cannot be asked for; a wrong one is named at once, with the nearest.
  refused(command + " --distance A/1/CB:A/20/CA", 1, {"A/1/CB"});
  refused(command + " --distance A/1/CX:A/20/CA", 1, {"A/1/CX", "A/1/C"});
}

TEST(AppEvaluate, RefusesATruthOfAnotherProtein) {
  Structure other = testing::polyserine(20);
  const std::string path = world().folder + "/serine.pdb";
  write_structure(path, other);
  refused("evaluate --structure " + q(world().base) + " --ensemble " + q(world().states) + " --truth " + q(path) + " --n 10", 1,
          {"seems to be of another protein", "A/1 is ALA in one and SER in the other"});
}

TEST(AppEvaluate, TakesOneStructureAndSaysThatItIsNoEnsemble) {
  const std::string said = done("evaluate --structure " + q(world().base) + " --ensemble " + q(world().base) + " --truth " +
                                q(world().states) + " --n 40");
  EXPECT_TRUE(says(said, "The ensemble is a single structure")) << said;
}

TEST(AppEvaluate, NeedsSomethingToJudge) {
  refused("evaluate --structure " + q(world().base), 2, {"--ensemble", "--half-sets", "--run"});
  refused("evaluate --structure " + q(world().base) + " --ensemble " + q(world().states), 2, {"--ensemble needs --truth"});
  refused("evaluate --ensemble " + q(world().states) + " --truth " + q(world().states), 2, {"--structure is required"});
  refused("evaluate --structure " + q(world().base) + " --ensemble " + q(world().states) + " --truth " + q(world().states) +
              " --json " + q(world().folder + "/nowhere/x.json"),
          2, {"nowhere", "does not exist"});
}

TEST(AppEvaluate, ComparesHalfSets) {
  const std::string json = world().folder + "/halves.json", pair = " --distance A/2/CA:A/19/CA --cut 25";
  const std::string said =
      done("evaluate --half-sets " + q(world().run) + " " + q(world().other) + pair + " --n 60 --json " + q(json));
  EXPECT_FALSE(says(said, "were not trained on different halves")) << said;
  const Json halves = figures(json)["half_sets"];
  EXPECT_EQ(halves["residues"].size(), 20u);
  EXPECT_EQ(halves["rmsf"].size(), 2u);
  EXPECT_EQ(halves["disagreement"].size(), 20u);
  EXPECT_EQ(halves["distances"][0]["below_cut"].size(), 2u);
  EXPECT_GE(halves["distances"][0]["mean_error"].get<double>(), 0);
  EXPECT_FALSE(figures(json)["findings"].empty());
  EXPECT_TRUE(says(done("evaluate --half-sets " + q(world().run) + " " + q(world().run) + " --n 20"),
                   "were not trained on different halves"));
  // Two ensembles likewise; half of a run has half of its particles.
  done("evaluate --structure " + q(world().base) + " --half-sets " + q(world().states) + " " + q(world().states) + " --n 20");
  done("infer " + q(world().run) + " --structures none --out " + q(world().folder + "/half_posterior"));
  EXPECT_EQ(read_star(world().folder + "/half_posterior/particles.star").find("particles")->row_count(), 100);
  done("infer " + q(world().run) + " " + q(world().sim + "/truth.star") + " --structures none --out " +
       q(world().folder + "/whole_posterior"));
  EXPECT_EQ(read_star(world().folder + "/whole_posterior/particles.star").find("particles")->row_count(), 200);
}

TEST(AppEvaluate, JudgesARunWithoutATruth) {
  const std::string json = world().folder + "/run.json", posterior = world().folder + "/samples";
  done("evaluate --run " + q(world().run) + " --distance A/2/CA:A/19/CA --cut 25 --n 50 --json " + q(json));
  const Json run = figures(json)["run"];
  for (const char* key : {"log_likelihood", "base_log_likelihood", "divergence", "gain"})
    EXPECT_TRUE(run["held_out"].contains(key)) << key;
  EXPECT_EQ(run["latent_directions"].size(), 3u);
  EXPECT_TRUE(run["particles_and_prior"].contains("emd_rmsd"));
  const Json population = run["populations"][0];
  EXPECT_EQ(population["particles"], 100);
  EXPECT_EQ(population["share"].size(), population["averaged"].size());
  EXPECT_GT(population["mean"]["error"].get<double>(), 0);
  EXPECT_TRUE(run["absent"].empty());
  EXPECT_EQ(run["recovery"]["images"], 100);
  EXPECT_GT(run["recovery"]["strength"], 0.2);
  EXPECT_LT(run["recovery"]["rmsd_mean"], run["recovery"]["rmsd_baseline"]);
  EXPECT_GT(run["recovery"]["distances"][0]["pearson_r"], 0.3);
  EXPECT_FALSE(run["recovery"].contains("poses"));  // they were given
  // From samples that were inferred before, too.
  done("infer " + q(world().run) + " --structures samples:4 --out " + q(posterior));
  done("evaluate --run " + q(world().run) + " --posterior " + q(posterior) + " --distance A/2/CA:A/19/CA --n 50 --json " + q(json));
  EXPECT_EQ(figures(json)["run"]["populations"][0]["samples_per_particle"], 4);
  // Latents are enough; structures are then made here.
  fs::remove(posterior + "/structures.dcd");
  done("evaluate --run " + q(world().run) + " --posterior " + q(posterior) + " --distance A/2/CA:A/19/CA --n 50 --json " + q(json));
  EXPECT_EQ(figures(json)["run"]["populations"][0]["samples_per_particle"], 16);
  // And against the truth: what particles state of themselves, which need not be right.
  const std::string whole = world().folder + "/whole_samples";
  done("infer " + q(world().run) + " " + q(world().sim + "/truth.star") + " --structures samples:4 --out " + q(whole));
  done("evaluate --structure " + q(world().base) + " --posterior " + q(whole) + " --truth " + q(world().states) + " --truth-star " +
       q(world().sim + "/truth.star") + " --distance A/2/CA:A/19/CA --json " + q(json));
  EXPECT_EQ(figures(json)["uncertainty"]["bins"].size(), 10u);
  EXPECT_TRUE(figures(json)["distances"][0]["uncertainty"].contains("ratio"));
}

TEST(AppEvaluate, RefusesATruthWithShiftsInPixels) {
  const std::string posterior = world().folder + "/posed", truth = world().folder + "/pixels.star";
  done("infer " + q(world().run) + " --out " + q(posterior));
  StarFile star = read_star(world().sim + "/truth.star");
  StarTable& particles = *star.find("particles");
  for (const char* name : {"rlnOriginXAngst", "rlnOriginYAngst"}) {
    particles.columns[size_t(particles.column(name))] = std::string(name).substr(0, std::string(name).find("Angst"));
  }
  write_star(truth, star);
  refused("evaluate --structure " + q(world().base) + " --posterior " + q(posterior) + " --truth " + q(world().states) + " --truth-star " + q(truth), 1,
          {"pixels.star", "_rlnOriginXAngst"});
}

TEST(AppEvaluate, SaysOfAnUnfinishedRunWhatThereIs) {
  const std::string begun = world().folder + "/begun", json = world().folder + "/begun.json";
  fs::create_directories(begun);
  for (const char* name : {"/config.json", "/structure.pdb", "/metrics.csv"}) fs::copy_file(world().run + name, begun + name);
  const std::string said = done("evaluate --run " + q(begun) + " --json " + q(json));
  EXPECT_TRUE(says(said, "no checkpoint yet")) << said;
  EXPECT_TRUE(figures(json)["run"].contains("held_out"));
  refused("evaluate --run " + q(world().folder + "/nowhere"), 2, {"--run", "nowhere: no such folder"});
  refused("evaluate --run " + q(world().sim), 1, {"neither config.json nor checkpoint.safetensors"});
  refused("evaluate --half-sets " + q(begun) + " " + q(world().run), 1, {"begun", "no checkpoint"});
}

TEST(AppAnalyze, WritesMotionsClustersAndScripts) {
  const std::string out = world().folder + "/analysis";
  done("analyze " + q(world().run) + " --out " + q(out) + " --clusters 3 --directions 1 --steps 5 --format pdb --json " +
       q(world().folder + "/analysis.json"));
  const Structure base = read_structure(world().base);
  EXPECT_EQ(read_ensemble(out + "/direction1.pdb", base).size(), 5);
  EXPECT_EQ(read_ensemble(out + "/representatives.pdb", base).size(), 3);
  for (const char* name : {"/direction1.cxc", "/direction1.pml", "/all.cxc", "/all.pml", "/particles.csv", "/clusters.csv",
                           "/density.npy", "/analysis.json"}) {
    EXPECT_TRUE(fs::exists(out + name)) << name;
  }
  int64_t particles = 0;
  for (const char* name : {"/cluster1.star", "/cluster2.star", "/cluster3.star"})
    particles += read_star(out + name).find("particles")->row_count();
  EXPECT_EQ(particles, 100);
  const Json json = figures(world().folder + "/analysis.json");
  EXPECT_EQ(json["clusters"].size(), 3u);
  EXPECT_GE(json["clusters"][0]["particles"], json["clusters"][1]["particles"]);
  refused("analyze " + q(world().run) + " --out " + q(out), 2, {"not empty"});
  refused("analyze " + q(world().run) + " --out " + q(out) + " --format dcx --overwrite", 2, {"dcx", "'dcd'"});
}

TEST(AppInterpolate, MovesAlongAMainDirection) {
  const std::string out = world().folder + "/along.cif";
  done("interpolate " + q(world().run) + " --along 1 --extent 1 --steps 5 --scripts --out " + q(out));
  const Structure base = read_structure(world().base);
  const Ensemble path = read_ensemble(out, base);
  EXPECT_EQ(path.size(), 5);
  EXPECT_TRUE(says(read_file(world().folder + "/along.cxc"), "open \"along.cif\" coordsets true"));
  // The ends are farther from each other than from the middle (beyond what particles reach, a helix of few epochs bends back).
  const auto rmsd = [&](int64_t a, int64_t b) {
    return superpose(path.conformation(a), path.conformation(b), size_t(base.atom_count())).rmsd;
  };
  EXPECT_GT(rmsd(0, 4), rmsd(0, 2));
  EXPECT_GT(rmsd(0, 2), 0);
  refused("interpolate " + q(world().run) + " --along 9 --overwrite --out " + q(out), 2, {"--along 9", "4 dimensions"});
  refused("interpolate " + q(world().run) + " --overwrite --out " + q(out), 2, {"--from", "--to", "--along"});
}

TEST(AppMap, IsOfAStructureOfAnEnsembleOrOfARun) {
  const std::string out = world().folder + "/map.mrc";
  done("map --structure " + q(world().base) + " --resolution 6 --out " + q(out));
  const MrcFile one(out);
  EXPECT_TRUE(one.header().is_volume);
  EXPECT_NEAR(one.header().pixel_size, 2, 1e-6);
  double electrons = 0, expected = 0;
  for (const float value : one.read_all()) electrons += value * 8;
  for (const Atom& atom : read_structure(world().base).atoms) expected += atom.atomic_number;
  EXPECT_NEAR(electrons, expected, 0.02 * expected);
  done("map --structure " + q(world().base) + " --ensemble " + q(world().states) + " --box 40 --pixel-size 1.5 --overwrite --out " +
       q(out));
  EXPECT_EQ(MrcFile(out).header().nz, 40);
  done("map --run " + q(world().run) + " --n 8 --overwrite --out " + q(out));
  EXPECT_EQ(MrcFile(out).header().nx, 32);  // as its particles
  EXPECT_NEAR(MrcFile(out).header().pixel_size, 1.5, 1e-6);
  refused("map --out " + q(out) + " --overwrite", 2, {"--structure", "--run"});
  refused("map --structure " + q(world().base) + " --ensemble " + q(world().states) + " --frame 40 --overwrite --out " + q(out), 2,
          {"--frame 40", "0 to 39"});
}

TEST(AppEvaluate, TheReportOnARunHasItsFigures) {
  const std::string sampled = world().folder + "/sampled", of_report = world().folder + "/of_report.json",
                    of_evaluate = world().folder + "/of_evaluate.json", page = world().folder + "/judged.html";
  done("infer " + q(world().run) + " --structures samples:3 --out " + q(sampled));
  const std::string inputs = " --posterior " + q(sampled) + " --distance A/2/CA:A/19/CA --cut 24 --n 40";
  done("report " + q(world().run) + " --ensemble " + q(world().states) + " --half-sets " + q(world().other) + inputs + " --out " + q(page) +
       " --json " + q(of_report));
  done("evaluate --run " + q(world().run) + " --half-sets " + q(world().run) + " " + q(world().other) + inputs + " --json " + q(of_evaluate));
  EXPECT_EQ(figures(of_report), figures(of_evaluate));
  EXPECT_EQ(figures(of_report)["run"]["populations"].size(), 1u);
  for (const char* section : {"<h2>In words</h2>", "<h2>Without a truth</h2>", "<h2>Half sets</h2>"}) {
    EXPECT_TRUE(says(read_file(page), section)) << section;
  }
  // Directions are the same everywhere: on the page, in analyze, in evaluate.
  const std::string analysis = world().folder + "/analysis.json";
  done("analyze " + q(world().run) + " --posterior " + q(sampled) + " --data-dir " + q(world().sim) + " --out " +
       q(world().folder + "/analysis_of_sampled") + " --json " + q(analysis));
  const double share = figures(of_evaluate)["run"]["latent_directions"][0]["share"];
  EXPECT_NEAR(figures(analysis)["directions"][0]["share"].get<double>(), share, 1e-9);
}

}  // namespace
}  // namespace cryomer
