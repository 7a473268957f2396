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
    contended_attempt,
    split_vote,
    stale_ballot,
    out_of_window,
    unavailable_attempt,
    too_late_attempt,
    cancelled_attempt,
    ended_by_deadline,
    late_grant_to_holder,
    late_grant_given_back,
    deferred_release_settled,
    straggler_released,
    barred_release,
    followed_acquire,
    bar_stopped_acquire,
    bar_stopped_heal,
    heal_after_the_fence,
    grant_after_the_fence,
    late_from_cut_connection,
    release_sent_again,
    released,
    release_found_gone,
    release_indeterminate,
    outsider_release,
    extended,
    extend_indeterminate,
    extend_gone,
    extend_expired,
    extension_without_weight,
    uprooted,
    replanted,
    replanted_counted_later,
    heal_refused_by_fence,
    heal_not_asked_in_quarantine,
    loss_announced,
    handed_over,
    turn_ended,
    quarantined_not_asked,
    quarantined_vote_discarded,
    restart_seen_first,
    restart_seen_later,
    uptime_trusted,
    quarantine_over,
    vouched,
    waited_in_line,
    called_for_another,
    left_to_the_line,
    fence_out_of_reach,
    passed_over_dead_head,
    woken_by_news,
    news_lost,
    woken_by_time,
    lease_ran_out,
    offset_learned,
    error_reply,
    paused_past_validity,
    holder_killed,
    data_lost,
    data_partly_lost,
    data_kept,
    store_refused,
    clock_seen_set,
    lease_shortened,
    kept_its_time,
    other_number_told,
    other_settings_told,
    barred_client,
    overlap_outside_assumptions,
    count,
};

inline constexpr std::size_t rules = static_cast<std::size_t>(rule::count);

[[nodiscard]] std::string_view to_string(rule which) noexcept;

/// Whether a world in which it never happens has a hole. What only many seeds show is none.
[[nodiscard]] constexpr bool must_happen(rule which) {
    return which != rule::heal_after_the_fence && which != rule::grant_after_the_fence;
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
