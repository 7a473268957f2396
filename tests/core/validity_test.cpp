// How long a lease may be relied on, and the arithmetic of instants below it. All in whole
// nanoseconds: an allowance that is rounded down anywhere is an allowance taken from the holder's
// safety.
#include "core/validity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/instant.hpp"
#include "core/small_scope.hpp"

namespace redlock::core::validity_cases {
namespace {

using small_scope::at;
using small_scope::epoch;

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(drift, is_a_hundredth_and_two_milliseconds) {
    EXPECT_EQ(drift_of(0ms), 2ms);
    EXPECT_EQ(drift_of(100ms), 3ms);
    EXPECT_EQ(drift_of(10s), 102ms);
    EXPECT_EQ(drift_of(60s), 602ms);
}

TEST(drift, keeps_the_fraction_of_a_short_lease) {
    EXPECT_EQ(drift_of(1ms), 2ms + 10us);
    EXPECT_EQ(drift_of(99ms), 2ms + 990us);
}

RC_GTEST_PROP(drift, is_exact_and_grows_with_the_lease, ()) {
    const milliseconds lease{*rc::gen::inRange<milliseconds::rep>(0, 86'400'000)};
    RC_ASSERT((drift_of(lease) - 2ms) * 100 == duration{lease});
    RC_ASSERT(drift_of(lease + 1ms) > drift_of(lease));
}

TEST(step, is_what_the_settings_say_and_a_tenth_of_a_short_lease) {
    EXPECT_EQ(step_of(60s, 1s), 1s);
    EXPECT_EQ(step_of(10s, 1s), 1s);
    EXPECT_EQ(step_of(9999ms, 1s), 999'900us);
    EXPECT_EQ(step_of(1s, 1s), 100ms);
    EXPECT_EQ(step_of(5ms, 1s), 500us);
    EXPECT_EQ(step_of(10s, 1ms), 1ms);
}

TEST(validity, counts_from_the_start_and_leaves_drift_and_step_out) {
    EXPECT_EQ(valid_until(epoch, 10s, 1s), at(8898ms));
    EXPECT_EQ(valid_until(at(5ms), 10s, 1s), at(8903ms));
    EXPECT_EQ(valid_until(epoch, 10s, 300ms), at(9598ms));
    EXPECT_EQ(valid_until(epoch, 1s, 1s), at(888ms));
}

TEST(validity, of_a_lease_too_short_to_use_is_over_at_its_start) {
    EXPECT_LE(valid_until(epoch, 0ms, 1s), epoch);
    EXPECT_LE(valid_until(epoch, 2ms, 1s), epoch);
    EXPECT_GT(valid_until(epoch, 3ms, 1s), epoch);
}

RC_GTEST_PROP(validity, leaves_most_of_every_lease_that_is_of_any_use, ()) {
    const milliseconds lease{*rc::gen::inRange<milliseconds::rep>(20, 86'400'000)};
    const milliseconds step{*rc::gen::inRange<milliseconds::rep>(1, 86'400'000)};
    RC_ASSERT(valid_until(epoch, lease, step) - epoch >= duration{lease} * 3 / 4);
}

RC_GTEST_PROP(validity, ends_before_every_node_of_bearable_clock_drops_the_key, ()) {
    const milliseconds lease{*rc::gen::inRange<milliseconds::rep>(1, 3'600'000)};
    const duration travelled{*rc::gen::inRange<duration::rep>(0, 1'000'000'000)};
    const milliseconds step{*rc::gen::inRange<milliseconds::rep>(1, 10'000)};
    // Redis expires by its own clock, which may be one hundredth fast, and whole milliseconds; and
    // be set forward.
    const instant written_at = at(travelled);
    const instant dropped_at = written_at + duration{lease} * 99 / 100 - 1ms - step_of(lease, step);
    RC_ASSERT(valid_until(epoch, lease, step) < dropped_at);
}

TEST(saturating_add, is_plain_addition_short_of_the_end_of_time) {
    EXPECT_EQ(saturating_add(epoch, 7s), at(7s));
    EXPECT_EQ(saturating_add(epoch, -7s), at(-7s));
    EXPECT_EQ(saturating_add(epoch, 0s), epoch);
}

TEST(saturating_add, stops_at_never) {
    EXPECT_EQ(saturating_add(epoch, duration::max()), never);
    EXPECT_EQ(saturating_add(never, 1ns), never);
    EXPECT_EQ(saturating_add(never, 0ns), never);
    EXPECT_EQ(saturating_add(epoch, never - epoch), never);
    EXPECT_EQ(saturating_add(epoch, never - epoch - 1ns), never - 1ns);
}

}  // namespace
}  // namespace redlock::core::validity_cases
