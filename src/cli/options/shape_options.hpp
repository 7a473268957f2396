// In which shape a resource is locked, where that is not one lock of one name: a permit of a
// semaphore, or one lock of several names. Main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <optional>
#include <redlock/types.hpp>
#include <string>
#include <vector>

namespace redlock::cli {

enum class lock_shape {
    exclusive,
    shared,
    permit,   ///< One of the permits of the semaphore that the resource is.
    several,  ///< One lock of several resources, all or none.
};

struct shape_options {
    std::optional<std::size_t> permits;  ///< Of the semaphore; else empty.
    std::vector<std::string> also;       ///< The resources beside the one that is named first.

    /// `help`: what the number means to this subcommand.
    void add_permits_to(CLI::App& command, const std::string& help);
    /// `help`: what becomes of the further resource.
    void add_also_to(CLI::App& command, const std::string& help);
    /// Which shape that is, with or without --shared. Throws usage_error naming the subcommand if
    /// the options do not go together.
    [[nodiscard]] lock_shape chosen(const std::string& subcommand, bool shared) const;
    /// The resource and those beside it, in the order in which they were given.
    [[nodiscard]] std::vector<resource_name> names(const std::string& resource) const;
    /// All of them for messages: "a, b", of many the first three. To be made printable.
    [[nodiscard]] std::string title(const std::string& resource) const;
};

}  // namespace redlock::cli
