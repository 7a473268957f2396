// Plays the chosen scenarios one after the other, each in a process of its own, and adds up what
// they report. Whatever ends this process, all that it started ends with it; on every way out but
// SIGKILL its folder goes too. Main thread only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace redlock::faults {

struct run_request {
    std::vector<std::string> names;  ///< Empty: all, or the short selection.
    bool only_short = false;
    std::size_t runs = 1;
    std::string broken;  ///< A name of `breaks`, or empty.
    bool keep = false;   ///< The logs, and tells where they are.
};

/// Prints the table. 0: nothing was broken; 1: something was; 64: no such scenario; 128 and the
/// signal's number when interrupted.
int run_scenarios(const run_request& request);

/// Prints each scenario's name and what it is about.
void list_scenarios();

}  // namespace redlock::faults
