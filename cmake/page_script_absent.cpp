#include "cryomer/report/page_script.h"

namespace cryomer {

std::string_view page_script() { return {}; }

}  // namespace cryomer
