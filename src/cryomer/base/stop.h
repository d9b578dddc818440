// Ctrl-C and SIGTERM as a polite request: long work looks at stop_requested() and ends with everything saved. A second
// signal ends the program at once.
#pragma once

namespace cryomer {

void catch_stop_signals();
bool stop_requested();
// For work that goes on after a stop, such as a resumed run in the same program.
void forget_stop_request();

}  // namespace cryomer
