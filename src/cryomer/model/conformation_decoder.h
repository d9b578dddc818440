// From a conformation latent to a structure: a residual network whose output moves the rigid residues of the base
// (Rosenbaum et al. 2021, section 2.3 and appendix). The output is written either as nine free numbers a residue, as in the
// paper, or in normal modes of an elastic network, where soft motions are large and stiff ones small. Side chains turn about their bonds.
#pragma once

#include "cryomer/model/layers.h"
#include "cryomer/model/model_config.h"
#include "cryomer/ops/place_atoms_op.h"
#include "cryomer/protein/normal_modes.h"

namespace cryomer {

class ConformationDecoder {
 public:
  ConformationDecoder(const DecoderConfig& config, const std::shared_ptr<const RigidBodyData>& bodies,
                      const NormalModes& modes, int64_t latent_dim, ParameterSet& parameters);

  void move_to(at::Device device) { mode_basis_ = mode_basis_.defined() ? mode_basis_.to(device) : mode_basis_; }

  // Moves of the residues, [samples, residues, 6 or 9] by movement(), and what the side chains turn by, [samples,
  // torsions] radians (not defined when they are rigid).
  struct Moves {
    Tensor residues, torsions;
  };
  // latents [samples, latent_dim] -> the decoded representation, [samples, representation_size()], and the moves it means.
  Tensor representation(const Tensor& latents) const;
  Moves moves(const Tensor& latents, const Tensor& representation) const;
  Moves moves(const Tensor& latents) const { return moves(latents, representation(latents)); }
  int64_t representation_size() const { return representation_.weight.size(0); }
  // -> positions [samples, atoms, 3] A, in the frame of the centred base.
  Tensor place(const Moves& moves) const { return place_atoms(bodies_, movement(), moves.residues, moves.torsions); }
  // [modes, residues * 6], each mode times its amplitude; not defined without modes. Part of what is learned: the sign of a mode, and which
  // modes those of equal stiffness are, is chance, so that another machine's are others.
  const Tensor& mode_basis() const { return mode_basis_; }
  Movement movement() const { return mode_basis_.defined() ? Movement::twist : Movement::delta; }
  Tensor operator()(const Tensor& latents) const { return place(moves(latents)); }

 private:
  struct Block {
    LayerNorm norm;
    Linear first, second;
  };

  std::shared_ptr<const RigidBodyData> bodies_;
  Tensor mode_basis_;
  int64_t residues_;
  Linear input_, representation_;
  std::vector<Block> blocks_;
  LayerNorm norm_;
  Linear modes_, free_, torsions_;
  Tensor skip_;  // [modes, latent_dim]
};

}  // namespace cryomer
