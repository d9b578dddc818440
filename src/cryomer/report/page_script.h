// The script that makes the page interactive: web/ and the packages it needs, bundled when the program is built.
#pragma once

#include <string_view>

namespace cryomer {

// Empty in a build without npm: the page then shows its pictures only.
std::string_view page_script();

}  // namespace cryomer
