#include "sim/coverage.hpp"

namespace redlock::sim {

std::string_view to_string(rule which) noexcept {
    switch (which) {
        case rule::acquired:
            return "acquired";
        case rule::busy:
            return "busy";
        case rule::attempt_failed:
            return "attempt failed";
        case rule::stale_ballot:
            return "stale ballot";
        case rule::out_of_window:
            return "out of window";
        case rule::waited_in_line:
            return "waited in line";
        case rule::answered_in_line:
            return "answered in line";
        case rule::called_for_another:
            return "called for another";
        case rule::left_to_the_line:
            return "left to the line";
        case rule::left_the_line:
            return "left the line";
        case rule::woken_by_news:
            return "woken by news";
        case rule::handed_over:
            return "handed over";
        case rule::timed_out:
            return "timed out";
        case rule::attempts_used_up:
            return "attempts used up";
        case rule::cancelled:
            return "cancelled";
        case rule::no_quorum:
            return "no quorum";
        case rule::ended_by_close:
            return "ended by close";
        case rule::other_failure:
            return "other failure";
        case rule::late_grant_given_back:
            return "late grant given back";
        case rule::barred_release:
            return "barred release";
        case rule::release_without_bar:
            return "release without bar";
        case rule::released:
            return "released";
        case rule::released_there:
            return "released there";
        case rule::nothing_to_release:
            return "nothing to release";
        case rule::release_found_gone:
            return "release found gone";
        case rule::release_indeterminate:
            return "release indeterminate";
        case rule::outsider_release:
            return "outsider release";
        case rule::extended:
            return "extended";
        case rule::extended_there:
            return "extended there";
        case rule::extend_failed:
            return "extend failed";
        case rule::extend_taken:
            return "extend taken";
        case rule::extend_missing:
            return "extend missing";
        case rule::replanted:
            return "replanted";
        case rule::heal_after_the_fence:
            return "heal after the fence";
        case rule::grant_after_the_fence:
            return "grant after the fence";
        case rule::loss_announced:
            return "loss announced";
        case rule::lease_shortened:
            return "lease shortened";
        case rule::paused_past_validity:
            return "paused past validity";
        case rule::unfenced_write:
            return "write without a fencing token";
        case rule::store_refused:
            return "store refused";
        case rule::quarantine_told:
            return "quarantine told";
        case rule::quarantined:
            return "quarantined";
        case rule::other_number_told:
            return "other number told";
        case rule::other_settings_told:
            return "other settings told";
        case rule::vouched:
            return "vouched";
        case rule::call_shared:
            return "several requests shared a call";
        case rule::acquired_natively:
            return "acquired by SET";
        case rule::reader_acquired:
            return "reader acquired";
        case rule::reader_extended_there:
            return "reader extended there";
        case rule::reader_replanted:
            return "reader replanted";
        case rule::reader_released_there:
            return "reader released there";
        case rule::released_here_before:
            return "reader released there before";
        case rule::downgraded:
            return "downgraded";
        case rule::several_acquired:
            return "several acquired";
        case rule::several_busy:
            return "one of several busy";
        case rule::several_extended_there:
            return "several extended there";
        case rule::several_replanted:
            return "several replanted";
        case rule::several_released_there:
            return "several released there";
        case rule::permit_wanted:
            return "permit wanted";
        case rule::permit_acquired:
            return "permit acquired";
        case rule::slot_taken:
            return "slot taken, others looked at";
        case rule::released_natively:
            return "released without a script";
        case rule::script_unknown:
            return "script unknown";
        case rule::error_reply:
            return "error reply";
        case rule::tracking_refused:
            return "tracking refused";
        case rule::node_down:
            return "node down";
        case rule::data_lost:
            return "data lost";
        case rule::data_partly_lost:
            return "data partly lost";
        case rule::flushed:
            return "flushed";
        case rule::data_kept:
            return "data kept";
        case rule::client_killed:
            return "client killed";
        case rule::holder_killed:
            return "holder killed";
        case rule::manager_closed:
            return "manager closed";
        case rule::manager_destroyed:
            return "manager destroyed";
        case rule::overlap_outside_assumptions:
            return "overlap outside assumptions";
        case rule::count:
            break;
    }
    return "?";
}

}  // namespace redlock::sim
