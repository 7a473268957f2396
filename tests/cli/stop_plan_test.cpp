// Pauses of redlock of every length at every phase of a renewal, in virtual time: who ends the
// command, when, and with what exit status. The keeper is never paused here; whether it really acts
// is for the tests with processes.
#include "cli/process/stop_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "cli/base/exit_status.hpp"

namespace redlock::cli {
namespace {

using namespace std::chrono_literals;
using instant = stop_plan::time_point;
using span = std::chrono::nanoseconds;

constexpr span lease = 2s;
constexpr span margin = 200ms;
constexpr span renewal_period = lease / 3;

struct outcome {
    std::optional<instant> killed_at;  ///< Empty: the command was left alone.
    bool by_keeper = false;
    int lines = 0;  ///< How many times somebody said why.
    int status = exit_ok;
    instant valid_until;
};

instant after(span since_start) {
    return instant{} + since_start;
}

/// redlock, which renews every third of the lease and does nothing within the pause, beside a
/// keeper. A renewal that is overdue when the pause ends takes place at once, before the watch, and
/// succeeds only while the lease lasts.
outcome live(on_lost reaction, span pause_from, span pause_for) {
    stop_plan plan{reaction, margin};
    stop_claims claims;
    outcome result;
    result.valid_until = after(lease);
    plan.extended_until(result.valid_until);
    span next_renewal = renewal_period;
    const auto die = [&](instant when, bool by_keeper) {
        result.lines += claims.first(stop_cause::loss) ? 1 : 0;
        result.killed_at = when;
        result.by_keeper = by_keeper;
        result.status = claims.status(128 + 9);
    };
    for (span now{0}; now < 4 * lease; now += 1ms) {
        const bool paused = now >= pause_from && now < pause_from + pause_for;
        const auto keeper = plan.keeper_kills_at();
        if (keeper && after(now) >= *keeper) {
            die(after(now), true);
            return result;
        }
        if (paused) {
            continue;
        }
        if (now >= next_renewal && !plan.is_too_late(after(now))) {
            result.valid_until = after(now) + lease;
            plan.extended_until(result.valid_until);
            next_renewal = now + renewal_period;
        }
        if (plan.is_too_late(after(now))) {
            result.lines += claims.first(stop_cause::loss) ? 1 : 0;
            if (reaction != on_lost::warn) {
                die(std::max(after(now), plan.redlock_kills_at(after(now))), false);
            } else {
                result.status = claims.status(exit_ok);
            }
            return result;
        }
    }
    return result;
}

TEST(stop_plan, pauses_of_every_length_at_every_phase) {
    int left_alone = 0;
    int ended_by_redlock = 0;
    int ended_by_keeper = 0;
    for (span from{0}; from < 2 * renewal_period; from += 13ms) {
        for (span length{0}; length < lease + 500ms; length += 13ms) {
            const outcome seen = live(on_lost::term, from, length);
            SCOPED_TRACE(testing::Message() << from / 1ms << "+" << length / 1ms << " ms");
            // At the beginning of the pause at least two thirds of the lease are left.
            if (length < lease - renewal_period - margin) {
                EXPECT_FALSE(seen.killed_at);
            }
            if (!seen.killed_at) {
                EXPECT_EQ(seen.status, exit_ok);
                EXPECT_EQ(seen.lines, 0);
                ++left_alone;
                continue;
            }
            EXPECT_LT(*seen.killed_at, seen.valid_until);
            EXPECT_GE(*seen.killed_at, seen.valid_until - margin);
            EXPECT_EQ(seen.status, exit_lost);
            EXPECT_EQ(seen.lines, 1);
            ++(seen.by_keeper ? ended_by_keeper : ended_by_redlock);
        }
    }
    EXPECT_GT(left_alone, 0);
    EXPECT_GT(ended_by_redlock, 0);
    EXPECT_GT(ended_by_keeper, 0);
}

// The lease that was renewed at 1.33 s lasts until 3.33 s; the one before it ended at 2.67 s.
TEST(stop_plan, the_keepers_deadline_moves_with_every_extension) {
    stop_plan plan{on_lost::term, 240ms};
    for (const span until : {2000ms, 2667ms, 3333ms}) {
        plan.extended_until(after(until));
        EXPECT_EQ(plan.keeper_kills_at(), after(until - 60ms));
    }
    EXPECT_FALSE(live(on_lost::term, 1700ms, 260ms).killed_at);
}

TEST(stop_plan, redlock_is_first_where_it_can_be) {
    for (const on_lost reaction : {on_lost::term, on_lost::kill}) {
        stop_plan plan{reaction, margin};
        plan.extended_until(after(lease));
        const instant noticed = plan.redlock_looks_at();
        EXPECT_LT(plan.redlock_kills_at(noticed), *plan.keeper_kills_at());
        EXPECT_LT(plan.redlock_kills_overrun_at(after(3s)),
                  plan.keeper_kills_overrun_at(after(3s)));
    }
}

TEST(stop_plan, a_warning_is_all_that_was_asked_for) {
    const outcome seen = live(on_lost::warn, 100ms, 5s);
    EXPECT_FALSE(seen.killed_at);
    EXPECT_EQ(seen.status, exit_lost);
    EXPECT_EQ(seen.lines, 1);
}

TEST(stop_claims, each_cause_is_said_once_and_a_loss_outweighs_an_overrun) {
    stop_claims claims;
    EXPECT_EQ(claims.status(7), 7);
    EXPECT_TRUE(claims.first(stop_cause::overrun));
    EXPECT_FALSE(claims.first(stop_cause::overrun));
    EXPECT_EQ(claims.status(7), exit_max_hold);
    EXPECT_TRUE(claims.first(stop_cause::loss));
    EXPECT_FALSE(claims.first(stop_cause::loss));
    EXPECT_EQ(claims.status(7), exit_lost);
}

}  // namespace
}  // namespace redlock::cli
