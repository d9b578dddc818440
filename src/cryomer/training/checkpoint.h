// What a checkpoint holds, as named tensors: "parameter/<name>", "images/...", "prior/...", "optimiser/...",
// "posterior/...", "state/...", and the configuration as text.
#pragma once

#include "cryomer/geometry/vec3.h"
#include "cryomer/model/autoencoder.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/tensor/safetensors.h"
#include "cryomer/training/adam.h"
#include "cryomer/training/pose_table.h"

namespace cryomer {

// Restoring fails, naming the tensor and the file, when something is missing or has another shape.

// A copy; -1 in the shape fits any size.
Tensor restore_tensor(const NamedTensors& checkpoint, const std::string& name, at::IntArrayRef shape, const std::string& source);

// The model's parameters and what it learned from the data besides (noise, scale, feature scale, prior).
void store_model(const Autoencoder& model, NamedTensors& checkpoint);
void restore_model(Autoencoder& model, const NamedTensors& checkpoint, const std::string& source);

void store_optimiser(const Adam& optimiser, NamedTensors& checkpoint);
void restore_optimiser(Adam& optimiser, const NamedTensors& checkpoint, const std::string& source);

void store_posteriors(const PosteriorTable& table, NamedTensors& checkpoint);
// Leaves the table empty when the checkpoint is of the first stage.
void restore_posteriors(PosteriorTable& table, int64_t rows, int64_t dim, const NamedTensors& checkpoint, const std::string& source);

void store_poses(const PoseTable& table, NamedTensors& checkpoint);
void restore_poses(PoseTable& table, int64_t particles, int64_t slots, const NamedTensors& checkpoint, const std::string& source);

void store_origin(Vec3 origin, NamedTensors& checkpoint);
Vec3 restore_origin(const NamedTensors& checkpoint, const std::string& source);

// Coordinates that are not those of the structure's file.
void store_structure(const Structure& structure, NamedTensors& checkpoint);
// False, and nothing is changed, where there are none.
bool restore_structure(Structure& structure, const NamedTensors& checkpoint, const std::string& source);

void store_scalar(NamedTensors& checkpoint, const std::string& name, double value);
double restore_scalar(const NamedTensors& checkpoint, const std::string& name, const std::string& source);

}  // namespace cryomer
