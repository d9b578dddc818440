// The program as a whole, through its command line, on a helix of twenty residues.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "app/program.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/text.h"
#include "cryomer/io/mrc.h"
#include "cryomer/io/npy.h"
#include "cryomer/io/star.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/trajectory.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

namespace fs = std::filesystem;
using testing::done;
using testing::Outcome;
using testing::refused;
using testing::run_cryomer;
using Json = nlohmann::json;

// What every test starts from; made once, step by step. A step that fails is reported by the first test.
struct World {
  std::string folder = testing::scratch_folder();
  std::string base = folder + "/helix.pdb", sim = folder + "/sim", run = folder + "/run", posterior = folder + "/posterior",
              ensemble = folder + "/ensemble.dcd";
  std::vector<std::pair<std::string, Outcome>> steps;

  World() {
    write_structure(base, testing::polyalanine(20));
    step("simulate --structure " + base + " --motion bimodal --motion-amplitude 3 --motion-states 40 --particles 240 --box 32 " +
         "--pixel-size 1.5 --snr 0.5 --out " + sim + " --json " + folder + "/simulate.json");
    step("train " + sim + "/truth.star --structure " + base + " --poses given --epochs 3 " + small() + " --out " + run);
    step("infer " + run + " --out " + posterior + " --structures mean");
    step("sample " + run + " --n 60 --out " + ensemble);
  }

  static std::string small() { return "--latent-dim 8 --set optimiser.batch_size=32 --threads 2"; }
  void step(const std::string& arguments) { steps.push_back({arguments, run_cryomer(arguments)}); }
};

World& world() {
  static World made;
  return made;
}

TEST(App, GoesFromSimulationToEnsemble) {
  for (const auto& [arguments, outcome] : world().steps) {
    ASSERT_EQ(outcome.exit_code, 0) << "cryomer " << arguments << "\n" << outcome.output;
  }
  for (const char* name : {"/sim/particles.star", "/sim/particles.mrcs", "/sim/truth.star", "/sim/states.dcd", "/run/config.json",
                           "/run/metrics.csv", "/run/checkpoint.safetensors", "/run/inference.json", "/run/log.txt", "/posterior/particles.star",
                           "/posterior/latents.npy", "/posterior/latents_std.npy", "/posterior/structures.dcd", "/ensemble.dcd",
                           "/ensemble.pdb", "/simulate.json"}) {
    EXPECT_TRUE(fs::exists(world().folder + name)) << name;
  }
}

TEST(App, InfersPosesTogetherWithConformations) {
  const std::string& folder = world().folder;
  const std::string run = folder + "/blind", posterior = folder + "/blind_posterior";
  const std::string said = done("train " + world().sim + "/particles.star --structure " + world().base + " --poses infer --epochs 3 " + World::small() +
                                " --set pose_search.candidates=2 --out " + run);
  EXPECT_NE(said.find("images simulated from what was learned"), std::string::npos) << said;
  done("infer " + run + " --out " + posterior);
  const StarFile found = read_star(posterior + "/particles.star");
  const StarTable* particles = found.find("particles");
  for (const char* column : {"rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst", "cryomerPoseWeight"}) {
    EXPECT_GE(particles->column(column), 0) << column;
  }
  done("evaluate --structure " + world().base + " --posterior " + posterior + " --truth " + world().sim + "/states.dcd --truth-star " +
       world().sim + "/truth.star --json " + folder + "/blind.json");
  const Json figures = Json::parse(read_file(folder + "/blind.json"));
  // A helix hardly shows turns about its axis, nor which end is which: only its place is judged. pose_search and training
  // test the rest.
  EXPECT_LT(figures["shift_error_median_A"].get<double>(), 1.5);
  // The same particles named on the command line are known, others are searched.
  done("infer " + run + " " + world().sim + "/particles.star --out " + folder + "/blind_same --structures none");
  EXPECT_EQ(read_file(folder + "/blind_same/latents.npy"), read_file(posterior + "/latents.npy"));
  fs::copy_file(world().sim + "/particles.star", world().sim + "/copy.star", fs::copy_options::overwrite_existing);
  done("infer " + run + " " + world().sim + "/copy.star --out " + folder + "/blind_searched --structures none");
  EXPECT_NE(read_file(folder + "/blind_searched/latents.npy"), read_file(posterior + "/latents.npy"));
}

