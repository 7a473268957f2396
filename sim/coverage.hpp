// How often each rule of the protocol came into play: a world in which a rule never matters proves
// nothing about it. Counts only. One thread at a time; the counts of several are added up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace redlock::sim {

enum class rule : std::uint8_t {
    acquired,
    busy,
    attempt_failed,
    stale_ballot,
    out_of_window,
    waited_in_line,
    answered_in_line,
    called_for_another,
    left_to_the_line,
    left_the_line,
    woken_by_news,
    handed_over,
    timed_out,
    attempts_used_up,
    cancelled,
    no_quorum,
    ended_by_close,
    other_failure,
    late_grant_given_back,
    barred_release,
    release_without_bar,
    released,
    released_there,
    nothing_to_release,
    release_found_gone,
    release_indeterminate,
    outsider_release,
    extended,
    extended_there,
    extend_failed,
    extend_taken,
    extend_missing,
    replanted,
    heal_after_the_fence,
    grant_after_the_fence,
    loss_announced,
    lease_shortened,
    paused_past_validity,
    store_refused,
    unfenced_write,
    quarantine_told,
    quarantined,
    other_number_told,
    other_settings_told,
    vouched,
    script_unknown,
    call_shared,
    released_natively,
    acquired_natively,
    reader_acquired,
    reader_extended_there,
    reader_replanted,
    reader_released_there,
    released_here_before,
    downgraded,
    several_acquired,
    several_busy,
    several_extended_there,
    several_replanted,
    several_released_there,
    permit_wanted,
    permit_acquired,
    slot_taken,
    error_reply,
    node_down,
    tracking_refused,
    data_lost,
    data_partly_lost,
    data_kept,
    flushed,
    client_killed,
    holder_killed,
    manager_closed,
    manager_destroyed,
    overlap_outside_assumptions,
    count,
};

inline constexpr std::size_t rules = static_cast<std::size_t>(rule::count);

[[nodiscard]] std::string_view to_string(rule which) noexcept;

/// Whether a world in which it never happens has a hole. What only many seeds show is none.
[[nodiscard]] constexpr bool must_happen(rule which) {
    return which != rule::heal_after_the_fence && which != rule::grant_after_the_fence &&
           which != rule::released_here_before;
}

class coverage {
  public:
    void note(rule which) { ++counts_[static_cast<std::size_t>(which)]; }
    void add(const coverage& other) {
        for (std::size_t i = 0; i < rules; ++i) {
            counts_[i] += other.counts_[i];
        }
    }
    [[nodiscard]] std::uint64_t of(rule which) const {
        return counts_[static_cast<std::size_t>(which)];
    }

  private:
    std::array<std::uint64_t, rules> counts_{};
};

}  // namespace redlock::sim
