// A plot's axis: from data to position on the page, with ticks at round numbers.
#pragma once

#include <string>
#include <vector>

namespace cryomer {

struct Tick {
  double value = 0;
  std::string label;
};

class Axis {
 public:
  // From `least` to `most`, widened to a little when they coincide. A logarithmic axis needs positive ends.
  static Axis linear(double least, double most);
  static Axis logarithmic(double least, double most);
  // The ends move out to the next ticks.
  Axis rounded() const;
  Axis with_ticks(int wanted) const;  // about so many; 5 unless said otherwise

  double share(double value) const;  // 0 at the lower end, 1 at the upper
  std::vector<Tick> ticks() const;   // inside the ends
  double least() const { return least_; }
  double most() const { return most_; }
  bool is_logarithmic() const { return logarithmic_; }

 private:
  double step() const;  // between ticks of a linear axis

  double least_ = 0, most_ = 1;
  bool logarithmic_ = false;
  int wanted_ticks_ = 5;
};

// With a true minus sign and thin spaces between thousands: "-1234.5" -> "−1 234.5".
std::string number_text(double value, int decimals);

}  // namespace cryomer