// The paper's recipe, small: its network says the poses, and the better of two runs is kept.
TEST(App, KeepsTheBestOfSeveralSeeds) {
  const std::string& folder = world().folder;
  const std::string run = folder + "/seeds", posterior = folder + "/seeds_posterior";
  const std::string train = "train " + world().sim + "/particles.star --structure " + world().base + " --recipe paper --seeds 2 " +
                            "--latent-dim 4 --threads 2 --set data.poses=infer model.padding=1 model.encoder.widths=[32] objective.samples=2 objective.pose_samples_alone=4 "
                            "optimiser.batch_size=64 --out " + run;
  const std::string said = done(train + " --epochs 4");
  const auto best = said.find("that of seed_");
  ASSERT_NE(best, std::string::npos) << said;
  const char number = said[best + std::string("that of seed_").size()];
  ASSERT_TRUE(number == '1' || number == '2') << said;
  EXPECT_TRUE(Json::parse(read_file(run + "/config.json"))["model"]["pose_network"]["used"].get<bool>()) << "of a setting that infers poses";
  for (const char* file : {"/checkpoint.safetensors", "/config.json", "/metrics.csv", "/log.txt"}) {
    EXPECT_EQ(read_file(run + file), read_file(run + "/seed_" + number + file)) << file;
  }
  EXPECT_NE(read_file(run + "/seed_1/metrics.csv"), read_file(run + "/seed_2/metrics.csv"));
  done("infer " + run + " --out " + posterior);
  EXPECT_TRUE(read_star(posterior + "/particles.star").find("particles")->has("rlnAngleRot"));
  // All of them go on.
  const std::string quiet = done(train + " --epochs 5 --resume --quiet");
  EXPECT_EQ(quiet.find("epoch "), std::string::npos) << quiet;
  EXPECT_NE(read_file(run + "/seed_2/log.txt").find("Resumed at step"), std::string::npos);
  for (const char* seed : {"/seed_1", "/seed_2"}) EXPECT_EQ(testing::count_of_lines(read_file(run + seed + "/metrics.csv")), 6) << seed;
  refused("train x.star --structure y.pdb --out z --seeds 0", 2, {"--seeds 0"});
}

TEST(App, RefinesPosesOfTheFile) {
  const std::string run = world().folder + "/refined";
  const std::string said = done("train " + world().sim + "/truth.star --structure " + world().base + " --poses refine --epochs 2 " + World::small() +
                                " --set pose_search.candidates=2 --out " + run);
  EXPECT_NE(said.find("Poses: the best of each particle explains"), std::string::npos) << said;
  EXPECT_NE(said.find("Held-out bound"), std::string::npos) << said;
  done("infer " + run + " --out " + world().folder + "/refined_posterior");
  done("evaluate --structure " + world().base + " --posterior " + world().folder + "/refined_posterior --truth " + world().sim +
       "/states.dcd --truth-star " + world().sim + "/truth.star --json " + world().folder + "/refined.json");
  // They were right, and stay near (turns of a helix about its axis hardly show).
  EXPECT_LT(Json::parse(read_file(world().folder + "/refined.json"))["pose_error_median_deg"].get<double>(), 40);
  refused("train " + world().sim + "/particles.star --structure " + world().base + " --poses refine --out " + world().folder + "/without", 1,
          {"--poses infer` needs none"});
}

TEST(App, SimulatedParticlesHaveNoPosesButTheTruthHas) {
  const StarFile particles = read_star(world().sim + "/particles.star"), truth = read_star(world().sim + "/truth.star");
  const StarTable *seen = particles.find("particles"), *known = truth.find("particles");
  ASSERT_TRUE(seen && known);
  EXPECT_EQ(seen->row_count(), 240);
  EXPECT_EQ(known->row_count(), 240);
  EXPECT_FALSE(seen->has("rlnAngleRot"));
  EXPECT_TRUE(known->has("rlnAngleRot"));
  EXPECT_TRUE(known->has("cryomerStateIndex"));
  const int image = seen->column("rlnImageName");
  for (const int64_t row : {0, 100, 239}) EXPECT_EQ(seen->cell(row, image), known->cell(row, known->column("rlnImageName")));
}

