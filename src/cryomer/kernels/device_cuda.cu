#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/kernels/cuda_launch.cuh"

namespace cryomer::cuda {

std::string device_name() {
  int device = 0;
  check(cudaGetDevice(&device), "be asked for its number");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, device), "be asked for its name");
  return properties.name;
}

}  // namespace cryomer::cuda
