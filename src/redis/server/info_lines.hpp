// The lines of what INFO answers. Pure; any thread.
#pragma once

#include <string_view>

namespace redlock::redis {

/// Takes the first line off, and returns it without its end.
[[nodiscard]] inline std::string_view take_line(std::string_view& text) {
    const std::size_t stop = text.find('\n');
    std::string_view line = text.substr(0, stop);
    text.remove_prefix(stop == std::string_view::npos ? text.size() : stop + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

}  // namespace redlock::redis
