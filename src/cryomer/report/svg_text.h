// Pieces that all drawings share.
#pragma once

#include <string>
#include <vector>

namespace cryomer {

// Text with &, <, >, " made safe for HTML and SVG.
std::string escaped(const std::string& text);

// "<text ...>" with a class; `anchor` is start, middle or end.
std::string svg_text(double x, double y, const std::string& css_class, const std::string& anchor, const std::string& text);

// The beginning of a drawing of this size, with its description for those who cannot see it.
std::string svg_begin(double width, double height, const std::string& description);

// A horizontal bar in the colours of the ramp with the values at its ends and its meaning above it.
std::string ramp_legend(double x, double y, double width, double least, double most, const std::string& label);

// 0-based bins of a value among `count` equal parts of [least, most], clamped.
int bin_of(double value, double least, double most, int count);

}  // namespace cryomer
