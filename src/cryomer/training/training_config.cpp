#include "cryomer/training/training_config.h"

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

void DataConfig::visit(ConfigVisitor& v) {
  v.field("particles", particles, "STAR file");
  v.field("structure", structure, "base structure, PDB or mmCIF");
  v.field("data_dir", data_dir, "folder in which image paths are tried first");
  v.field("poses", poses, "given, refine (start from those of the file) or infer (none needed)");
  v.field("frame", frame, "where the structure stands: auto, centroid, origin or box");
  v.field("pixel_size", pixel_size, "A; 0: as the files say");
  v.field("half", half, "1 or 2: only that half of the particles (rlnRandomSubset, or every other row); 0: all");
  v.field("held_out_fraction", held_out_fraction, "share of the particles the model is only judged by");
  v.field("calibration_particles", calibration_particles, "particles that noise and scale are learned from");
}

void PoseSearchConfig::visit(ConfigVisitor& v) {
  v.field("rotation_step", rotation_step, "degrees between the rotations of the search");
  v.field("resolution", resolution, "A, finest detail that the search compares");
  v.field("shift_range", shift_range, "A, largest shift along each axis");
  v.field("shift_step", shift_step, "A between the shifts of the search");
  v.field("climb", climb, "peaks of the search, for each particle, that are climbed with the exact likelihood");
  v.field("candidates", candidates, "poses that a particle keeps");
  v.field("searches", searches, "further searches, with structures that the model has learned");
  v.field("trial", trial, "particles that a further search begins with; it goes over the others where it changes poses");
  v.field("temperature", temperature, "of the candidates' weights at the start; falls to one with the warm-up");
}

void PosteriorConfig::visit(ConfigVisitor& v) {
  v.field("encoder_only", encoder_only, "posteriors are always the encoder's; else each particle gets its own after the warm-up");
  v.field("learning_rate", learning_rate, "Adam step size of the particles' own posteriors after that");
  v.field("sleep_share", sleep_share, "share of the images, simulated by the model, that then teach the encoder");
}

void ObjectiveConfig::visit(ConfigVisitor& v) {
  v.field("kind", kind, "elbo, or multi_sample (log of the mean likelihood of the samples, as the paper)");
  v.field("samples", samples, "conformations drawn for each image");
  v.field("conformation_kl", conformation_kl, "weight of the divergence from the prior");
  v.field("late_kl", late_kl, "factor that this weight grows by between half and seven tenths of the run, when motions are found");
  v.field("pose_kl", pose_kl, "model.pose_network: weight of the poses' divergence from their prior");
  v.field("pose_samples", pose_samples, "model.pose_network: poses drawn for each conformation");
  v.field("pose_samples_alone", pose_samples_alone, "model.pose_network: poses drawn for each image while nothing else is learned");
  v.field("poses_alone", poses_alone, "model.pose_network: share of the run in which poses of the base structure alone are learned");
  v.field("restraints", restraints, "chain (bonds, angles and ties) or bonds (mean squared deviation of C-N bonds, as the paper)");
  v.field("chain", chain, "weight of the restraints' energy");
  v.field("clashes", clashes, "weight of the energy of atoms that come too near each other");
  v.field("ramachandran", ramachandran, "weight of the energy of backbone torsions that proteins hardly have, from two thirds of the run on");
  v.field("rotamers", rotamers, "weight of the energy of side chains that are not staggered");
  v.field("left_handed", left_handed, "weight of the energy of residues that are left-handed where the structure has them right-handed");
  v.field("torsions", torsions, "weight of 1 - cos of what each side chain's bond turns by");
  v.field("warmup_epochs", warmup_epochs, "epochs over which these weights grow from a hundredth; 0: as warmup says");
  v.field("warmup", warmup, "largest share of the run over which they do");
  v.field("blur", blur, "A, blur of images and projections at the start of the warm-up");
  v.field("blur_share", blur_share, "share of the warm-up over which the blur falls to zero");
  v.field("centring", centring, "weight of the squared centre of mass, 1/A^2");
}

void OptimiserConfig::visit(ConfigVisitor& v) {
  v.field("learning_rate", learning_rate, "Adam step size");
  v.field("warmup_steps", warmup_steps, "steps over which the rate grows from zero");
  v.field("final_rate", final_rate, "share of the rate left at the end, reached along half a cosine");
  v.field("decay", decay, "of the decoder's weights: the share lost in each step, over the learning rate");
  v.field("clip", clip, "largest norm of the gradient");
  v.field("batch_size", batch_size, "images per step");
}

