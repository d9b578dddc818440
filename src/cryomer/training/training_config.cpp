#include "cryomer/training/training_config.h"

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

void DataConfig::visit(ConfigVisitor& v) {
  v.field("particles", particles, "STAR file");
  v.field("structure", structure, "base structure, PDB or mmCIF");
  v.field("data_dir", data_dir, "folder in which image paths are tried first");
  v.field("poses", poses, "given");
  v.field("frame", frame, "where the structure stands: auto, centroid, origin or box");
  v.field("pixel_size", pixel_size, "A; 0: as the files say");
  v.field("held_out_fraction", held_out_fraction, "share of the particles the model is only judged by");
  v.field("calibration_particles", calibration_particles, "particles that noise and scale are learned from");
}

void PosteriorConfig::visit(ConfigVisitor& v) {
  v.field("encoder_share", encoder_share, "share of the run in which posteriors are the encoder's; 1: always");
  v.field("learning_rate", learning_rate, "Adam step size of the particles' own posteriors after that");
  v.field("sleep_share", sleep_share, "share of the images, simulated by the model, that then teach the encoder");
}

void ObjectiveConfig::visit(ConfigVisitor& v) {
  v.field("kind", kind, "elbo, or multi_sample (log of the mean likelihood of the samples, as the paper)");
  v.field("samples", samples, "conformations drawn for each image");
  v.field("conformation_kl", conformation_kl, "weight of the divergence from the prior");
  v.field("chain", chain, "weight of the chain's restraint energy");
  v.field("warmup", warmup, "share of the run over which these two weights grow from a hundredth");
  v.field("centring", centring, "weight of the squared centre of mass, 1/A^2");
}

void OptimiserConfig::visit(ConfigVisitor& v) {
  v.field("learning_rate", learning_rate, "Adam step size");
  v.field("warmup_steps", warmup_steps, "steps over which the rate grows from zero");
  v.field("final_rate", final_rate, "share of the rate left at the end, reached along half a cosine");
  v.field("clip", clip, "largest norm of the gradient");
  v.field("batch_size", batch_size, "images per step");
}

void TrainingConfig::visit(ConfigVisitor& v) {
  v.group("data", data);
  v.group("model", model);
  v.group("posterior", posterior);
  v.group("objective", objective);
  v.group("optimiser", optimiser);
  v.field("epochs", epochs, "passes over the particles");
  v.field("max_seconds", max_seconds, "stop after this time; 0: no limit");
  v.field("checkpoint_seconds", checkpoint_seconds, "time between checkpoints");
  v.field("patience", patience, "stop when the held-out likelihood has been flat for this share of the run; 0: never");
  v.field("seed", seed, "of all random draws");
}

void TrainingConfig::check() const {
  auto at_least = [](const char* key, double value, double least) {
    if (!(value >= least)) fail_usage("configuration key '{}' is {}, expected {} or more", key, value, least);
  };
  auto one_of = [](const char* key, const std::string& value, const std::vector<std::string>& known) {
    for (const std::string& name : known) {
      if (value == name) return;
    }
    fail_usage("configuration key '{}' is '{}'.{} Known: {}", key, value, did_you_mean(value, known), join(known, ", "));
  };
  at_least("model.latent_dim", double(model.latent_dim), 1);
  at_least("model.decoder.width", double(model.decoder.width), 1);
  at_least("model.decoder.representation", double(model.decoder.representation), 1);
  at_least("model.decoder.modes", double(model.decoder.modes), 0);
  at_least("model.encoder.grid", double(model.encoder.grid), 2);
  at_least("model.padding", model.padding, 1);
  at_least("objective.samples", double(objective.samples), 1);
  at_least("objective.conformation_kl", objective.conformation_kl, 0);
  at_least("objective.chain", objective.chain, 0);
  at_least("objective.centring", objective.centring, 0);
  at_least("optimiser.learning_rate", optimiser.learning_rate, 1e-12);
  at_least("optimiser.batch_size", double(optimiser.batch_size), 1);
  at_least("epochs", double(epochs), 1);
  at_least("max_seconds", max_seconds, 0);
  at_least("data.calibration_particles", double(data.calibration_particles), 1);
  one_of("data.poses", data.poses, {"given"});
  one_of("data.frame", data.frame, {"auto", "centroid", "origin", "box"});
  one_of("objective.kind", objective.kind, {"elbo", "multi_sample"});
  one_of("model.encoder.kind", model.encoder.kind, {"canonical", "image"});
}

}  // namespace cryomer
