// What a fuzz target is: one function that takes any bytes and must come back, whatever they are.
// Tells the build's two ways of calling it (the fuzzer's engine, or replay.cpp) what to call, and a
// target how to complain. Pure, but for complaining; one thread.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace redlock::fuzz {

/// Each target defines it once. Keeps nothing from one call to the next that could change what the
/// next one finds, so that every find can be had again from its bytes alone.
void try_input(std::string_view bytes);

/// Ends the process when a promise was broken. Not an exception: the code under test might catch
/// it.
inline void require(bool holds, std::string_view promise) {
    if (!holds) {
        std::cerr << "broken: " << promise << std::endl;
        std::abort();
    }
}

}  // namespace redlock::fuzz
