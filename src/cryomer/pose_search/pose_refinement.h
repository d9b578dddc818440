// Poses improved one by one by gradient ascent of the exact likelihood, from wherever a search or a file left them.
#pragma once

#include "cryomer/imaging/image_model.h"

namespace cryomer {

// Turns each rotation about the molecule's axes by a small vector: exact to first order, which is what a gradient at zero
// needs. turn [views, 3] rad.
Tensor turned(const Tensor& rotation, const Tensor& turn);
// The same, finite: exp of the vector, times the rotation.
Tensor turned_exactly(const Tensor& rotation, const Tensor& turn);

// Root mean square distance of the atoms from their centre, A: turning by an angle moves the molecule by about so much
// times the angle, which puts turns and shifts on one scale. positions [conformations, atoms, 3].
double molecule_radius(const Tensor& positions);

struct PoseAscent {
  int steps = 24;
  double first_step = 1.0;  // A that the molecule moves
  double last_step = 0.05;
};

struct RefinedPoses {
  Poses poses;
  Tensor log_likelihood;  // [views], at these poses
};

// Of each view the best pose seen on the way, so never worse than the start; on the CPU, wherever it is computed.
RefinedPoses refine_poses(const ImageModel& images, const ObservedBatch& observed, const Tensor& positions,
                          const ViewIndex& views, const Poses& start, const PoseAscent& ascent = {});

struct FollowingPoses {
  Poses poses;  // [views]
  Tensor move;  // [views, 5] A that each went: turns times the radius, then shifts
};

// Each view's pose moved towards the best one for its own conformation: one Newton step with the curvature that `deviation` [5] A
// (see pose_deviations) stands for, shortened or left out where the likelihood says so. positions [views, atoms, 3], `image` [views].
FollowingPoses follow_conformations(const ImageModel& images, const ObservedBatch& observed, const Tensor& positions, const Tensor& image,
                                    const Poses& start, const Tensor& deviation, double radius);

// How well images like these hold a pose in place: for each of its five directions (turns times the molecule's radius, then shifts) the
// standard deviation, A, of a normal distribution that falls off as the likelihood does about the batches' poses, on average over their
// images (Laplace's approximation). positions [1, atoms, 3].
Tensor pose_deviations(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Tensor& positions);

}  // namespace cryomer