TEST(App, InferenceKeepsRowsAndAddsLatents) {
  const StarFile truth = read_star(world().sim + "/truth.star"), found = read_star(world().posterior + "/particles.star");
  const StarTable *expected = truth.find("particles"), *table = found.find("particles");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->row_count(), expected->row_count());
  for (const std::string& column : expected->columns) EXPECT_TRUE(table->has(column)) << column;
  for (const int64_t row : {0, 120, 239}) {
    EXPECT_EQ(table->cell(row, table->column("rlnImageName")), expected->cell(row, expected->column("rlnImageName")));
  }
  EXPECT_TRUE(table->has("cryomerLatent1"));
  EXPECT_TRUE(table->has("cryomerLatent8"));
  EXPECT_FALSE(table->has("cryomerLatent9"));
  const NpyArray latents = read_npy(world().posterior + "/latents.npy");
  EXPECT_EQ(latents.shape, (std::vector<int64_t>{240, 8}));
  EXPECT_EQ(read_npy(world().posterior + "/latents_std.npy").shape, latents.shape);
  const Structure base = read_structure(world().base);
  EXPECT_EQ(open_trajectory(world().posterior + "/structures.dcd", base)->size(), 240);
  // With samples instead of the mean there are K structures a particle; without, there is no file.
  const std::string samples = world().folder + "/samples", none = world().folder + "/none";
  done("infer " + world().run + " --out " + samples + " --structures samples:3");
  EXPECT_EQ(open_trajectory(samples + "/structures.dcd", base)->size(), 720);
  done("infer " + world().run + " " + world().sim + "/truth.star --out " + none + " --structures none");
  EXPECT_FALSE(fs::exists(none + "/structures.dcd"));
  EXPECT_TRUE(fs::exists(none + "/latents.npy"));
}

TEST(App, InfersWithTheLikelihoodsPowerOfTheRunOrAnother) {
  const std::string run = world().folder + "/strong", of_run = run + "_posterior", asked = run + "_asked";
  fs::copy(world().run, run, fs::copy_options::recursive);
  ASSERT_EQ(Json::parse(read_file(run + "/inference.json"))["likelihood_power"], 1) << "few particles were held out";
  write_file_atomically(run + "/inference.json", "{\"likelihood_power\": 4}");
  done("infer " + run + " --structures none --out " + of_run);
  done("infer " + world().run + " --structures none --likelihood-power 4 --out " + asked);
  EXPECT_EQ(read_file(of_run + "/latents.npy"), read_file(asked + "/latents.npy"));
  EXPECT_NE(read_file(of_run + "/latents.npy"), read_file(world().posterior + "/latents.npy"));
  refused("infer " + run + " --structures none --likelihood-power 0 --out " + run + "_none", 2, {"--likelihood-power 0", "above zero"});
}

TEST(App, SamplesAreTheSameInEveryFormat) {
  const Structure base = read_structure(world().base);
  std::vector<Ensemble> found;
  for (const char* name : {"/same.dcd", "/text.pdb", "/text.cif"}) {
    done("sample " + world().run + " --n 5 --seed 3 --out " + world().folder + name);
    found.push_back(read_ensemble(world().folder + name, base));
    ASSERT_EQ(found.back().size(), 5) << name;
    for (size_t k = 0; k < found[0].coordinates.size(); ++k) EXPECT_NEAR(found.back().coordinates[k], found[0].coordinates[k], 2e-3) << name;
  }
  EXPECT_TRUE(fs::exists(world().folder + "/same.pdb"));  // the atoms of the DCD
}

TEST(App, InterpolatesBetweenTwoParticlesAndFromAFileOfLatents) {
  const Structure base = read_structure(world().base);
  const std::string path = world().folder + "/path.pdb", z = world().folder + "/z.txt";
  done("interpolate " + world().run + " --from 0 --to 5 --steps 7 --out " + path);
  EXPECT_EQ(read_ensemble(path, base).size(), 7);
  write_file_atomically(z, "0 0 0 0\n0 0 0 0\n");
  done("interpolate " + world().run + " --from " + z + " --to 5 --steps 3 --out " + world().folder + "/path.cif");
  EXPECT_EQ(read_ensemble(world().folder + "/path.cif", base).size(), 3);
  refused("interpolate " + world().run + " --from 0 --to 240 --overwrite --out " + path, 2, {"--to 240", "0 to 239"});
}

