// The watchdog's clock: when to extend, when to try again, and the announcement of the loss, which
// must come a stop margin before validity ends whatever the nodes do. The timer is played by hand;
// the last part drives whole lives of locks with successes, failures and frozen nodes.
#include "core/renewal.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <vector>

#include "core/validity.hpp"

namespace redlock::core::renewal_cases {

inline std::ostream& operator<<(std::ostream& out, renewal::action what) {
    constexpr const char* names[] = {"none", "extend", "announce_loss"};
    return out << names[static_cast<std::size_t>(what)];
}

namespace {

using namespace std::chrono_literals;
using action = renewal::action;

/// One of the instants at which the renewals of several locks come together.
constexpr instant epoch{123s};
constexpr instant at(duration since) {
    return epoch + since;
}

constexpr std::chrono::milliseconds lease{9'000};
constexpr duration margin = 500ms;
/// 9 s less 90 ms less 2 ms.
constexpr instant validity = at(8'908ms);
constexpr instant announcement = at(8'408ms);

renewal watchdog(double jitter = 0.0) {
    return renewal{{lease, margin, true, jitter}, epoch, validity};
}

renewal without_watchdog() {
    return renewal{{lease, margin, false, 0.0}, epoch, validity};
}

TEST(renewal, extends_after_a_third_of_the_lease) {
    renewal lock = watchdog();
    EXPECT_EQ(lock.next_event(), at(3s));
    EXPECT_EQ(lock.on_timer(at(3s) - 1ns), action::none);
    EXPECT_EQ(lock.on_timer(at(3s)), action::extend);
}

TEST(renewal, has_one_extend_round_at_a_time) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(at(3s)), action::extend);
    EXPECT_EQ(lock.on_timer(at(4s)), action::none);
    EXPECT_EQ(lock.next_event(), at(6s)) << "if it is won, the next is due then";
    EXPECT_EQ(lock.on_timer(at(6s)), action::none);
    EXPECT_EQ(lock.next_event(), announcement);
}

TEST(renewal, has_its_next_event_before_a_round_is_won) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(at(3s)), action::extend);
    const instant expected = lock.next_event();
    lock.on_extended(at(3s), at(3s) + 8'908ms);
    EXPECT_EQ(lock.next_event(), expected);
}

TEST(renewal, announces_the_loss_at_the_margin_and_not_before) {
    renewal lock = without_watchdog();
    EXPECT_EQ(lock.next_event(), announcement);
    EXPECT_EQ(lock.loss_announced_at(), announcement);
    EXPECT_EQ(lock.on_timer(announcement - 1ns), action::none);
    EXPECT_EQ(lock.on_timer(announcement), action::announce_loss);
}

TEST(renewal, announces_the_loss_while_the_extend_round_hangs) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(at(3s)), action::extend);
    EXPECT_EQ(lock.on_timer(announcement), action::announce_loss);
}

TEST(renewal, announces_rather_than_extends_when_both_are_due) {
    renewal lock = watchdog();
    EXPECT_EQ(lock.on_timer(at(1h)), action::announce_loss);
}

TEST(renewal, announces_once_and_is_over_then) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(announcement), action::announce_loss);
    EXPECT_EQ(lock.next_event(), never);
    EXPECT_EQ(lock.on_timer(announcement), action::none);
    EXPECT_EQ(lock.on_timer(at(1h)), action::none);
}

