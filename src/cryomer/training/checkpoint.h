// What a checkpoint holds, as named tensors: "parameter/<name>", "optimiser/...", "images/...", "state/...", and the
// configuration as text.
#pragma once

#include "cryomer/model/autoencoder.h"
#include "cryomer/tensor/safetensors.h"
#include "cryomer/training/adam.h"

namespace cryomer {

// The model's parameters and its constants learned from the data (noise, scale, feature scale).
void store_model(const Autoencoder& model, NamedTensors& checkpoint);
// Fails, naming the tensor, when something is missing or has another shape.
void restore_model(Autoencoder& model, const NamedTensors& checkpoint, const std::string& source);

void store_optimiser(const Adam& optimiser, NamedTensors& checkpoint);
void restore_optimiser(Adam& optimiser, const NamedTensors& checkpoint, const std::string& source);

double scalar(const NamedTensors& checkpoint, const std::string& name, const std::string& source);
void store_scalar(NamedTensors& checkpoint, const std::string& name, double value);

}  // namespace cryomer
