// Colours of a page. Series have class names that the page's style sheet turns into colours for light, dark and print;
// continuous values use one ramp that reads on either background and by the colour-blind (blue to orange through grey).
#pragma once

#include <string>

namespace cryomer {

// "#rrggbb" for a share in [0, 1]; outside it is clamped.
std::string ramp_color(double share);

// What a curve or bar stands for; the same meaning has the same colour on the whole page.
enum class Tone { learned, truth, second, quiet };
std::string class_of(Tone tone);

}  // namespace cryomer
