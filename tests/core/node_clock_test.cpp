// What answers prove of a node's clock: intervals that meet prove nothing, those that do not meet
// prove a step, in either direction, and the step is never taken for less than it was.
#include "core/node_clock.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::node_clock_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using std::chrono::microseconds;

/// What a node's clock shows at an instant when it is so far ahead of ours.
std::int64_t shown(instant when, duration ahead) {
    return std::chrono::floor<microseconds>(when.time_since_epoch() + ahead).count();
}

/// An answer that took 2 ms, given in the middle.
bool answers(node_clock& clock, instant when, duration ahead) {
    return clock.on_answer(shown(when, ahead), when - 1ms, when + 1ms);
}

TEST(node_clock, of_one_answer_proves_nothing) {
    node_clock clock;
    EXPECT_FALSE(answers(clock, at(10s), 500h));
    EXPECT_EQ(clock.stepped(), 0ms);
}

TEST(node_clock, that_goes_on_was_not_set) {
    node_clock clock;
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(answers(clock, at(i * 1s), 500h)) << i;
    }
    EXPECT_EQ(clock.stepped(), 0ms);
}

TEST(node_clock, that_was_set_forward_is_seen_in_the_next_answer) {
    node_clock clock;
    answers(clock, at(1s), 500h);
    EXPECT_TRUE(answers(clock, at(2s), 500h + 3s));
    EXPECT_GE(clock.stepped(), 3s - 10ms);  // less the drift of a second
    EXPECT_LE(clock.stepped(), 3s + 5ms);
    const duration before = clock.stepped();
    EXPECT_FALSE(answers(clock, at(3s), 500h + 3s));
    EXPECT_EQ(clock.stepped(), before);
}

TEST(node_clock, that_was_set_back_and_forward_again_was_not_set_in_all) {
    node_clock clock;
    answers(clock, at(1s), 500h);
    EXPECT_TRUE(answers(clock, at(1s + 10ms), 500h - 5s));
    EXPECT_LT(clock.stepped(), -4s);
    EXPECT_TRUE(answers(clock, at(1s + 20ms), 500h));
    EXPECT_GE(clock.stepped(), 0s);
    EXPECT_LE(clock.stepped(), 10ms);
}

TEST(node_clock, may_run_one_hundredth_fast_or_slow) {
    for (const int hundredths : {-1, 1}) {
        node_clock clock;
        for (int i = 0; i < 1'000; ++i) {
            const instant when = at(i * 37ms);
            EXPECT_FALSE(answers(clock, when, 500h + (when - at(0s)) * hundredths / 100)) << i;
        }
    }
}

TEST(node_clock, that_runs_faster_than_that_was_set) {
    node_clock clock;
    bool seen = false;
    for (int i = 0; i < 1'000; ++i) {
        const instant when = at(i * 37ms);
        seen = answers(clock, when, 500h + (when - at(0s)) * 3 / 100) || seen;
    }
    EXPECT_TRUE(seen);
}

TEST(node_clock, is_known_better_by_every_quick_answer) {
    node_clock clock;
    // A slow answer shows little, but what a quick one has shown before is not forgotten.
    answers(clock, at(1s), 500h);
    EXPECT_FALSE(clock.on_answer(shown(at(2s), 500h), at(1s), at(3s)));
    EXPECT_TRUE(answers(clock, at(3s + 1ms), 500h + 100ms));
}

TEST(node_clock, of_a_slow_answer_is_not_accused) {
    node_clock clock;
    answers(clock, at(1s), 500h);
    EXPECT_FALSE(clock.on_answer(shown(at(2s), 500h), at(1'500ms), at(9s)));
    EXPECT_FALSE(clock.on_answer(shown(at(9s), 500h), at(2s), at(9'001ms)));
}

TEST(node_clock, takes_no_notice_of_what_is_no_time) {
    using limits = std::numeric_limits<std::int64_t>;
    node_clock clock;
    answers(clock, at(1s), 500h);
    for (const std::int64_t time : {std::int64_t{0}, std::int64_t{-5}, limits::min(), limits::max(),
                                    (std::int64_t{1} << 53U) + 1}) {
        EXPECT_FALSE(clock.on_answer(time, at(1s), at(2s))) << time;
    }
    EXPECT_FALSE(answers(clock, at(3s), 500h));
    EXPECT_EQ(clock.stepped(), 0ms);
}

TEST(node_clock, stays_in_range_whatever_it_is_told) {
    node_clock clock;
    for (int i = 0; i < 100'000; ++i) {
        clock.on_answer(i % 2 == 0 ? std::int64_t{1} << 53U : 1, at(i * 1ms), at(i * 1ms));
    }
    EXPECT_LE(clock.stepped(), 48h);
    EXPECT_GE(clock.stepped(), -48h);
}

RC_GTEST_PROP(node_clock, is_never_taken_to_be_set_by_less_than_it_was, ()) {
    // Each answer: how long after the last, on its way there and back, and a step before it.
    struct told {
        int after_ms, there_us, back_us, step_ms;
    };
    const auto any = rc::gen::exec([] {
        return told{*rc::gen::inRange(0, 5'000), *rc::gen::inRange(0, 50'000),
                    *rc::gen::inRange(0, 50'000),
                    *rc::gen::oneOf(rc::gen::just(0), rc::gen::inRange(-3'000, 3'000))};
    });
    const int rate = *rc::gen::inRange(-100, 101);  // of ten thousand
    const auto story = *rc::gen::container<std::vector<told>>(any);
    node_clock clock;
    instant now = at(0s);
    duration ahead = 500h;
    duration set{0};        // since the first answer
    duration uncertain{0};  // what steps too small to be proven may come to
    duration passed{0};
    bool first = true;
    for (const told& each : story) {
        const duration moved = each.after_ms * 1ms + each.there_us * 1us;
        const instant sent = now + each.after_ms * 1ms;
        ahead += moved * rate / 10'000 + each.step_ms * 1ms;
        passed += moved;
        const instant given = now + moved;
        const bool proven = clock.on_answer(shown(given, ahead), sent, given + each.back_us * 1us);
        RC_ASSERT(!(first && proven));
        if (!first) {
            set += each.step_ms * 1ms;
            if (!proven) {
                uncertain += std::max(each.step_ms * 1ms, 0ms);
            }
        }
        RC_ASSERT(each.step_ms != 0 || uncertain > 0ms || set != 0ms || !proven);
        // Short of the drift, which validity allows for.
        const duration rounding = 1ms * static_cast<int>(story.size());
        RC_ASSERT(clock.stepped() >= set - uncertain - passed / 50 - rounding);
        first = false;
        now = given + each.back_us * 1us;
        ahead += each.back_us * 1us * rate / 10'000;
        passed += each.back_us * 1us;
    }
}

}  // namespace
}  // namespace redlock::core::node_clock_cases
