// The name under which libFuzzer, and every engine that follows it, calls a target.
#include <cstddef>
#include <cstdint>

#include "fuzz/target.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the engine's name, not ours
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    redlock::fuzz::try_input({reinterpret_cast<const char*>(data), size});
    return 0;
}
