// Marks what CUDA kernels call as well: the reference is then the same function on both.
#pragma once

#ifdef __CUDACC__
#define CRYOMER_HOST_DEVICE __host__ __device__
#else
#define CRYOMER_HOST_DEVICE
#endif
