// How results look as JSON: the same members for the same things in every subcommand. Names are
// made Unicode as `json_text` tells. Pure; any thread.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <optional>
#include <redlock/lock.hpp>
#include <redlock/status.hpp>
#include <redlock/types.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace redlock::cli {

/// Sets `member`, and `member` + "_hex" with the exact bytes if they are not UTF-8.
void set_text(boost::json::object& object, std::string_view member, std::string_view text);

/// Null where the text is empty: an empty holder or label is none.
void set_text_or_null(boost::json::object& object, std::string_view member, std::string_view text);

/// Null for the fencing token of a lock that has none.
void set_fencing(boost::json::object& object, std::string_view member, fencing_token token);

/// Milliseconds, or null.
[[nodiscard]] boost::json::value milliseconds_or_null(
    const std::optional<std::chrono::milliseconds>& value);

/// Everything `status --json` tells of one resource; `list --json` has an array of these.
[[nodiscard]] boost::json::object to_json(const resource_status& status);

/// The same for each permit of a semaphore, with how many are in which state.
[[nodiscard]] boost::json::object to_json(const semaphore_status& status);

/// What `acquire --json` and `extend --json` tell of a lock that is held. `resource`: the one that
/// was named first.
[[nodiscard]] boost::json::object to_json(const lock& held, std::string_view resource);

/// What `make` makes of each.
template <class Each>
[[nodiscard]] boost::json::array array_of(
    const std::vector<Each>& all, boost::json::object (*make)(const std::type_identity_t<Each>&)) {
    boost::json::array out;
    for (const Each& each : all) {
        out.push_back(make(each));
    }
    return out;
}

/// On one line, with a newline.
[[nodiscard]] std::string json_line(const boost::json::value& value);

}  // namespace redlock::cli
