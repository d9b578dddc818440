// How well a set of atoms in a given pose explains one observed image, and the exact gradient of that.
//
// Forward model (weak-phase approximation): image = scale * CTF * projection + offset + noise, the projection a sum of
// Gaussian blobs (splat.h). In Fourier space, with Y the observed image's transform, F the projection's, C the CTF and
// 1 / w the expected |noise|^2 at each frequency (w = 0 at k = 0, which takes the offset out),
//
//   log p(Y | atoms, scale) = -1/2 sum_k w_k |Y_k - scale C_k F_k|^2 + const = scale a - 1/2 scale^2 b + const
//   a = sum_k Re(conj(F_k) w_k C_k Y_k),   b = sum_k w_k C_k^2 |F_k|^2     (sums over the full spectrum)
//
// and the scale, with a normal prior of mean m and precision t, takes its most probable value (a + t m) / (b + t).
// Everything that depends on the observed image enters through w C Y and w C^2, prepared once for all conformations.
#pragma once

#include <vector>

#include "cryomer/kernels/cpu.h"

namespace cryomer {

// What is rendered. Positions are separate: they change from call to call.
struct AtomBlobs {
  const float* amplitude = nullptr;  // [count] mass of each atom's blob
  const float* width = nullptr;      // [count] standard deviation, A
  int count = 0;
};

// Pose and sampling of one image.
struct View {
  float rotation[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};  // row-major, x_view = rotation * x; only two rows are used
  float shift_x = 0, shift_y = 0;                   // A, moves the particle
  float pixel_size = 1;                             // A
};

// One observed image, ready for comparison. Half spectra [box][box / 2 + 1].
struct ObservedImage {
  const float* weighted_data = nullptr;   // w C Y, interleaved complex; with padding w Y
  const float* weighted_power = nullptr;  // w C^2; with padding w
  const float* padded_ctf = nullptr;      // C on the padded grid; only with padding
  float scale_mean = 1;                   // prior of the image's scale
  float scale_precision = 0;              // 0: the scale is free; huge: it is scale_mean
};

struct Grid {
  int box = 0;     // pixels of the observed image, even
  int padded = 0;  // pixels of the grid that is rendered on, even, >= box. Equal: the CTF wraps around the box.
};

struct ImageLikelihood {
  // log p(Y | atoms) - log p(Y | nothing there), without normalising constants: scale a - scale^2 b / 2, minus the
  // price of the scale's deviation from its prior.
  float log_likelihood = 0;
  float scale = 0;
  float overlap = 0;  // a
  float power = 0;    // b
};

// dL / d(...) of the log likelihood.
struct ImageGradients {
  float* positions = nullptr;  // [count][3], overwritten
  float* widths = nullptr;     // [count], overwritten; may be null
  float rotation[6] = {};      // of the first two rows of the view's rotation
  float shift[2] = {};
};

// Scratch memory of one thread.
struct ImageWorkspace {
  std::vector<float> x, y, weight, falloff, gradient_x, gradient_y, gradient_weight, gradient_falloff, image, spectrum, cropped, cropped_spectrum;
};

// positions [count][3] in A, origin at the centre of rotation. `gradients` may be null.
ImageLikelihood image_likelihood(const AtomBlobs& atoms, const float* positions, const View& view,
                                 const ObservedImage& observed, const Grid& grid, ImageGradients* gradients,
                                 ImageWorkspace& workspace, InstructionSet set = active_instruction_set());

// The projection alone: adds nothing but the blobs to image [padded][padded], which is overwritten.
void render_projection(const AtomBlobs& atoms, const float* positions, const View& view, const Grid& grid, float* image,
                       ImageWorkspace& workspace, InstructionSet set = active_instruction_set());

// The adjoint of render_projection at given points: values[a] = sum of image times the blob of point a, divided by the
// blob's amplitude of one. Used to look at an image from the molecule's own frame.
void sample_image(const AtomBlobs& points, const float* positions, const View& view, const Grid& grid, const float* image,
                  float* values, ImageWorkspace& workspace, InstructionSet set = active_instruction_set());

}  // namespace cryomer