TEST(App, ProjectsOneImageForEachRow) {
  const std::string out = world().folder + "/projections.mrcs";
  done("project --structure " + world().base + " " + world().sim + "/truth.star --out " + out);
  EXPECT_EQ(fs::file_size(out), 1024u + 240u * 32 * 32 * 4);
}

TEST(App, EvaluatesWithTheKeysThatOthersReadFromJson) {
  const std::string json = world().folder + "/evaluation.json";
  const std::string truth = " --truth " + world().sim + "/states.dcd", pair = " --distance A/2/CA:A/19/CA";
  done("evaluate --structure " + world().base + " --ensemble " + world().ensemble + truth + pair + " --cut 24 --n 40 --json " + json);
  const Json of_ensemble = Json::parse(read_file(json));
  for (const char* key : {"emd_rmsd", "emd_rmsd_floor", "emd_rmsd_baseline", "n", "atoms", "distances", "groups", "geometry"}) {
    EXPECT_TRUE(of_ensemble.contains(key)) << key;
  }
  EXPECT_EQ(of_ensemble["n"], 40);
  ASSERT_EQ(of_ensemble["distances"].size(), 1u);
  for (const char* key : {"name", "mean", "std", "truth_mean", "truth_std", "wasserstein", "ks"}) {
    EXPECT_TRUE(of_ensemble["distances"][0].contains(key)) << key;
  }
  EXPECT_EQ(of_ensemble["groups"].size(), 2u);
  for (const char* key : {"label", "fraction", "truth_fraction"}) EXPECT_TRUE(of_ensemble["groups"][0].contains(key)) << key;

  done("evaluate --structure " + world().base + " --posterior " + world().posterior + truth + " --truth-star " + world().sim +
       "/truth.star" + pair + " --atoms ca --json " + json);
  const Json of_posterior = Json::parse(read_file(json));
  for (const char* key : {"rmsd_mean", "rmsd_median", "rmsd_baseline", "pose_error_median_deg", "pose_within_10deg", "shift_error_median_A"}) {
    EXPECT_TRUE(of_posterior.contains(key)) << key;
  }
  EXPECT_EQ(of_posterior["atoms"], "ca");
  EXPECT_TRUE(of_posterior["distances"][0].contains("pearson_r"));
  EXPECT_TRUE(of_posterior["distances"][0].contains("latents_r"));
  EXPECT_NEAR(of_posterior["pose_error_median_deg"].get<double>(), 0, 1e-3);  // poses were given
}

TEST(App, TruthAgainstItselfIsNoDistanceAway) {
  const std::string json = world().folder + "/self.json", states = world().sim + "/states.dcd";
  done("evaluate --structure " + world().base + " --ensemble " + states + " --truth " + states + " --n 40 --json " + json);
  EXPECT_NEAR(Json::parse(read_file(json))["emd_rmsd"].get<double>(), 0, 1e-4);
}

TEST(App, ReportsWithTheFiguresOfEvaluate) {
  const std::string html = world().folder + "/report.html", json = world().folder + "/report.json", other = world().folder + "/evaluate.json";
  const std::string inputs = " --ensemble " + world().ensemble + " --posterior " + world().posterior + " --truth " + world().sim +
                             "/states.dcd --truth-star " + world().sim + "/truth.star --distance A/2/CA:A/19/CA --cut 24 --n 40";
  done("report " + world().run + inputs + " --out " + html + " --json " + json);
  done("evaluate --structure " + world().base + inputs + " --json " + other);
  EXPECT_EQ(Json::parse(read_file(json)), Json::parse(read_file(other)));
  const std::string page = read_file(html);
  const double emd = Json::parse(read_file(json))["emd_rmsd"];
  char figure[32];
  std::snprintf(figure, sizeof figure, "%.2f \u00c5", emd);
  EXPECT_NE(page.find(figure), std::string::npos) << figure;
  EXPECT_EQ(page.find("Not on this page"), std::string::npos);
}

