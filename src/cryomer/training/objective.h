// What training minimises, for a batch of images. Computed where the model is; batches may be on the CPU.
#pragma once

#include <optional>

#include "cryomer/kernels/backbone_torsions.h"
#include "cryomer/kernels/clashes.h"
#include "cryomer/kernels/distance_restraints.h"
#include "cryomer/model/autoencoder.h"
#include "cryomer/ops/structure_energies.h"
#include "cryomer/pose_search/pose_refinement.h"
#include "cryomer/training/training_config.h"

namespace cryomer {

// What the objective adds up, as means.
struct Figures {
  double log_likelihood = 0;  // nats per image, relative to an empty image: mean over samples, or as the objective's kind says
  double kl = 0;              // nats per image
  double chain = 0;           // restraint energy per structure, nats
  double clashes = 0;         // energy of clashes per structure, nats
  double ramachandran = 0;    // energy of backbone torsions per structure, nats
  double rotamers = 0;        // energy of side chains that are not staggered, per structure, nats
  double torsions = 0;        // sum of 1 - cos of what the side chains turn by, per structure
  double centring = 0;        // squared centre of mass, A^2
  double left_handed = 0;     // energy of backbones that are left-handed where the base structure is not, per structure, nats

  void add(double share, const Figures& other);
};

struct LossTerms {
  Tensor total;           // scalar, differentiable: mean over images, weighted
  Tensor means;           // [9], what figures() says, where the model is
  Tensor positions;       // [batch * samples, atoms, 3] without gradient
  Tensor latents;         // [batch * samples, latent_dim] without gradient
  Tensor overlap, power;  // [batch * samples], see ImageLikelihood
  Tensor bound;           // [batch] nats: log likelihood - divergence, without gradient

  Figures figures() const;  // waits for a GPU that is still at them
};

struct Restraints {
  std::shared_ptr<const std::vector<DistanceRestraint>> chain;
  std::shared_ptr<const ClashRules> clashes = {};                 // none: they have no price
  std::shared_ptr<const BackboneTorsionRules> ramachandran = {};  // none: likewise
  std::optional<StaggeringRules> rotamers = {};                   // none: likewise
  std::shared_ptr<const BackboneTorsionRules> left_handed = {};   // none: likewise
};

// Where a run stands: shares of the configured weights that count, in [0, 1], and the weight of the divergence from the prior, which is
// one in a bound of the likelihood.
struct ObjectiveStage {
  double warmth = 1;      // of the chain, side chains that are not staggered, clashes, and left-handed backbones
  double strictness = 1;  // of backbone torsions
  double conformation_kl = 1;
};

// Latents drawn from the posteriors of some images, and what the decoder makes of them.
struct DrawnConformations {
  Tensor drawn;           // [images, samples, latent_dim]
  Tensor latents;         // [images * samples, latent_dim], the same
  Tensor representation;  // [images * samples, .]
  ConformationDecoder::Moves moves;
  Tensor positions;       // [images * samples, atoms, 3] A
};
// posterior: of each image's conformation. noise [images, samples, latent_dim], standard normal.
DrawnConformations draw_conformations(const Autoencoder& model, const DiagonalGaussian& posterior, const Tensor& noise);

// Each drawn conformation at the pose near its image's own that fits it best (see follow_conformations): poses [images * samples], and
// where an image's conformations want its pose on average, [images, 5] A.
FollowingPoses posed_by_conformations(const Autoencoder& model, const DrawnConformations& conformations, const ParticleBatch& batch,
                                      const ObservedBatch& observed, const Tensor& deviation, double radius);

// `posterior`: where the conformations were drawn from. `weight` [batch]: what each row counts in the means (all alike when it is not
// given). The batch's poses are one for each image, or the same number for each sample (its own are neighbours), and gradients reach them.
LossTerms loss(const Autoencoder& model, const ObjectiveConfig& config, const Restraints& restraints,
               const ParticleBatch& batch, const ObservedBatch& observed, const DiagonalGaussian& posterior,
               const DrawnConformations& conformations, const ObjectiveStage& stage, const Tensor& weight = {});

// The paper's objective where poses come from the model's network: latents from the encoder, `pose_samples` poses for each
// conformation sample. `alone`: its first stage, in which `pose_samples_alone` poses of the base structure explain each image and
// nothing but the poses is learned. noise [batch, samples, latent_dim]; `random` draws the poses.
LossTerms amortised_pose_loss(const Autoencoder& model, const ObjectiveConfig& config, const Restraints& restraints, const ParticleBatch& batch,
                              const ObservedBatch& observed, const Tensor& noise, bool alone, const ObjectiveStage& stage, Random random);

// Standard normal draws [batch, samples, dim] in pairs of opposite sign, which cancel much of the gradient's noise.
Tensor antithetic_noise(Random random, int64_t batch, int64_t samples, int64_t dim);

// Minus the mean log density that the encoder gives to the latents which made simulated images: the poses and optics are
// those of the batch, the conformations [images, atoms, 3] and their latents come from the model, the noise is drawn. The
// "sleep" step of Hinton et al. 1995: it never sees the same noise twice.
Tensor sleep_loss(const Autoencoder& model, const ParticleBatch& batch, const Tensor& positions, const Tensor& latents,
                  Random random);

}  // namespace cryomer
