// A detector's modulation transfer function over q in cycles per pixel (Nyquist 0.5), 1 at 0: analytic forms, or a curve from
// RELION's MTF files (_rlnResolutionInversePixel, _rlnMtfValue).
#pragma once

#include <string>
#include <vector>

namespace cryomer {

class ModulationTransfer {
 public:
  // ideal, pixel (a pixel's own sinc), k2, falcon4, falcon3, falcon2, de20, tem-simulator, or the name of a STAR file.
  explicit ModulationTransfer(const std::string& name);

  double operator()(double q) const;
  bool is_ideal() const { return form_ == Form::ideal; }

 private:
  enum class Form { ideal, pixel, decay, lorentz, curve };
  void read(const std::string& path);

  Form form_ = Form::ideal;
  std::vector<double> number_;     // of the analytic form
  std::vector<double> q_, value_;  // of the curve
};

}  // namespace cryomer
