// Makes the system refuse calls. Async-signal-safe.
#pragma once

namespace redlock::cli_test {

/// For this process and all that it starts from now on: kill() of a group fails with EPERM, except
/// with signal 0, as if the group were another user's. A real other user would need rights that not
/// everybody who runs the tests has. Cannot be taken back. False if the system has no such filters.
[[nodiscard]] bool forbid_group_signals();

/// Likewise: close_range() fails with ENOSYS, as before Linux 5.9.
[[nodiscard]] bool forbid_close_range();

}  // namespace redlock::cli_test
