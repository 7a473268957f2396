// What the command of `redlock run` is told of its lock, and what others are told of the command.
// Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <redlock/types.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// Whose lock it is, for others to see: "host:1234 name", from the command's first word.
[[nodiscard]] std::string usual_label(std::string_view host, int process, std::string_view program);
/// Of this machine and this process.
[[nodiscard]] std::string usual_label(std::string_view program);

struct run_context {
    std::string resource;
    lock_token token;
    fencing_token fencing;
    std::vector<std::string> node_urls;
    std::string configuration_file;     ///< Empty: none. May be relative.
    std::string outer{};                ///< This lock and those around it; see outer_lock.hpp.
    std::optional<std::size_t> slot{};  ///< Of a permit.
    std::vector<std::string> also{};    ///< Of a lock of several resources those beside `resource`.

    /// For the command's environment, "NAME=value"; or "NAME" alone for what must not be there.
    [[nodiscard]] std::vector<std::string> variables() const;
};

}  // namespace redlock::cli
