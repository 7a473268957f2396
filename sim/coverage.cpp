#include "sim/coverage.hpp"

namespace redlock::sim {

std::string_view to_string(rule which) noexcept {
    switch (which) {
        case rule::acquired:
            return "acquired";
        case rule::contended_attempt:
            return "contended attempt";
        case rule::split_vote:
            return "split vote";
        case rule::stale_ballot:
            return "stale ballot";
        case rule::out_of_window:
            return "out of window";
        case rule::unavailable_attempt:
            return "unavailable attempt";
        case rule::too_late_attempt:
            return "too late attempt";
        case rule::cancelled_attempt:
            return "cancelled attempt";
        case rule::ended_by_deadline:
            return "ended by deadline";
        case rule::late_grant_to_holder:
            return "late grant to holder";
        case rule::late_grant_given_back:
            return "late grant given back";
        case rule::deferred_release_settled:
            return "deferred release settled";
        case rule::straggler_released:
            return "straggler released";
        case rule::barred_release:
            return "barred release";
        case rule::followed_acquire:
            return "release behind its acquire";
        case rule::bar_stopped_acquire:
            return "bar stopped acquire";
        case rule::bar_stopped_heal:
            return "bar stopped heal";
        case rule::heal_after_the_fence:
            return "heal after the fence";
        case rule::grant_after_the_fence:
            return "grant after the fence";
        case rule::late_from_cut_connection:
            return "late from cut connection";
        case rule::release_sent_again:
            return "release sent again";
        case rule::released:
            return "released";
        case rule::release_found_gone:
            return "release found gone";
        case rule::release_indeterminate:
            return "release indeterminate";
        case rule::outsider_release:
            return "outsider release";
        case rule::extended:
            return "extended";
        case rule::extend_indeterminate:
            return "extend indeterminate";
        case rule::extend_gone:
            return "extend gone";
        case rule::extend_expired:
            return "extend expired";
        case rule::extension_without_weight:
            return "extension without weight";
        case rule::uprooted:
            return "uprooted";
        case rule::replanted:
            return "replanted";
        case rule::replanted_counted_later:
            return "replanted counted later";
        case rule::heal_refused_by_fence:
            return "heal refused by fence";
        case rule::heal_not_asked_in_quarantine:
            return "heal not asked in quarantine";
        case rule::loss_announced:
            return "loss announced";
        case rule::handed_over:
            return "handed over";
        case rule::turn_ended:
            return "turn ended";
        case rule::quarantined_not_asked:
            return "quarantined not asked";
        case rule::quarantined_vote_discarded:
            return "quarantined vote discarded";
        case rule::restart_seen_first:
            return "restart seen first";
        case rule::restart_seen_later:
            return "restart seen later";
        case rule::uptime_trusted:
            return "uptime trusted";
        case rule::quarantine_over:
            return "quarantine over";
        case rule::vouched:
            return "vouched";
        case rule::waited_in_line:
            return "waited in line";
        case rule::called_for_another:
            return "called for another";
        case rule::left_to_the_line:
            return "left to the line";
        case rule::fence_out_of_reach:
            return "fence out of reach";
        case rule::passed_over_dead_head:
            return "passed over dead head";
        case rule::woken_by_news:
            return "woken by news";
        case rule::news_lost:
            return "news lost";
        case rule::woken_by_time:
            return "woken by time";
        case rule::lease_ran_out:
            return "lease ran out";
        case rule::offset_learned:
            return "offset learned";
        case rule::error_reply:
            return "error reply";
        case rule::paused_past_validity:
            return "paused past validity";
        case rule::holder_killed:
            return "holder killed";
        case rule::data_lost:
            return "data lost";
        case rule::data_partly_lost:
            return "data partly lost";
        case rule::data_kept:
            return "data kept";
        case rule::store_refused:
            return "store refused";
        case rule::clock_seen_set:
            return "clock seen to be set";
        case rule::lease_shortened:
            return "lease shortened by a clock";
        case rule::kept_its_time:
            return "clock set, lock kept its time";
        case rule::other_number_told:
            return "other number of nodes told";
        case rule::other_settings_told:
            return "other settings told";
        case rule::barred_client:
            return "client barred for its nodes";
        case rule::overlap_outside_assumptions:
            return "overlap outside assumptions";
        case rule::count:
            break;
    }
    return "?";
}

}  // namespace redlock::sim
