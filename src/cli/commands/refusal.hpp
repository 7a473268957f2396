// What is said of a lock that was not had, and to whom: contention may be news or the usual case.
// Any thread.
#pragma once

#include <redlock/error.hpp>
#include <string>
#include <string_view>

#include "cli/options/common_options.hpp"

namespace redlock::cli {

/// Who it is: by its label, or its token if it gave none. Readers: how many, and who a single one
/// is if it gave a label.
[[nodiscard]] std::string who_is(const lock_holder& holder);

/// "held by web3:812 report", with this word for who it is; of several resources "b is held by
/// ...".
[[nodiscard]] std::string held_by(const lock_holder& holder, std::string_view who);
/// The same with the time that is left: "held by web3:812 report, 7.1s left".
[[nodiscard]] std::string describe(const lock_holder& holder, std::string_view who);

/// Why `resource` was not had, for people; empty where that is the usual case to whoever asked:
/// contention under `-E 0` or `--quiet-contention`, but of a key that will not go away. `stuck`:
/// what else is known of such keys; see stuck_permits.hpp.
[[nodiscard]] std::string refusal_line(std::string_view resource, const error_code& error,
                                       const diagnostics& details, const wait_options& asked,
                                       std::string_view stuck = {});

/// Says it and returns the exit status.
int say_refusal(std::string_view resource, const error_code& error, const diagnostics& details,
                const wait_options& asked, std::string_view stuck = {});

}  // namespace redlock::cli
