// Names of public enumerators, as they appear in logs and in the command's output.
#include <string_view>

#include "redlock/health.hpp"
#include "redlock/observer.hpp"
#include "redlock/status.hpp"

namespace redlock {

std::string_view to_string(event_kind kind) noexcept {
    switch (kind) {
        case event_kind::woken:
            return "woken";
        case event_kind::acquired:
            return "acquired";
        case event_kind::attempt_failed:
            return "attempt failed";
        case event_kind::acquire_failed:
            return "acquire failed";
        case event_kind::extended:
            return "extended";
        case event_kind::extend_failed:
            return "extend failed";
        case event_kind::lost:
            return "lost";
        case event_kind::released:
            return "released";
        case event_kind::handed_over:
            return "handed over";
        case event_kind::release_failed:
            return "release failed";
        case event_kind::late_grant_released:
            return "late grant released";
        case event_kind::node_ready:
            return "node ready";
        case event_kind::node_down:
            return "node down";
        case event_kind::node_refused:
            return "node refused";
        case event_kind::node_without_vote:
            return "node without vote";
        case event_kind::tracking_refused:
            return "tracking refused";
        case event_kind::node_unverified:
            return "node unverified";
    }
    return "?";
}

std::string_view to_string(withheld_by what) noexcept {
    switch (what) {
        case withheld_by::acl:
            return "acl";
        case withheld_by::server:
            return "server";
        case withheld_by::proxy:
            return "proxy";
        case withheld_by::hang_up:
            return "hang-up";
        case withheld_by::refusal:
            return "refusal";
        case withheld_by::silence:
            return "silence";
    }
    return "?";
}

std::string_view to_string(finding_level level) noexcept {
    switch (level) {
        case finding_level::ok:
            return "ok";
        case finding_level::note:
            return "note";
        case finding_level::warning:
            return "warning";
        case finding_level::problem:
            return "problem";
    }
    return "?";
}

std::string_view to_string(lock_verdict verdict) noexcept {
    switch (verdict) {
        case lock_verdict::held:
            return "held";
        case lock_verdict::free:
            return "free";
        case lock_verdict::split:
            return "split";
        case lock_verdict::unknown:
            return "unknown";
    }
    return "?";
}

}  // namespace redlock
