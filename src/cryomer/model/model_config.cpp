#include "cryomer/model/model_config.h"

namespace cryomer {

void EncoderConfig::visit(ConfigVisitor& v) {
  v.field("kind", kind, "canonical (image seen from the molecule's frame) or image (raw pixels, as the paper)");
  v.field("widths", widths, "widths of the hidden layers");
  v.field("grid", grid, "canonical: points along each axis of the molecule's frame");
  v.field("grid_margin", grid_margin, "canonical: A; points farther from every base atom are left out");
}

void DecoderConfig::visit(ConfigVisitor& v) {
  v.field("width", width, "width of the residual blocks");
  v.field("blocks", blocks, "number of residual blocks");
  v.field("representation", representation, "width of the decoded representation");
  v.field("modes", modes, "normal modes the output is written in; 0: nine free numbers a residue");
  v.field("mode_amplitude", mode_amplitude, "A RMSD of the softest mode for a latent of one");
  v.field("contact_factor", contact_factor, "strength of the elastic network's contacts between parts that are far apart along the chain");
  v.field("start_modes", start_modes, "latents that drive the softest modes from the start");
  v.field("side_chains", side_chains, "side chains turn about their bonds; false: rigid with their residues, as the paper");
  v.field("free_residues", free_residues, "with modes: six free numbers a residue on top of them");
}

void PoseNetworkConfig::visit(ConfigVisitor& v) {
  v.field("used", used, "with poses inferred: a network says each image's pose, as the paper; else they are searched for");
  v.field("shift_scale", shift_scale, "A that a shift latent of one means");
  v.field("widths", widths, "widths of the hidden layers");
}

void ModelConfig::visit(ConfigVisitor& v) {
  v.field("latent_dim", latent_dim, "dimension of the conformation latent");
  v.field("prior_components", prior_components, "normal distributions in the learned prior; 1: standard normal");
  v.field("atom_width", atom_width, "A, standard deviation of an atom's blob at the start");
  v.field("largest_atom_width", largest_atom_width, "A, which residues may learn to widen to; not above atom_width: widths are not learned");
  v.field("padding", padding, "rendered grid over the box; 1: the CTF wraps around, 2: it never does");
  v.group("encoder", encoder);
  v.group("decoder", decoder);
  v.group("pose_network", pose_network);
}

}  // namespace cryomer
