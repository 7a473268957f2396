// Makes the system refuse signals to process groups, as it does when the group is another user's.
// A real other user would need rights that not everybody who runs the tests has. Async-signal-safe.
#pragma once

namespace redlock::cli_test {

/// For this process and all that it starts from now on: kill() of a group fails with EPERM, except
/// with signal 0. Cannot be taken back. False if the system has no such filters.
[[nodiscard]] bool forbid_group_signals();

}  // namespace redlock::cli_test