TEST(App, ReportsOnARunAloneAndSaysWhatIsAbsent) {
  const std::string html = world().folder + "/alone.html";
  const std::string output = done("report " + world().run + " --out " + html);
  EXPECT_EQ(read_file(html).find("stopped before its end"), std::string::npos);
  EXPECT_NE(output.find("--truth"), std::string::npos);
  const std::string page = read_file(html);
  EXPECT_NE(page.find("Not on this page"), std::string::npos);
  EXPECT_NE(page.find("The molecule in motion"), std::string::npos);
  EXPECT_NE(page.find("data:image/png"), std::string::npos);
}

TEST(App, ReportsOnARunThatHasOnlyBegun) {
  const std::string begun = world().folder + "/begun", html = world().folder + "/begun.html";
  fs::create_directories(begun);
  for (const char* name : {"/config.json", "/structure.pdb"}) fs::copy_file(world().run + name, begun + name);
  done("report " + begun + " --out " + html);
  EXPECT_NE(read_file(html).find("no checkpoint yet"), std::string::npos);
  refused("report " + world().sim + " --overwrite --out " + html, 1, {"neither config.json nor checkpoint.safetensors"});
}

TEST(App, HelpOfEverySubCommandWorks) {
  const std::string help = done("--help");
  std::vector<std::pair<std::string, std::future<Outcome>>> all;
  for (const char* name : {"simulate", "train", "sample", "infer", "interpolate", "analyze", "map", "project", "evaluate", "report", "doctor"}) {
    EXPECT_NE(help.find(name), std::string::npos) << name;
    all.push_back({name, std::async(std::launch::async, run_cryomer, std::string(name) + " --help")});
  }
  for (auto& [name, outcome] : all) {
    const Outcome own = outcome.get();
    EXPECT_EQ(own.exit_code, 0) << name;
    for (const char* flag : {"--threads", "--seed"}) EXPECT_NE(own.output.find(flag), std::string::npos) << name << " " << flag;
  }
  EXPECT_NE(done("train --help-config").find("optimiser.batch_size"), std::string::npos);
  EXPECT_NE(done("--version").find("cryomer "), std::string::npos);
  EXPECT_NE(done("doctor").find("libtorch"), std::string::npos);
}

TEST(App, WrongCommandLinesExitWithTwoAndNameTheNearest) {
  refused("", 2, {"--help"});
  refused("trian", 2, {"'trian'", "train"});
  refused("trian --threads 1", 2, {"'trian'", "train"});
  refused("sample " + world().run + " --ouy x.dcd", 2, {"'--ouy'", "'--out'"});
  refused("train " + world().sim + "/truth.star --structure " + world().base, 2, {"--out"});
  refused("simulate --structure " + world().base + " --motion bimodl --out " + world().folder + "/no", 2, {"bimodl", "'bimodal'"});
  refused("report " + world().run + " --out report.txt", 2, {".html"});
  refused("sample " + world().run + " --out x.xyz", 2, {"x.xyz", ".dcd"});
  refused("sample " + world().run + " --out", 2, {"--out: a value is missing", ".dcd"});
  refused("sample " + world().run + " --n 10000001 --out x.dcd", 2, {"--n 10000001", "1 to 10000000"});
  for (const char* flag : {"--max-time", "--poses", "--set"}) {
    refused("train x.star --structure y.pdb --out z " + std::string(flag) + " ''", 2, {flag, "is empty"});
  }
  refused("sample " + world().run + " --out x.dcd --latents ''", 2, {"--latents is empty", "leave it out"});
  refused("train x.star --structure '' --out z", 2, {"--structure is empty"});
  refused("sample " + world().run + " --latents z.npy --n 3 --out x.dcd", 2, {"--n 3", "--latents"});
  refused("sample " + world().run + " --out x.dcd --seed 99999999999999999999", 2, {"--seed", "too large"});
  refused("interpolate " + world().run + " --from 0 --to 1 --extent 3 --out x.dcd", 2, {"--extent", "--along"});
  refused("map --structure " + world().base + " --ensemble x.dcd --frame -1 --out x.mrc", 2, {"--frame -1"});
  refused("evaluate --structure " + world().base + " --ensemble " + world().ensemble + " --truth " + world().ensemble + " --distance A/2", 2, {"'A/2'"});
  EXPECT_FALSE(fs::exists(world().folder + "/no"));
}

