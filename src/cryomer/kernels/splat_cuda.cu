// Rendering: a block of threads to a view, a thread to an atom, the image in the block's shared memory where it fits.
// Its adjoint: a thread to an atom and view.
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/kernels/cuda_launch.cuh"
#include "cryomer/kernels/image_likelihood_loops.h"
#include "cryomer/kernels/splat_blob.h"

namespace cryomer::cuda {

namespace {

struct ProjectedAtom {
  float x, y, weight, falloff;

  __device__ Blobs blob() const { return {&x, &y, &weight, &falloff, 1}; }
};

__device__ ProjectedAtom project(const Views& v, int view, int atom) {
  const float pixel_size = v.pixel_size[view];
  float rotation[6];
  for (int i = 0; i < 6; ++i) rotation[i] = v.rotation[9 * int64_t(view) + i] / pixel_size;
  const float* p = v.positions + 3 * (v.conformation[view] * v.atoms + atom);
  const detail::Centre centre = detail::projected(rotation, v.shift[2 * view] / pixel_size + v.size / 2,
                                                  v.shift[2 * view + 1] / pixel_size + v.size / 2, p[0], p[1], p[2]);
  const detail::BlobShape shape = detail::blob_shape(v.amplitude[atom], v.width[atom], pixel_size);
  return {centre.x, centre.y, shape.weight, shape.falloff};
}

__device__ void add_atoms(const Views& v, int view, float* image) {
  for (int atom = threadIdx.x; atom < v.atoms; atom += blockDim.x) {
    const ProjectedAtom a = project(v, view, atom);
    detail::for_each_pixel_of_blob(a.blob(), 0, v.size, v.size, [image](int pixel, float value) { atomicAdd(image + pixel, value); });
  }
}

__global__ void render_in_shared_memory(Views v, float* images) {
  extern __shared__ float image[];
  const int area = v.size * v.size;
  for (int i = threadIdx.x; i < area; i += blockDim.x) image[i] = 0;
  __syncthreads();
  add_atoms(v, blockIdx.x, image);
  __syncthreads();
  float* const out = images + int64_t(blockIdx.x) * area;
  for (int i = threadIdx.x; i < area; i += blockDim.x) out[i] = image[i];
}

// images are zero.
__global__ void render_in_place(Views v, float* images) { add_atoms(v, blockIdx.x, images + int64_t(blockIdx.x) * v.size * v.size); }

__global__ void render_backward_kernel(Views v, const float* image_gradients, ViewGradients out) {
  const int view = blockIdx.y, atom = blockIdx.x * blockDim.x + threadIdx.x;
  float pose[8] = {};
  if (atom < v.atoms) {
    const ProjectedAtom a = project(v, view, atom);
    float gx = 0, gy = 0, gweight = 0, gfalloff = 0;
    detail::splat_blob_backward(a.blob(), 0, image_gradients + int64_t(view) * v.size * v.size, v.size, v.size, {&gx, &gy, &gweight, &gfalloff});
    const int64_t row = int64_t(view) * v.atoms + atom;
    // Weight and falloff both go with the inverse square of the width.
    if (out.widths) out.widths[row] = -2 / v.width[atom] * (a.weight * gweight + a.falloff * gfalloff);
    const float per_angstrom = 1 / v.pixel_size[view];
    gx *= per_angstrom;
    gy *= per_angstrom;
    const float* p = v.positions + 3 * (v.conformation[view] * v.atoms + atom);
    const float* r = v.rotation + 9 * int64_t(view);
    for (int i = 0; i < 3; ++i) {
      out.positions[3 * row + i] = r[i] * gx + r[3 + i] * gy;
      pose[i] = gx * p[i];
      pose[3 + i] = gy * p[i];
    }
    pose[6] = gx;
    pose[7] = gy;
  }
  for (int k = 0; k < 8; ++k) {
    const float sum = warp_sum(pose[k]);
    if (threadIdx.x % 32 == 0) atomicAdd(out.poses + 8 * int64_t(view) + k, sum);
  }
}

__global__ void sample_kernel(Views v, const float* images, float* values) {
  const int view = blockIdx.y, atom = blockIdx.x * blockDim.x + threadIdx.x;
  if (atom >= v.atoms) return;
  const ProjectedAtom a = project(v, view, atom);
  float gx = 0, gy = 0, seen = 0;
  detail::splat_blob_backward(a.blob(), 0, images + int64_t(view) * v.size * v.size, v.size, v.size, {&gx, &gy, &seen, nullptr});
  values[int64_t(view) * v.atoms + atom] = seen * a.weight / v.amplitude[atom];
}

// A grid's second dimension ends here.
constexpr int kMostViews = 65535;

Views some_of(Views v, int first, int count) {
  v.rotation += 9 * int64_t(first);
  v.shift += 2 * int64_t(first);
  v.pixel_size += first;
  v.conformation += first;
  v.views = count;
  return v;
}

}  // namespace

void render(const Views& v, float* images) {
  if (v.views == 0) return;
  const size_t bytes = size_t(v.size) * size_t(v.size) * sizeof(float);
  int device = 0, most = 0;
  check(cudaGetDevice(&device), "be asked for its number");
  check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "be asked for its shared memory");
  constexpr int kRenderThreads = 512;
  if (bytes <= size_t(most)) {
    check(cudaFuncSetAttribute(render_in_shared_memory, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes)), "reserve shared memory");
    render_in_shared_memory<<<unsigned(v.views), kRenderThreads, bytes>>>(v, images);
  } else {
    check(cudaMemsetAsync(images, 0, bytes * size_t(v.views)), "clear images");
    render_in_place<<<unsigned(v.views), kRenderThreads>>>(v, images);
  }
  check_launch("render images");
}

void render_backward(const Views& v, const float* image_gradients, const ViewGradients& out) {
  if (v.views == 0) return;
  check(cudaMemsetAsync(out.poses, 0, 8 * sizeof(float) * size_t(v.views)), "clear gradients");
  for (int first = 0; first < v.views; first += kMostViews) {
    const int count = v.views - first < kMostViews ? v.views - first : kMostViews;
    const int64_t atoms_before = int64_t(first) * v.atoms;
    const ViewGradients part{out.positions + 3 * atoms_before, out.widths ? out.widths + atoms_before : nullptr, out.poses + 8 * int64_t(first)};
    render_backward_kernel<<<dim3(blocks_for(v.atoms), unsigned(count)), kThreads>>>(some_of(v, first, count), image_gradients + int64_t(first) * v.size * v.size, part);
  }
  check_launch("find gradients of images");
}

void sample(const Views& v, const float* images, float* values) {
  for (int first = 0; first < v.views; first += kMostViews) {
    const int count = v.views - first < kMostViews ? v.views - first : kMostViews;
    sample_kernel<<<dim3(blocks_for(v.atoms), unsigned(count)), kThreads>>>(some_of(v, first, count), images + int64_t(first) * v.size * v.size,
                                                                            values + int64_t(first) * v.atoms);
  }
  check_launch("sample images");
}

}  // namespace cryomer::cuda
