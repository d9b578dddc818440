// How wide the atoms' blobs are, learned with the rest. All may be wider alike (the microscope shows less detail than atoms of the
// starting width have), and each residue may be wider by its own mobility: motion that the latents do not hold blurs it in every
// image. What is learned is a B-factor, 8 pi^2 times the squared width beyond the starting one.
#pragma once

#include "cryomer/ops/place_atoms_op.h"
#include "cryomer/model/layers.h"
#include "cryomer/model/model_config.h"

namespace cryomer {

class AtomWidths {
 public:
  AtomWidths(const ModelConfig& config, const RigidBodyData& bodies, ParameterSet& parameters);

  bool learned() const { return mobility_.defined(); }
  // [atoms] A, differentiable in what is learned.
  Tensor operator()() const;
  // A^2, of each atom; [atoms].
  Tensor b_factors() const;

  void move_to(at::Device device) { residue_ = residue_.to(device); }

  double mobile_share = 1;  // of the residues' own mobility that counts

 private:
  double start_, most_ = 0;   // A; A^2 beyond its square
  Tensor common_, mobility_;  // [1], [residues]; undefined when widths are not learned
  Tensor residue_;            // [atoms]
};

}  // namespace cryomer
