#include "cryomer/model/conformation_decoder.h"

#include <algorithm>
#include <cmath>

namespace cryomer {

ConformationDecoder::ConformationDecoder(const DecoderConfig& config, const std::shared_ptr<const RigidBodyData>& bodies,
                                         const NormalModes& modes, int64_t latent_dim, ParameterSet& parameters)
    : bodies_(bodies), residues_(bodies->residue_count()) {
  input_ = Linear(parameters, "decoder.input", latent_dim, config.width);
  for (int64_t i = 0; i < config.blocks; ++i) {
    const std::string name = formatted("decoder.block.{}", i);
    Block block;
    block.norm = LayerNorm(parameters, name + ".norm", config.width);
    block.first = Linear(parameters, name + ".first", config.width, config.width);
    block.second = Linear(parameters, name + ".second", config.width, config.width, 0);
    blocks_.push_back(block);
  }
  norm_ = LayerNorm(parameters, "decoder.norm", config.width);
  representation_ = Linear(parameters, "decoder.representation", config.width, config.representation);
  if (modes.size() > 0) {
    Tensor amplitude = at::empty({modes.size(), 1});
    for (int64_t m = 0; m < modes.size(); ++m) {
      amplitude.data_ptr<float>()[m] =
          static_cast<float>(config.mode_amplitude * std::sqrt(modes.stiffness[0] / modes.stiffness[m]));
    }
    mode_basis_ = (modes.twists().reshape({modes.size(), -1}) * amplitude).contiguous();
    modes_ = Linear(parameters, "decoder.modes", config.representation, modes.size(), 0);
    Tensor skip = at::zeros({modes.size(), latent_dim});
    for (int64_t m = 0; m < std::min({config.start_modes, modes.size(), latent_dim}); ++m) skip[m][m] = 1;
    skip_ = parameters.from("decoder.skip", skip);
  }
  if (modes.size() == 0 || config.free_residues) {
    free_ = Linear(parameters, "decoder.free", config.representation, residues_ * size_of(movement()), 0);
  }
  if (config.side_chains && bodies->side_chains.count() > 0) {
    torsions_ = Linear(parameters, "decoder.torsions", config.representation, bodies->side_chains.count(), 0);
  }
}

Tensor ConformationDecoder::representation(const Tensor& latents) const {
  Tensor h = input_(latents.to(input_.weight.device()));
  for (const Block& block : blocks_) h = h + block.second(at::leaky_relu(block.first(block.norm(h))));
  return at::leaky_relu(representation_(norm_(h)));
}

ConformationDecoder::Moves ConformationDecoder::moves(const Tensor& latents, const Tensor& representation) const {
  Tensor result;
  if (mode_basis_.defined()) result = at::matmul(modes_(representation) + at::linear(latents.to(skip_.device()), skip_), mode_basis_);
  if (free_.weight.defined()) result = result.defined() ? result + free_(representation) : free_(representation);
  return {result.reshape({-1, residues_, size_of(movement())}), torsions_.weight.defined() ? torsions_(representation) : Tensor()};
}

}  // namespace cryomer
