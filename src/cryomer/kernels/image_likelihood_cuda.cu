// A block of threads to a view.
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/kernels/cuda_launch.cuh"
#include "cryomer/kernels/image_likelihood_loops.h"

namespace cryomer::cuda {

namespace {

__global__ void multiply_kernel(const float* real, const int64_t* image, int count, float* spectra) {
  const float* const factor = real + image[blockIdx.x] * count;
  float2* const out = reinterpret_cast<float2*>(spectra) + int64_t(blockIdx.x) * count;
  for (int k = threadIdx.x; k < count; k += blockDim.x) out[k] = {out[k].x * factor[k], out[k].y * factor[k]};
}

__global__ void compare_kernel(Observed observed, int views, bool residuals, float factor, float* spectra, float* values) {
  const int view = blockIdx.x, half = observed.box / 2 + 1, area = observed.box * half;
  const int64_t image = observed.image[view];
  const float2* const data = reinterpret_cast<const float2*>(observed.weighted_data) + image * area;
  const float* const weight = observed.weighted_power + image * area;
  float2* const f = reinterpret_cast<float2*>(spectra) + int64_t(view) * area;
  float overlap = 0, power = 0;
  for (int k = threadIdx.x; k < area; k += blockDim.x) {
    // The columns u = 0 and u = box / 2 stand for themselves, all others also for their conjugates.
    const int u = k % half;
    const float times = u == 0 || u == half - 1 ? 1.0f : 2.0f;
    overlap += times * (f[k].x * data[k].x + f[k].y * data[k].y);
    power += times * weight[k] * (f[k].x * f[k].x + f[k].y * f[k].y);
  }
  __shared__ double sums[2];
  __shared__ float scale;
  if (threadIdx.x < 2) sums[threadIdx.x] = 0;
  __syncthreads();
  overlap = warp_sum(overlap);
  power = warp_sum(power);
  if (threadIdx.x % 32 == 0) {
    atomicAdd(&sums[0], double(overlap));
    atomicAdd(&sums[1], double(power));
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    const detail::Judged judged = detail::judged(sums[0], sums[1], observed.scale_mean[image], observed.scale_precision[image]);
    scale = float(judged.scale);
    values[view] = float(judged.log_likelihood);
    values[views + view] = scale;
    values[2 * views + view] = float(sums[0]);
    values[3 * views + view] = float(sums[1]);
  }
  if (!residuals) return;
  __syncthreads();
  const float first = factor * scale, second = factor * scale * scale;
  for (int k = threadIdx.x; k < area; k += blockDim.x) {
    const float w = second * weight[k];
    f[k] = {first * data[k].x - w * f[k].x, first * data[k].y - w * f[k].y};
  }
}

}  // namespace

void multiply(const float* real, const int64_t* image, int views, int count, float* spectra) {
  if (views == 0) return;
  multiply_kernel<<<unsigned(views), kThreads>>>(real, image, count, spectra);
  check_launch("multiply spectra");
}

void compare(const Observed& observed, int views, bool residuals, float factor, float* spectra, float* values) {
  if (views == 0) return;
  compare_kernel<<<unsigned(views), kThreads>>>(observed, views, residuals, factor, spectra, values);
  check_launch("compare spectra");
}

}  // namespace cryomer::cuda