void TrainingConfig::visit(ConfigVisitor& v) {
  v.group("data", data);
  v.group("model", model);
  v.group("pose_search", pose_search);
  v.group("loop_search", loop_search);
  v.group("posterior", posterior);
  v.group("objective", objective);
  v.group("optimiser", optimiser);
  v.field("epochs", epochs, "passes over the particles; 0: 150, or more where these are fewer than 5000 steps");
  v.field("max_seconds", max_seconds, "stop after this time; 0: no limit");
  v.field("checkpoint_seconds", checkpoint_seconds, "time between checkpoints");
  v.field("patience", patience, "lower the learning rate and stop when the held-out likelihood has been flat for this share of the run; 0: never");
  v.field("seed", seed, "of all random draws");
}

void apply_paper_recipe(TrainingConfig& config, bool poses_inferred) {
  config.model.pose_network.used = poses_inferred;
  config.model.latent_dim = 32;
  config.model.prior_components = 1;
  config.model.largest_atom_width = 0;
  config.model.padding = 2;
  config.model.encoder.kind = "image";
  config.model.encoder.widths = {2048, 1024, 512, 512};
  config.model.decoder.modes = 0;
  config.model.decoder.side_chains = false;
  config.loop_search.used = false;
  config.posterior.encoder_only = true;
  config.objective.kind = "multi_sample";
  config.objective.samples = 64;
  config.objective.restraints = "bonds";
  config.objective.chain = 0.01;
  config.objective.late_kl = 1;
  config.objective.clashes = 0;
  config.objective.ramachandran = 0;
  config.objective.rotamers = 0;
  config.objective.left_handed = 0;
  config.objective.warmup = 0;
  config.objective.blur = 0;
  config.optimiser.learning_rate = 3e-4;
  config.optimiser.warmup_steps = 0;
  config.optimiser.final_rate = 1;
  config.optimiser.decay = 0;
  config.optimiser.batch_size = 256;
  config.epochs = poses_inferred ? 2500 : 500;
}

