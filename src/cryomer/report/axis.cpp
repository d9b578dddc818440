#include "cryomer/report/axis.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"

namespace cryomer {

std::string number_text(double value, int decimals) {
  std::string plain = formatted("{:.{}f}", std::abs(value), decimals);
  const bool zero = plain.find_first_not_of("0.") == std::string::npos;
  const size_t whole = std::min(plain.find('.'), plain.size());
  if (whole > 4) {
    for (size_t place = whole; place > 3; place -= 3) plain.insert(place - 3, place - 3 > 0 ? "\u2009" : "");
  }
  return (value < 0 && !zero ? "\u2212" : "") + plain;
}

Axis Axis::linear(double least, double most) {
  Axis axis;
  if (!(most > least)) {
    const double margin = std::max(0.5, 0.05 * std::abs(least));
    least -= margin;
    most = least + 2 * margin;
  }
  axis.least_ = least;
  axis.most_ = most;
  return axis;
}

Axis Axis::logarithmic(double least, double most) {
  Axis axis;
  axis.logarithmic_ = true;
  axis.least_ = least;
  axis.most_ = most > least ? most : 10 * least;
  return axis;
}

Axis Axis::with_ticks(int wanted) const {
  Axis axis = *this;
  axis.wanted_ticks_ = wanted;
  return axis;
}

double Axis::step() const {
  const double raw = (most_ - least_) / wanted_ticks_;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * 0.999) return factor * power;
  }
  return 10 * power;
}

Axis Axis::rounded() const {
  if (logarithmic_) {
    // To 1, 2 or 5 times a power of ten.
    const auto down = [](double value) {
      const double power = std::pow(10.0, std::floor(std::log10(value)));
      for (const double factor : {5.0, 2.0}) {
        if (factor * power <= value * 1.0001) return factor * power;
      }
      return power;
    };
    const auto up = [](double value) {
      const double power = std::pow(10.0, std::floor(std::log10(value)));
      for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= value * 0.9999) return factor * power;
      }
      return 10 * power;
    };
    return logarithmic(down(least_), up(most_));
  }
  const double by = step();
  Axis axis = *this;
  axis.least_ = std::floor(least_ / by + 1e-9) * by;
  axis.most_ = std::ceil(most_ / by - 1e-9) * by;
  return axis;
}

double Axis::share(double value) const {
  if (logarithmic_) return std::log(value / least_) / std::log(most_ / least_);
  return (value - least_) / (most_ - least_);
}

std::vector<Tick> Axis::ticks() const {
  std::vector<Tick> ticks;
  if (logarithmic_) {
    const double decades = std::log10(most_ / least_);
    const std::vector<double> factors = decades > 3 ? std::vector<double>{1} : std::vector<double>{1, 2, 5};
    for (int power = static_cast<int>(std::floor(std::log10(least_))); power <= std::ceil(std::log10(most_)); ++power) {
      for (const double factor : factors) {
        const double value = factor * std::pow(10.0, power);
        if (value < least_ * 0.9999 || value > most_ * 1.0001) continue;
        ticks.push_back({value, power >= -3 && power < 5 ? number_text(value, std::max(0, -power)) : formatted("{:.0e}", value)});
      }
    }
    return ticks;
  }
  const double by = step();
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(by) + 1e-9)));
  for (double k = std::ceil(least_ / by - 1e-9); k * by <= most_ + 1e-9 * by; ++k) {
    ticks.push_back({k * by, number_text(k * by, decimals)});
  }
  return ticks;
}

}  // namespace cryomer
