// A configuration file: the nodes and the settings of `manager_options` and `acquire_options`,
// written in TOML. The command reads it (`--config`), and so may a program. Reading checks keys,
// types and URLs; the constructor of `lock_manager` checks whether the values are consistent.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redlock/endpoint.hpp"
#include "redlock/export.hpp"
#include "redlock/options.hpp"

namespace redlock {

/// The content of a file. Settings that it omits have the library's defaults.
struct configuration {
    std::vector<std::string> urls;  ///< As written there, perhaps with passwords.
    std::vector<endpoint> nodes;    ///< The same, parsed. May be empty.
    manager_options options;
    wait_policy wait = wait_policy::forever();
    std::string label;
    bool fair = true;
    std::optional<std::chrono::milliseconds> stop_margin{};

    /// Options of an acquisition. Refers to `label`: use it while the configuration lives.
    [[nodiscard]] acquire_options acquire() const {
        acquire_options result;
        result.wait = wait;
        result.label = label;
        result.fair = fair;
        result.stop_margin = stop_margin;
        return result;
    }
};

/// Why a file is refused, with its line and the correct form. Quotes nothing of the file.
struct configuration_error {
    std::string message;
};

/// Called by `value()` of a result with an error: throws lock_error with errc::invalid_argument.
[[noreturn]] REDLOCK_API void throw_exception_from_error(const configuration_error& error,
                                                         const boost::source_location& where);

/// Reads a TOML document; errors call it `name`. The keys are `nodes`, an array of URLs as
/// `parse_endpoint` takes them; the members of `manager_options` by their names, with `guard` as
/// "automatic", "on" or "off"; and in a table `acquire`: `wait` ("forever" or a duration), `label`,
/// `fair`, `stop_margin`. `quorum_timeout` may be "forever" as well. Durations are strings as
/// `parse_duration` takes them, of whole milliseconds. Thread-safe; no I/O but the password files
/// that URLs name.
[[nodiscard]] REDLOCK_API boost::system::result<configuration, configuration_error>
parse_configuration(std::string_view text, std::string_view name);

/// Reads the file. Thread-safe; blocks as long as the file system does.
[[nodiscard]] REDLOCK_API boost::system::result<configuration, configuration_error>
read_configuration(const std::filesystem::path& file);

}  // namespace redlock
