#include "cryomer/simulation/modulation_transfer.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/io/star.h"

namespace cryomer {

namespace {

double sinc(double q) {
  return std::abs(q) < 1e-9 ? 1 : std::sin(kPi * q) / (kPi * q);
}

// sinc(q) (w exp(-(q/s)^2) + (1 - w) / (1 + beta q^2)), fitted to measured curves at 300 kV: w, s, beta.
const std::map<std::string, std::vector<double>> kDecays = {{"k2", {0.918, 0.751, 2454}},
                                                            {"falcon4", {0.976, 0.354, 602}},
                                                            {"falcon3", {0.913, 0.398, 49.5}},
                                                            {"de20", {0.764, 0.531, 148}}};
// (a / (1 + alpha q^2) + b / (1 + beta q^2) + c) / (a + b + c): a, b, c, alpha, beta. c may be negative.
const std::map<std::string, std::vector<double>> kLorentzians = {{"falcon2", {0.864, 0.154, -0.024, 42, 1000}},
                                                                 {"tem-simulator", {0.7, 0.2, 0.1, 10, 40}}};

}  // namespace

ModulationTransfer::ModulationTransfer(const std::string& name) {
  if (name == "ideal") return;
  if (name == "pixel") {
    form_ = Form::pixel;
  } else if (const auto decay = kDecays.find(name); decay != kDecays.end()) {
    form_ = Form::decay;
    number_ = decay->second;
  } else if (const auto lorentz = kLorentzians.find(name); lorentz != kLorentzians.end()) {
    form_ = Form::lorentz;
    number_ = lorentz->second;
  } else if (name.find('.') != std::string::npos || name.find('/') != std::string::npos) {
    form_ = Form::curve;
    read(name);
  } else {
    const std::vector<std::string> known = {"ideal", "pixel", "k2", "falcon4", "falcon3", "falcon2", "de20", "tem-simulator"};
    fail_usage("detector.mtf (--mtf) is {}: unknown.{} Known: {}, or a STAR file with RELION's columns", name,
               did_you_mean(name, known), join(known, ", "));
  }
}

void ModulationTransfer::read(const std::string& path) {
  const StarFile file = read_star(path);
  for (const StarTable& table : file.tables) {
    const int q = table.column("rlnResolutionInversePixel"), value = table.column("rlnMtfValue");
    if (q < 0 || value < 0) continue;
    for (int64_t row = 0; row < table.row_count(); ++row) {
      q_.push_back(table.number(row, q));
      value_.push_back(table.number(row, value));
      if (row > 0 && !(q_[row] > q_[row - 1])) {
        fail("{}: expected frequencies that ascend, found {} after {}", table.where(row, q), q_[row], q_[row - 1]);
      }
      if (!(value_[row] > 0 && value_[row] <= 1.1)) {
        fail("{}: expected a modulation transfer above 0 and up to 1, found {}", table.where(row, value), value_[row]);
      }
    }
    if (q_.size() < 2 || q_.front() > 0.1 || q_.back() < 0.45) {
      fail("{}: an MTF must reach from 0 to 0.5 cycles per pixel, found {} values{}", path, q_.size(),
           q_.empty() ? "" : formatted(" from {} to {}", q_.front(), q_.back()));
    }
    for (double& v : value_) v /= value_.front();
    return;
  }
  fail("{}: not an MTF: expected a table with the columns _rlnResolutionInversePixel and _rlnMtfValue, as RELION's mtf_*.star",
       path);
}

double ModulationTransfer::operator()(double q) const {
  switch (form_) {
    case Form::ideal:
      return 1;
    case Form::pixel:
      return sinc(q);
    case Form::decay:
      return sinc(q) * (number_[0] * std::exp(-std::pow(q / number_[1], 2)) + (1 - number_[0]) / (1 + number_[2] * q * q));
    case Form::lorentz: {
      const double a = number_[0], b = number_[1], c = number_[2];
      // What a fit leaves negative beyond Nyquist is none.
      return std::max(1e-3, (a / (1 + number_[3] * q * q) + b / (1 + number_[4] * q * q) + c) / (a + b + c));
    }
    case Form::curve:
      break;
  }
  // Linear; beyond the last value the curve goes on straight, towards the corners of an image's spectrum.
  const auto above = std::upper_bound(q_.begin(), q_.end(), q);
  const size_t i = std::clamp<size_t>(size_t(above - q_.begin()), 1, q_.size() - 1);
  const double share = (q - q_[i - 1]) / (q_[i] - q_[i - 1]);
  return std::max(1e-3, value_[i - 1] + share * (value_[i] - value_[i - 1]));
}

}  // namespace cryomer
