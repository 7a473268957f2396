// Options that make no sense together, each with the reason. Main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string_view>
#include <utility>

namespace redlock::cli {

/// The name of an option that another one rules out, and why, or what to do instead.
using ruled_out = std::pair<const char*, std::string_view>;

/// Throws usage_error naming the first of the `others` that is given beside `option`.
void refuse_beside(const CLI::App& command, std::string_view option,
                   std::span<const ruled_out> others);

}  // namespace redlock::cli
