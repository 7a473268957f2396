// Names of public enumerators, as they appear in logs and in the command's output.
#include <cstddef>
#include <string_view>

#include "redlock/health.hpp"
#include "redlock/observer.hpp"
#include "redlock/status.hpp"
#include "redlock/types.hpp"

namespace redlock {

namespace {

/// That of `value`, of the names of all enumerators up to `Last` in their order.
template <auto Last, std::size_t Count>
std::string_view name_in(const std::string_view (&names)[Count], decltype(Last) value) {
    static_assert(Count == static_cast<std::size_t>(Last) + 1, "one for each");
    const auto at = static_cast<std::size_t>(value);
    return at < Count ? names[at] : "?";
}

}  // namespace

std::string_view to_string(event_kind kind) noexcept {
    return name_in<event_kind::node_unverified>(
        {"woken", "acquired", "attempt failed", "acquire failed", "extended", "extend failed",
         "lost", "released", "handed over", "release failed", "late grant released", "node ready",
         "node down", "node refused", "node without vote", "tracking refused", "node unverified"},
        kind);
}

std::string_view to_string(withheld_by what) noexcept {
    return name_in<withheld_by::silence>(
        {"acl", "server", "proxy", "hang-up", "refusal", "silence"}, what);
}

std::string_view to_string(finding_level level) noexcept {
    return name_in<finding_level::problem>({"ok", "note", "warning", "problem"}, level);
}

std::string_view to_string(lock_mode mode) noexcept {
    return name_in<lock_mode::shared>({"exclusive", "shared"}, mode);
}

std::string_view to_string(lock_verdict verdict) noexcept {
    return name_in<lock_verdict::unknown>({"held", "free", "split", "unknown"}, verdict);
}

}  // namespace redlock
