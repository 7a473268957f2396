#include "cli/base/duration.hpp"

#include <fmt/format.h>

namespace redlock::cli {

std::string format_duration(std::chrono::nanoseconds length) {
    using namespace std::chrono_literals;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
    if (length < 1s) {
        return fmt::format("{}ms", ms);
    }
    if (length < 1min) {
        return fmt::format("{}.{}s", ms / 1'000, ms % 1'000 / 100);
    }
    const auto seconds = ms / 1'000;
    if (length < 1h) {
        return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    }
    return fmt::format("{}h{:02}m", seconds / 3'600, seconds % 3'600 / 60);
}

}  // namespace redlock::cli