TEST(App, UnknownSettingsNameTheNearest) {
  const std::string config = world().folder + "/config.json", train = "train " + world().sim + "/truth.star --structure " + world().base +
                                                                      " --out " + world().folder + "/unknown";
  write_file_atomically(config, "{\"optimiser\": {\"batch_sise\": 4}}");
  for (const std::string& flags : {" --config " + config, std::string(" --set optimiser.batch_sise=4")}) {
    const Outcome outcome = run_cryomer(train + flags);
    EXPECT_NE(outcome.exit_code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("batch_sise"), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("batch_size"), std::string::npos) << outcome.output;
  }
}

TEST(App, MissingFilesExitWithOneAndNameTheFile) {
  refused("train nowhere.star --structure " + world().base + " --out " + world().folder + "/x", 1, {"nowhere.star"});
  refused("train " + world().sim + "/truth.star --structure nowhere.pdb --out " + world().folder + "/x", 1, {"nowhere.pdb"});
  refused("sample " + world().folder + "/nowhere --out " + world().folder + "/x.dcd", 1, {"nowhere", "cryomer train"});
}

TEST(App, PosesThatAreGivenMustBeThere) {
  refused("train " + world().sim + "/particles.star --structure " + world().base + " --poses given --out " + world().folder + "/poseless", 1,
          {"particles.star", "rlnAngleRot"});
}

TEST(App, FoldersWithContentAreRefusedUnlessOverwritten) {
  const std::string sim = world().folder + "/again";
  const std::string command = "simulate --structure " + world().base + " --ensemble " + world().sim +
                              "/states.dcd --particles 20 --box 32 --pixel-size 1.5 --out " + sim;
  done(command);
  refused(command, 2, {"again", "not empty", "--overwrite"});
  done(command + " --overwrite");
  refused("train " + world().sim + "/truth.star --structure " + world().base + " --out " + world().run, 2, {"not empty"});
  refused("infer " + world().run + " --out " + world().posterior, 2, {"not empty"});
}

TEST(App, FiguresDoNotReplaceOtherFiles) {
  const std::string truth = world().folder + "/kept.pdb";
  fs::copy_file(world().base, truth);
  refused("evaluate --structure " + world().base + " --ensemble " + world().ensemble + " --truth " + truth + " --json " + truth, 2, {"kept.pdb", "something else"});
  EXPECT_EQ(read_file(truth), read_file(world().base));
}

TEST(App, FilesOfARunAreNotReplacedByWhatIsMadeOfIt) {
  const std::string& run = world().run;
  const std::string before = read_file(run + "/structure.pdb");
  refused("sample " + run + " --n 2 --overwrite --out " + run + "/structure.pdb", 2, {"structure.pdb", "part of the run"});
  refused("map --run " + run + " --n 2 --overwrite --out " + run + "/checkpoint.safetensors", 2, {"part of the run"});
  EXPECT_EQ(read_file(run + "/structure.pdb"), before);
  done("sample " + run + " --n 2 --out " + run + "/two.pdb");
}

TEST(App, OnlyOneProgramWritesIntoAFolder) {
  const std::string out = world().folder + "/taken";
  fs::create_directory(out);
  const int taken = ::open(out.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(taken, LOCK_EX | LOCK_NB), 0);
  const std::string command = "train " + world().sim + "/truth.star --structure " + world().base + " --poses given --epochs 1 --latent-dim 4 --out " + out;
  refused(command, 1, {"taken", "another program is writing"});
  EXPECT_TRUE(fs::is_empty(out));
  ::close(taken);
  done(command);
}

TEST(App, AnEarlierModelStaysWhenANewRunCannotBegin) {
  const std::string sim = world().folder + "/spoilt", out = world().folder + "/earlier";
  fs::create_directory(sim);
  fs::copy(world().run, out, fs::copy_options::recursive);
  fs::copy_file(world().sim + "/truth.star", sim + "/truth.star");
  std::string stack = read_file(world().sim + "/particles.mrcs");
  for (size_t i = 1024; i + 4 <= stack.size(); i += 400) stack.replace(i, 4, std::string("\0\0\xc0\x7f", 4));  // not a number
  write_file_atomically(sim + "/particles.mrcs", stack);
  refused("train " + sim + "/truth.star --structure " + world().base + " --poses given --epochs 1 --latent-dim 4 --overwrite --out " + out, 1, {"nan"});
  for (const char* name : {"/checkpoint.safetensors", "/config.json", "/metrics.csv", "/structure.pdb"}) {
    EXPECT_EQ(read_file(out + name), read_file(world().run + name)) << name;
  }
}

