// The sizes and choices that make a model; saved with every run.
#pragma once

#include "cryomer/base/config.h"

namespace cryomer {

struct EncoderConfig {
  std::string kind = "canonical";                  // canonical, image
  std::vector<int64_t> widths = {512, 512, 512};   // of the hidden layers
  int64_t grid = 16;                               // canonical: points along each axis of the molecule's frame
  double grid_margin = 8;                          // canonical: A; points farther from every base atom are left out
  void visit(ConfigVisitor& v);
};

struct DecoderConfig {
  int64_t width = 256;           // of the residual blocks
  int64_t blocks = 5;
  int64_t representation = 512;  // width of the decoded representation
  int64_t modes = 128;           // normal modes the output is written in; 0: nine free numbers a residue, as the paper
  double mode_amplitude = 3.5;   // A RMSD of the softest mode for a latent of one; others by 1/sqrt(stiffness)
  double contact_factor = 0.1;   // strength of the elastic network's contacts between parts that are far apart along the chain
  int64_t start_modes = 6;       // latents that drive the softest modes from the start
  bool side_chains = true;       // turn about their bonds; false: rigid with their residues, as the paper
  bool free_residues = true;     // with modes: six numbers a residue on top of them
  void visit(ConfigVisitor& v);
};

// Poses from a network, as the paper has them; else they are given or searched for.
struct PoseNetworkConfig {
  bool used = false;
  double shift_scale = 2;                        // A that a shift latent of one means
  std::vector<int64_t> widths = {32, 32, 32};    // of the hidden layers
  void visit(ConfigVisitor& v);
};

struct ModelConfig {
  int64_t latent_dim = 32;
  int64_t prior_components = 8;  // normal distributions in the learned prior; 1: standard normal, as the paper
  double atom_width = 1.0;  // A, standard deviation of an atom's blob at the start
  double largest_atom_width = 2.0;  // A, which atoms may widen to; not above atom_width: they do not, as the paper
  double padding = 1.0;     // the rendered grid over the box; 2: the CTF never wraps around
  EncoderConfig encoder;
  DecoderConfig decoder;
  PoseNetworkConfig pose_network;
  void visit(ConfigVisitor& v);
};

}  // namespace cryomer
