#include "cryomer/tensor/tensor.h"

#include <ATen/Parallel.h>

#include <thread>

namespace cryomer {

Tensor tensor_from(const std::vector<float>& values, at::IntArrayRef shape) {
  Tensor result = at::empty(shape, at::kFloat);
  if (result.numel() != static_cast<int64_t>(values.size())) {
    fail("{} values do not fill a tensor of shape {}", values.size(), shape_text(shape));
  }
  std::copy(values.begin(), values.end(), result.data_ptr<float>());
  return result;
}

Tensor tensor_from(const std::vector<int64_t>& values) {
  Tensor result = at::empty({static_cast<int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), result.data_ptr<int64_t>());
  return result;
}

Tensor tensor_from(const std::vector<double>& values) {
  Tensor result = at::empty({static_cast<int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), result.data_ptr<double>());
  return result;
}

std::vector<float> to_floats(const Tensor& tensor) {
  const Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
}

std::vector<double> to_doubles(const Tensor& tensor) {
  const Tensor plain = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  return {plain.data_ptr<double>(), plain.data_ptr<double>() + plain.numel()};
}

Tensor brought_to(at::Device device, const Tensor& tensor) { return tensor.to(device, tensor.scalar_type(), /*non_blocking=*/device.is_cuda()); }

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

void check_shape(const Tensor& tensor, const char* argument, at::IntArrayRef shape) {
  bool fits = tensor.defined() && tensor.dim() == static_cast<int64_t>(shape.size());
  for (size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] == -1 || tensor.size(i) == shape[i];
  if (!fits) {
    fail("{} has shape {}, expected {} (-1: any)", argument,
         tensor.defined() ? shape_text(tensor.sizes()) : "nothing", shape_text(shape));
  }
}

void check_float(const Tensor& tensor, const char* argument, at::Device device) {
  if (tensor.device().type() != device.type() || tensor.scalar_type() != at::kFloat || !tensor.is_contiguous()) {
    fail("{} must be a contiguous float32 tensor on {}", argument, device.is_cpu() ? "the CPU" : "the GPU");
  }
}

void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  at::parallel_for(0, count, grain, [&](int64_t first, int64_t last) { body(first, last); });
}

int64_t part_count(int64_t count, int64_t least) {
  return std::max<int64_t>(1, std::min<int64_t>(count / std::max<int64_t>(1, least), thread_count()));
}

void parallel_parts(int64_t count, int64_t parts, const std::function<void(int64_t, int64_t, int64_t)>& body) {
  if (parts <= 1) return body(0, 0, count);
  const bool gradients = at::GradMode::is_enabled();
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    const at::AutoGradMode mode(gradients);
    for (int64_t part = begin; part < end; ++part) body(part, count * part / parts, count * (part + 1) / parts);
  });
}

void set_thread_count(int threads) {
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(threads);
}

ThreadLimit::ThreadLimit(int most) : before_(thread_count()) {
  if (most < before_) set_thread_count(most);
}

ThreadLimit::~ThreadLimit() {
  if (thread_count() != before_) set_thread_count(before_);
}

int thread_count() { return at::get_num_threads(); }

std::string message_of(const std::exception& problem) {
  const auto* const of_torch = dynamic_cast<const c10::Error*>(&problem);
  if (!of_torch) return problem.what();
  const std::string text = of_torch->what_without_backtrace();
  if (text.find("CUDA out of memory") != std::string::npos) {
    return "the GPU is out of memory: take a smaller optimiser.batch_size, or --device cpu (" + text.substr(0, text.find('\n')) + ")";
  }
  const bool memory = text.find("llocate memory") != std::string::npos || text.find("torage size calculation") != std::string::npos;
  if (memory) return "out of memory: the sizes asked for are too large for this machine (" + text.substr(0, text.find('\n')) + ")";
  return text;
}

}  // namespace cryomer