void TrainingConfig::check() const {
  constexpr double kMostWeight = 1e6;
  auto at_least = [](const char* key, double value, double least) {
    if (!(value >= least)) fail_usage("configuration key '{}' is {}, expected {} or more", key, value, least);
  };
  auto one_of = [](const char* key, const std::string& value, const std::vector<std::string>& known) {
    for (const std::string& name : known) {
      if (value == name) return;
    }
    fail_usage("configuration key '{}' is '{}'.{} Known: {}", key, value, did_you_mean(value, known), join(known, ", "));
  };
  auto between = [](const char* key, double value, double least, double most) {
    if (!(value >= least && value <= most)) fail_usage("configuration key '{}' is {}, expected {} to {}", key, value, least, most);
  };
  between("model.latent_dim (--latent-dim)", double(model.latent_dim), 1, 1024);
  between("model.prior_components", double(model.prior_components), 1, 1000);
  between("model.atom_width", model.atom_width, 0.01, 20);
  between("model.largest_atom_width", model.largest_atom_width, 0, 20);
  between("model.padding", model.padding, 1, 8);
  between("model.decoder.blocks", double(model.decoder.blocks), 0, 1000);
  between("model.encoder.grid_margin", model.encoder.grid_margin, 0, 1000);
  for (const int64_t width : model.encoder.widths) between("model.encoder.widths", double(width), 1, 100000);
  between("data.half (--half)", double(data.half), 0, 2);
  between("posterior.sleep_share", posterior.sleep_share, 0, 1);
  between("posterior.learning_rate", posterior.learning_rate, 0, 1000);
  between("objective.warmup", objective.warmup, 0, 1);
  at_least("objective.warmup_epochs", double(objective.warmup_epochs), 0);
  between("objective.blur", objective.blur, 0, 100);
  between("objective.blur_share", objective.blur_share, 0, 1);
  between("optimiser.final_rate", optimiser.final_rate, 0, 1);
  at_least("optimiser.warmup_steps", optimiser.warmup_steps, 0);
  at_least("optimiser.decay", optimiser.decay, 0);
  at_least("optimiser.clip", optimiser.clip, 1e-12);
  at_least("checkpoint_seconds", checkpoint_seconds, 0);
  between("patience", patience, 0, 1e9);
  between("data.pixel_size (--pixel-size)", data.pixel_size, 0, 1000);
  if (!(data.held_out_fraction >= 0 && data.held_out_fraction < 1)) {
    fail_usage("configuration key 'data.held_out_fraction' is {}, expected 0 or more and less than 1", data.held_out_fraction);
  }
  between("model.decoder.width", double(model.decoder.width), 1, 100000);
  between("model.decoder.representation", double(model.decoder.representation), 1, 100000);
  between("model.decoder.modes", double(model.decoder.modes), 0, 100000);
  between("model.decoder.mode_amplitude", model.decoder.mode_amplitude, 0, 1000);
  between("model.decoder.contact_factor", model.decoder.contact_factor, 1e-6, 1e6);
  between("model.decoder.start_modes", double(model.decoder.start_modes), 0, 1024);
  between("model.encoder.grid", double(model.encoder.grid), 2, 256);
  between("objective.samples", double(objective.samples), 1, 10000);
  between("objective.conformation_kl", objective.conformation_kl, 0, kMostWeight);
  between("objective.late_kl", objective.late_kl, 1, 1000);
  between("objective.pose_kl", objective.pose_kl, 0, kMostWeight);
  between("objective.pose_samples", double(objective.pose_samples), 1, 10000);
  between("objective.pose_samples_alone", double(objective.pose_samples_alone), 1, 10000);
  between("objective.poses_alone", objective.poses_alone, 0, 1);
  between("objective.chain", objective.chain, 0, kMostWeight);
  between("objective.clashes", objective.clashes, 0, kMostWeight);
  between("objective.ramachandran", objective.ramachandran, 0, kMostWeight);
  between("objective.rotamers", objective.rotamers, 0, kMostWeight);
  between("objective.left_handed", objective.left_handed, 0, kMostWeight);
  between("objective.torsions", objective.torsions, 0, kMostWeight);
  between("objective.centring", objective.centring, 0, kMostWeight);
  between("optimiser.learning_rate", optimiser.learning_rate, 1e-12, 1);
  between("optimiser.batch_size", double(optimiser.batch_size), 1, 100000);
  at_least("epochs (--epochs)", double(epochs), 0);
  at_least("max_seconds (--max-time)", max_seconds, 0);
  at_least("data.calibration_particles", double(data.calibration_particles), 1);
  one_of("data.poses (--poses)", data.poses, {"given", "refine", "infer"});
  between("pose_search.rotation_step", pose_search.rotation_step, 2, 60);
  between("pose_search.resolution", pose_search.resolution, 1, 100);
  between("pose_search.shift_range", pose_search.shift_range, 0, 100);
  between("pose_search.shift_step", pose_search.shift_step, 0.1, 100);
  between("pose_search.climb", double(pose_search.climb), 1, 1000);
  between("pose_search.candidates", double(pose_search.candidates), 1, 100);
  between("pose_search.searches", double(pose_search.searches), 0, 100);
  between("pose_search.trial", double(pose_search.trial), 1, 1e9);
  between("pose_search.temperature", pose_search.temperature, 1, 1000);
  between("loop_search.particles", double(loop_search.particles), 2, 1e6);
  between("loop_search.tries", double(loop_search.tries), 1, 1000);
  between("loop_search.moves", double(loop_search.moves), 1, 1e9);
  one_of("data.frame (--frame)", data.frame, {"auto", "centroid", "origin", "box"});
  one_of("objective.kind", objective.kind, {"elbo", "multi_sample"});
  one_of("objective.restraints", objective.restraints, {"chain", "bonds"});
  one_of("model.encoder.kind (--encoder)", model.encoder.kind, {"canonical", "image"});
  between("model.pose_network.shift_scale", model.pose_network.shift_scale, 0, 1000);
  for (const int64_t width : model.pose_network.widths) between("model.pose_network.widths", double(width), 1, 100000);
  if (model.pose_network.used) {
    if (data.poses != "infer") fail_usage("configuration key 'model.pose_network.used' needs poses to be inferred (--poses infer), found '{}'", data.poses);
    if (model.encoder.kind != "image" || !posterior.encoder_only || model.prior_components != 1) {
      fail_usage("configuration key 'model.pose_network.used' needs model.encoder.kind=image (others look from a known pose), "
                 "posterior.encoder_only=true and model.prior_components=1, as --recipe paper has them");
    }
  }
}

}  // namespace cryomer
