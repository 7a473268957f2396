// Whether a message that was printed is one of those that a section of the troubleshooting pages
// shows, in which "..." stands for the words that differ from case to case. Pure; any thread.
#pragma once

#include <algorithm>
#include <string_view>

#include "cli/output/explanations.hpp"

namespace redlock::cli_test {

/// Whether the parts of `pattern` between its "..." stand in `text`, in their order.
[[nodiscard]] inline bool is_worded(std::string_view text, std::string_view pattern) {
    constexpr std::string_view gap = "...";
    while (!pattern.empty()) {
        const auto end = std::min(pattern.find(gap), pattern.size());
        const auto part = pattern.substr(0, end);
        const auto at = text.find(part);
        if (at == text.npos) {
            return false;
        }
        text.remove_prefix(at + part.size());
        pattern.remove_prefix(std::min(end + gap.size(), pattern.size()));
    }
    return true;
}

[[nodiscard]] inline bool has_message(const cli::explanation& section, std::string_view text) {
    return std::ranges::any_of(section.points, [&](const cli::explained_point& each) {
        return each.label == "Message" && is_worded(text, each.text);
    });
}

}  // namespace redlock::cli_test
