// In place of the .cu files, where the build has no CUDA.
#include "cryomer/base/error.h"
#include "cryomer/kernels/cuda_kernels.h"

namespace cryomer::cuda {

namespace {

[[noreturn]] void absent() { fail("this build has no CUDA kernels; configure it with -DCRYOMER_CUDA=ON"); }

}  // namespace

std::string device_name() { absent(); }
void render(const Views&, float*) { absent(); }
void render_backward(const Views&, const float*, const ViewGradients&) { absent(); }
void multiply(const float*, const int64_t*, int, int, float*) { absent(); }
void compare(const Observed&, int, bool, float, float*, float*) { absent(); }
void sample(const Views&, const float*, float*) { absent(); }
void place_atoms(const Bodies&, Movement, int, const float*, const float*, float*) { absent(); }
void place_atoms_backward(const Bodies&, Movement, int, const float*, const float*, const float*, const float*, float*, float*, float*) { absent(); }
void distance_restraints(const DistanceRestraint*, int, int, int, const float*, float*, float*) { absent(); }
void clashes(const ClashRulesView&, int, const float*, float*, float*) { absent(); }
void backbone_torsions(const BackboneTorsionRules::Residue*, int, const TorsionRegion*, double, int, int, const float*, float*, float*) { absent(); }

}  // namespace cryomer::cuda