TEST(renewal, a_success_after_the_announcement_does_not_take_it_back) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(at(3s)), action::extend);
    ASSERT_EQ(lock.on_timer(announcement), action::announce_loss);
    lock.on_extended(at(3s), at(11'908ms));
    EXPECT_EQ(lock.next_event(), never);
    EXPECT_EQ(lock.on_timer(at(6s)), action::none);
}

TEST(renewal, a_success_moves_everything) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(at(3s)), action::extend);
    lock.on_extended(at(3s), at(3s) + 8'908ms);
    EXPECT_EQ(lock.next_event(), at(6s));
    EXPECT_EQ(lock.loss_announced_at(), at(3s) + 8'408ms);
    EXPECT_EQ(lock.on_timer(announcement), action::extend);
    EXPECT_EQ(lock.on_timer(at(3s) + 8'408ms), action::announce_loss);
}

TEST(renewal, a_failure_leaves_the_end_alone_and_tries_again_soon) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(at(3s)), action::extend);
    lock.on_extend_failed(at(3'500ms));
    EXPECT_EQ(lock.loss_announced_at(), announcement);
    EXPECT_EQ(lock.next_event(), at(3'500ms + 900ms));
    EXPECT_EQ(lock.on_timer(at(4'399ms)), action::none);
    EXPECT_EQ(lock.on_timer(at(4'400ms)), action::extend);
}

TEST(renewal, without_the_watchdog_never_extends) {
    renewal lock = without_watchdog();
    EXPECT_EQ(lock.on_timer(at(1s)), action::none);
    lock.on_extend_failed(at(2s));
    EXPECT_EQ(lock.next_event(), announcement);
    EXPECT_EQ(lock.on_timer(at(8s)), action::none);
    lock.on_extended(at(8s), at(8s) + 8'908ms);
    EXPECT_EQ(lock.next_event(), at(8s) + 8'408ms);
    EXPECT_EQ(lock.on_timer(at(12s)), action::none);
}

TEST(renewal, still_comes_in_time_after_the_caller_extended_by_little) {
    renewal lock = watchdog();
    // At 7 s by one second: the lock keeps its validity until 8.908 s, since nothing shortens it.
    lock.on_extended(at(7s), validity);
    EXPECT_GE(lock.next_event(), at(7s));
    EXPECT_LT(lock.next_event(), announcement);
    EXPECT_EQ(lock.on_timer(lock.next_event()), action::extend);
}

TEST(renewal, still_comes_in_time_with_a_wide_margin) {
    renewal lock{{lease, 8s, true, 0.0}, epoch, validity};
    EXPECT_EQ(lock.on_timer(lock.next_event()), action::extend);
}

TEST(renewal, announces_at_once_what_leaves_no_time) {
    renewal lock{{lease, 20s, true, 0.0}, epoch, validity};
    EXPECT_LT(lock.next_event(), epoch);
    EXPECT_EQ(lock.on_timer(epoch), action::announce_loss);
}

RC_GTEST_PROP(renewal, jitter_brings_it_forward_by_a_tenth_of_the_interval_at_most, ()) {
    const double jitter = *rc::gen::inRange(0, 1'000'000) / 1e6;
    const renewal lock = watchdog(jitter);
    RC_ASSERT(lock.next_event() >= at(2'700ms));
    RC_ASSERT(lock.next_event() <= at(3s));
}

TEST(renewal, jitter_spreads) {
    EXPECT_EQ(watchdog(0.0).next_event(), at(3s));
    EXPECT_EQ(watchdog(0.5).next_event(), at(2'850ms));
}

/// Else each renewal would be a write of its own to each node, and would wake the process anew.
TEST(renewal, comes_at_an_instant_that_locks_acquired_one_by_one_share) {
    std::vector<instant> instants;
    for (duration begun = 0ms; begun < 100ms; begun += 137us) {
        const renewal lock{{lease, margin, true, 0.0}, epoch + begun, validity + begun};
        const instant due = lock.next_event();
        EXPECT_LE(due, epoch + begun + 3s);
        EXPECT_GT(due, epoch + begun + 3s - 10ms);
        if (instants.empty() || instants.back() != due) {
            instants.push_back(due);
        }
    }
    EXPECT_LE(instants.size(), 11U);  // of 730 locks
}

TEST(renewal, does_not_come_before_a_lease_that_is_too_short_to_share) {
    const instant begun = epoch + 1us;
    const renewal lock{{5ms, 0ms, true, 0.0}, begun, begun + 4us};
    EXPECT_GE(lock.next_event(), begun);
}

TEST(stop_margin, is_a_tenth_of_the_lease_and_half_a_second_at_most) {
    EXPECT_EQ(default_stop_margin(1s), 100ms);
    EXPECT_EQ(default_stop_margin(5ms), 500us);
    EXPECT_EQ(default_stop_margin(5s), 500ms);
    EXPECT_EQ(default_stop_margin(5'001ms), 500ms);
    EXPECT_EQ(default_stop_margin(60s), 500ms);
}

TEST(renewal, of_a_lease_that_ends_early_comes_at_once) {
    renewal lock = watchdog();
    lock.on_shortened(at(1s), at(4s));
    EXPECT_EQ(lock.loss_announced_at(), at(3'500ms));
    EXPECT_EQ(lock.next_event(), at(1s));
    EXPECT_EQ(lock.on_timer(at(1s)), action::extend);
    lock.on_extended(at(1s), at(1s) + (validity - epoch));
    EXPECT_EQ(lock.loss_announced_at(), at(1s) + (announcement - epoch));
    EXPECT_EQ(lock.next_event(), at(4s));
}

TEST(renewal, of_a_lease_that_ends_early_is_one_round_at_a_time) {
    renewal lock = watchdog();
    ASSERT_EQ(lock.on_timer(at(3s)), action::extend);
    lock.on_shortened(at(3s), at(6s));
    EXPECT_EQ(lock.on_timer(at(3s)), action::none);
    EXPECT_EQ(lock.next_event(), at(5'500ms));
}

TEST(renewal, announces_the_loss_of_a_lease_that_ends_early) {
    for (renewal lock : {watchdog(), without_watchdog()}) {
        lock.on_shortened(at(1s), at(1'200ms));
        EXPECT_EQ(lock.on_timer(at(1s)), action::announce_loss);
    }
    renewal lock = without_watchdog();
    lock.on_shortened(at(1s), at(4s));
    EXPECT_EQ(lock.on_timer(at(3'500ms) - 1ns), action::none);
    EXPECT_EQ(lock.on_timer(at(3'500ms)), action::announce_loss);
}

TEST(renewal, is_not_put_off_by_an_end_that_comes_no_earlier) {
    renewal lock = without_watchdog();
    lock.on_shortened(at(1s), validity + 1s);
    EXPECT_EQ(lock.loss_announced_at(), announcement);
}

TEST(renewal, fits_five_times_into_what_steps_of_clocks_leave_of_a_lease) {
    for (const std::chrono::milliseconds of : {100ms, 1'000ms, 10'000ms, 60'000ms}) {
        const instant until = core::valid_until(epoch, of, 1s);
        renewal lock{{of, default_stop_margin(of), true, 0.0}, epoch, until};
        int tries = 0;
        instant now = lock.next_event();
        while (lock.on_timer(now) == action::extend) {
            ++tries;
            lock.on_extend_failed(now);
            now = lock.next_event();
        }
        EXPECT_GE(tries, 5) << of.count();
    }
}

// ---- whole lives ----

/// How the nodes take one extend round, and after how many milliseconds.
struct round_told {
    enum class end { won, failed, frozen } how;
    int takes_ms;
};

void showValue(const round_told& told, std::ostream& out) {  // NOLINT(*-identifier-naming)
    out << (told.how == round_told::end::won      ? "won"
            : told.how == round_told::end::failed ? "failed"
                                                  : "frozen")
        << '@' << told.takes_ms << "ms";
}

/// Plays a lock's life: the timer rings when asked to, each round ends as told, the last for ever.
/// Returns when the loss was announced.
class life {
  public:
    explicit life(std::vector<round_told> rounds) : rounds_(std::move(rounds)) {}

    instant announced_at() {
        for (;;) {
            const bool round_ends_first = ends_at_ && *ends_at_ <= lock_.next_event();
            if (round_ends_first) {
                end_round();
                continue;
            }
            const instant now = lock_.next_event();
            RC_ASSERT(now != never);
            RC_ASSERT(now <= lock_.loss_announced_at());
            const action what = lock_.on_timer(now);
            RC_ASSERT((what == action::none) == (on_its_way_ && now < lock_.loss_announced_at()));
            if (what == action::announce_loss) {
                return now;
            }
            if (what == action::extend) {
                begin_round(now);
            }
        }
    }

    [[nodiscard]] instant valid() const { return valid_until_; }
    [[nodiscard]] const std::vector<instant>& begun() const { return begun_; }

  private:
    void begin_round(instant now) {
        on_its_way_ = true;
        begun_.push_back(now);
        current_ =
            next_ < rounds_.size() ? rounds_[next_++] : round_told{round_told::end::frozen, 0};
        if (current_.how != round_told::end::frozen) {
            ends_at_ = now + std::chrono::milliseconds{current_.takes_ms};
        }
    }

    void end_round() {
        const instant now = *ends_at_;
        ends_at_.reset();
        on_its_way_ = false;
        // The round itself counts a success only while the old validity lasts.
        if (current_.how == round_told::end::won && now < valid_until_) {
            valid_until_ = std::max(valid_until_, valid_until(begun_.back(), lease));
            lock_.on_extended(begun_.back(), valid_until_);
        } else {
            lock_.on_extend_failed(now);
        }
    }

    static instant valid_until(instant started, std::chrono::milliseconds for_lease) {
        return core::valid_until(started, for_lease, 0ms);
    }

    std::vector<round_told> rounds_;
    std::size_t next_ = 0;
    round_told current_{};
    std::optional<instant> ends_at_;
    bool on_its_way_ = false;
    instant valid_until_ = validity;
    std::vector<instant> begun_;
    renewal lock_ = watchdog();
};

using enum round_told::end;

TEST(a_locks_life, with_nodes_frozen_from_the_start_ends_at_the_margin) {
    life lock{{}};
    EXPECT_EQ(lock.announced_at(), announcement);
    EXPECT_EQ(lock.begun(), (std::vector<instant>{at(3s)}));
}

TEST(a_locks_life, with_every_round_refused_has_several_attempts) {
    life lock{std::vector<round_told>(50, {failed, 0})};
    EXPECT_EQ(lock.announced_at(), announcement);
    EXPECT_EQ(lock.begun().size(), 7U);
}

TEST(a_locks_life, goes_on_as_long_as_rounds_are_won) {
    life lock{std::vector<round_told>(100, {won, 2})};
    EXPECT_EQ(lock.announced_at(), at(300s) + 8'408ms);
    EXPECT_EQ(lock.begun()[99], at(300s));
}

TEST(a_locks_life, survives_one_failed_round) {
    life lock{{{failed, 500}, {won, 2}, {won, 2}}};
    lock.announced_at();
    EXPECT_EQ(lock.begun(), (std::vector<instant>{at(3s), at(4'400ms), at(7'400ms), at(10'400ms)}));
}

RC_GTEST_PROP(a_locks_life, is_announced_lost_exactly_at_the_margin_of_its_last_validity, ()) {
    const auto rounds = *rc::gen::container<std::vector<round_told>>(rc::gen::build<round_told>(
        rc::gen::set(&round_told::how, rc::gen::element(won, won, won, failed, failed, frozen)),
        rc::gen::set(&round_told::takes_ms, rc::gen::inRange(0, 7'000))));
    life lock{rounds};
    const instant announced = lock.announced_at();
    RC_ASSERT(announced == lock.valid() - margin);
    for (std::size_t i = 1; i < lock.begun().size(); ++i) {
        RC_ASSERT(lock.begun()[i] > lock.begun()[i - 1]);
    }
}

}  // namespace
}  // namespace redlock::core::renewal_cases
