// Deliberate misbehaviour, each kind of which one of the judge's findings must condemn. A fault run
// that cannot fail proves nothing. Names only; any thread.
#pragma once

#include <array>
#include <string_view>

namespace redlock::faults {

struct deliberate_break {
    std::string_view name;
    std::string_view about;
    std::string_view found_as;  ///< How the judge's finding begins.
};

inline constexpr std::array<deliberate_break, 9> breaks{{
    {"no-lock", "a client does not lock at all", "overlap"},
    {"look-anyway", "a client reads without being one of the readers", "overlap"},
    {"no-permit", "a client is at work without a permit", "overlap"},
    {"half", "a client locks the second of two names and changes both", "overlap"},
    {"ignore-loss", "a client goes on after its lock is lost", "overlap"},
    {"old-token", "a client tells an earlier fencing token than it has", "fencing regression"},
    {"blind-store", "the store checks no token, and a client does not lock", "lost update"},
    {"stop-asking", "a waiter that nobody wakes", "stuck"},
    {"leave-key", "a key without an end is left on a node", "left over"},
}};

}  // namespace redlock::faults