TEST(App, ARunWithoutTimeToLearnSaysSo) {
  const std::string command = "train " + world().sim + "/truth.star --structure " + world().base + " --poses given --latent-dim 4 --out " + world().folder + "/hasty";
  refused(command + " --max-time 0.001s", 1, {"no time was left", "--resume"});
  done(command + " --resume --max-time 30s --epochs 1");
}

TEST(App, WhatIsReadIsNotReplaced) {
  const std::string sim = world().folder + "/precious", stack = sim + "/particles.mrcs", post = world().folder + "/twice";
  fs::copy(world().sim, sim, fs::copy_options::recursive);
  const std::string before = read_file(stack), star = read_file(sim + "/particles.star");
  refused("project " + sim + "/truth.star --structure " + world().base + " --overwrite --out " + stack, 2, {"would replace what is read"});
  EXPECT_EQ(read_file(stack), before);
  refused("infer " + world().run + " --overwrite --out " + sim, 2, {"particles.star", "infer did not write it"});
  EXPECT_EQ(read_file(sim + "/particles.star"), star);
  refused("infer " + world().run + " --overwrite --out " + world().run, 2, {"the folder of a run"});
  for (int time = 0; time < 2; ++time) done("infer " + world().run + " --refine 0 --structures none --overwrite --out " + post);
}

TEST(App, ARunThatGoesOnStaysTheSameRun) {
  const std::string run = world().folder + "/goes_on";
  const std::string train = "train " + world().sim + "/truth.star --structure " + world().base + " --poses given --latent-dim 4 --out " + run;
  done(train + " --epochs 1");
  for (const char* change : {" --set optimiser.batch_size=16", " --seed 7", " --set model.atom_width=1.5", " --pixel-size 2", " --set model.prior_components=3"}) {
    refused(train + change + " --epochs 2 --resume", 2, {"--resume: the run was begun with"});
  }
  EXPECT_NE(done(train + " --epochs 2 --resume --set objective.chain=0.03").find("From here on objective.chain = 0.03"), std::string::npos);
  const std::string settings = read_file(run + "/config.json");
  const std::string again = done(train + " --epochs 1 --resume --set objective.chain=0.04");
  EXPECT_NE(again.find("Nothing was learned"), std::string::npos) << again;
  EXPECT_NE(again.find("Held-out bound"), std::string::npos) << "of the run as it is: " << again;
  EXPECT_EQ(read_file(run + "/config.json"), settings) << "with which nothing was learned";
  EXPECT_NE(read_file(run + "/log.txt").find("residues of protein"), std::string::npos);
}

TEST(App, AMicroscopeMakesParticlesForTraining) {
  const std::string sim = world().folder + "/microscope", base = " --structure " + world().base + " --ensemble " + world().sim + "/states.dcd";
  const std::string command = "simulate --preset seed-physical" + base + " --particles 24 --particles-per-micrograph 8 --micrograph-size 256 --box 48 --out " + sim;
  const std::string output = done(command + " --micrographs noisy --json " + world().folder + "/microscope.json");
  EXPECT_NE(output.find("SNR"), std::string::npos) << output;
  EXPECT_NE(output.find("The CTF vanishes at 9.9"), std::string::npos) << output;
  for (const char* file : {"/particles.star", "/particles.mrcs", "/truth.star", "/noise.csv", "/simulation.json", "/report.html",
                           "/micrographs/micrograph_000003.mrc"}) {
    EXPECT_TRUE(fs::exists(sim + file)) << file;
  }
  const std::string log = done("train " + sim + "/truth.star --structure " + world().base + " --poses given --epochs 1 --latent-dim 4 --out " + world().folder +
                               "/microscope_run");
  EXPECT_NE(log.find("protein is bright"), std::string::npos) << log;
  refused(command, 2, {"not empty"});
  refused(command + " --resume", 1, {"no unfinished data set"});
  refused(command + "2 --snr 1 --dose 3", 2, {"--snr", "--dose"});
  refused(command + "2 --set lens.defocs=3", 2, {"lens.defocs"});
  refused("simulate --dose 3" + base + " --out " + sim + "2", 2, {"--dose", "gaussian", "seed"});
  refused("simulate --preset sed" + base + " --out " + sim + "2", 2, {"'seed'"});
  EXPECT_FALSE(fs::exists(sim + "2"));
  EXPECT_NE(done("simulate --help-presets").find("solvent.model"), std::string::npos);
}

