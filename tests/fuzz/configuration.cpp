// Fuzz target: anything that may stand in a configuration file. It is read or refused, never thrown
// at; a refusal tells a line and repeats nothing; and what is read is within what can be asked for.
// One thread.
#include <algorithm>
#include <redlock/configuration.hpp>
#include <string>
#include <string_view>

#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

/// Eight letters that no sentence of ours has, so that what is repeated shows.
constexpr std::string_view marker = "QzXjWvKq";

void check_refusal(std::string_view message) {
    require(message.starts_with("fuzz, line "), "a refusal tells where");
    require(message.find(marker) == std::string_view::npos, "a refusal repeats nothing");
    for (const char each : message) {
        require(each >= ' ' && each <= '~', "a refusal is one printable line");
    }
}

void check_taken(const configuration& found) {
    require(found.urls.size() == found.nodes.size(), "each URL is a node");
    require(found.options.lease_time.count() >= 0 && found.options.fence_lifetime.count() >= 0,
            "no length of time is negative");
    require(found.acquire().label == found.label, "the label is the file's");
}

/// With the marker at the beginning of the first text.
std::string marked(std::string_view bytes) {
    std::string text{bytes};
    const std::size_t quote = text.find('"');
    if (quote != std::string::npos) {
        text.insert(quote + 1, marker);
    }
    return text;
}

void try_text(std::string_view text) {
    const auto found = parse_configuration(text, "fuzz");
    if (found.has_error()) {
        check_refusal(found.error().message);
    } else {
        check_taken(*found);
    }
}

}  // namespace

void try_input(std::string_view bytes) {
    try_text(bytes);
    try_text(marked(bytes));
    try_text(std::string{"nodes = [\""} + std::string{bytes} + "\"]");
}

}  // namespace redlock::fuzz
