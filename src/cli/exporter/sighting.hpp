// What the exporter last saw of the nodes and of the locks that it watches, and the answer to
// whoever asks it. Values only; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <redlock/health.hpp>
#include <redlock/status.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// The locks whose names match one pattern.
struct watched_pattern {
    std::string pattern;
    std::vector<resource_status> locks;  ///< Held, split or unknown; no more than are allowed.
    std::size_t left_out = 0;            ///< How many more were found.
    bool failed = false;                 ///< They could not be looked for.
};

struct sighting {
    std::vector<node_health> nodes;
    std::vector<finding> findings;
    std::vector<watched_pattern> patterns;
    std::chrono::system_clock::time_point at;  ///< When it was complete.
    std::chrono::nanoseconds took{0};
};

/// What the exporter knows; empty before the first survey has ended.
struct exporter_state {
    std::optional<sighting> latest;
    std::uint64_t surveys = 0;
};

/// All metrics of it in the text format of Prometheus. Pure.
[[nodiscard]] std::string exposition(const exporter_state& state);

/// An answer over HTTP.
struct http_answer {
    unsigned status = 200;
    std::string_view type = "text/plain; charset=utf-8";
    std::string body;
};

/// The answer to GET and HEAD, and the refusal of all else. `target` is as the request has it.
[[nodiscard]] http_answer answer_to(std::string_view method, std::string_view target,
                                    const exporter_state& state);

}  // namespace redlock::cli