TEST(App, OneSeedGivesOneResult) {
  const std::string a = world().folder + "/seed_a", b = world().folder + "/seed_b";
  const std::string command = "simulate --structure " + world().base + " --ensemble " + world().sim +
                              "/states.dcd --particles 30 --box 32 --pixel-size 1.5 --seed 9 --out ";
  done(command + a + " --threads 1");
  done(command + b + " --threads 2");
  EXPECT_EQ(read_file(a + "/particles.mrcs"), read_file(b + "/particles.mrcs"));
  EXPECT_EQ(read_file(a + "/truth.star"), read_file(b + "/truth.star"));
}

TEST(App, AnInterruptedRunLeavesACheckpointAndResumes) {
  const std::string run = world().folder + "/interrupted";
  const std::vector<std::string> train = {"train", world().sim + "/truth.star", "--structure", world().base, "--out", run, "--epochs",
                                          "2000", "--latent-dim", "8", "--set", "optimiser.batch_size=32", "--set", "patience=0", "--threads", "2"};
  refused("train " + world().sim + "/truth.star --structure " + world().base + " --out " + run + " --resume", 2, {"no folder", "--resume"});
  fs::create_directory(run);
  refused("train " + world().sim + "/truth.star --structure " + world().base + " --out " + run + " --resume", 1, {"no checkpoint", "--resume"});
  write_file_atomically(run + "/log.txt", "somebody's diary\n");
  refused("train " + world().sim + "/truth.star --structure " + world().base + " --out " + run + " --resume", 1, {"no checkpoint", "other files"});
  EXPECT_EQ(read_file(run + "/log.txt"), "somebody's diary\n");
  // A run that was killed before it kept anything begins again.
  write_file_atomically(run + "/log.txt", "2026-01-01 00:00:00 info: cryomer train ...\n");
  write_file_atomically(run + "/checkpoint.safetensors.tmp12345", "half of it");
  std::vector<std::string> resumed = train;
  resumed.push_back("--resume");
  testing::BackgroundRun background(resumed, world().folder + "/interrupted.txt");
  ASSERT_TRUE(testing::wait_for_lines(run + "/metrics.csv", 3, background)) << read_file(world().folder + "/interrupted.txt");
  background.interrupt();
  EXPECT_EQ(background.wait(), 1);
  const std::string said = read_file(world().folder + "/interrupted.txt");
  EXPECT_NE(said.find("--resume"), std::string::npos) << said;
  ASSERT_TRUE(fs::exists(run + "/checkpoint.safetensors"));
  EXPECT_FALSE(fs::exists(run + "/checkpoint.safetensors.tmp12345"));
  refused(join(train, " ") + " --seeds 2 --resume", 2, {"--seeds 2", "one run"});
  const auto epochs_in = [&] { return testing::count_of_lines(read_file(run + "/metrics.csv")) - 1; };
  const int before = epochs_in();
  // What is there can be used, and the run goes on from there.
  done("sample " + run + " --n 2 --out " + world().folder + "/early.dcd");
  done("report " + run + " --out " + world().folder + "/early.html");
  EXPECT_NE(read_file(world().folder + "/early.html").find("stopped before its end"), std::string::npos);
  std::string again = join(train, " ");
  again.replace(again.find("2000"), 4, std::to_string(before + 2));
  const std::string output = done(again + " --resume");
  EXPECT_NE(output.find("Resumed at step"), std::string::npos) << output;
  EXPECT_EQ(epochs_in(), before + 2);
}

}  // namespace
}  // namespace cryomer
