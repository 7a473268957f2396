// Every exit status of the command in one place: scripts branch on them, so a number must never
// change its meaning and never be used without a name. Values only; any thread.
#pragma once

namespace redlock::cli {

/// The statuses of sysexits.h where one fits; 124, 126, 127 and 128+n as timeout(1) and shells do.
enum exit_status : int {
    exit_ok = 0,
    exit_gone = 1,         ///< extend, release: the lock was already gone.
    exit_free = 1,         ///< status: nobody holds it. leader: nobody leads.
    exit_demo_failed = 1,  ///< demo: an update was lost under the lock.
    exit_unwell = 1,       ///< doctor, config check: there is a problem; with --strict a warning.
    exit_split = 2,        ///< status: a quorum answered, but neither "held" nor "free" has one.
    exit_usage = 64,       ///< The command line, a URL or an option cannot be used.
    exit_no_quorum = 69,   ///< Too few nodes answered; for status: unknown.
    exit_internal = 70,    ///< Something that should not happen, a failed fork for example.
    exit_output = 74,      ///< The result could not be written to standard output.
    exit_contended = 75,   ///< Held by somebody else, or the wait ran out; `-E` sets another.
    /// Two nodes are one server, or other clients use other nodes or another number of permits.
    exit_wrong_nodes = 78,
    exit_lost = 79,       ///< run: the lock was lost while the command ran.
    exit_max_hold = 124,  ///< run: the command ran for longer than --max-hold.
    exit_cannot_execute = 126,
    exit_not_found = 127,
    exit_signal_base = 128,  ///< Plus the number of the signal.
};

}  // namespace redlock::cli
