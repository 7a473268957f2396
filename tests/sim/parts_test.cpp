// The small parts that everything in the simulation rests on: clocks, numbers, and the order of
// events.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/clocks.hpp"
#include "sim/events.hpp"
#include "sim/random.hpp"

namespace redlock::sim {
namespace {

TEST(drifting_clock, shows_a_time_first_when_it_says) {
    random_stream random{1, 1};
    for (int i = 0; i < 2'000; ++i) {
        drifting_clock clock{random.between(0, second), random.between(-200'000, 200'000)};
        const tick set_at = random.between(0, second);
        clock.step(set_at, random.between(-second, second));
        const std::int64_t wanted = clock.at(set_at) + random.between(1, 9 * second);
        const tick then = clock.when(wanted);
        EXPECT_GE(clock.at(then), wanted);
        EXPECT_LT(clock.at(then - 1), wanted);
    }
}

TEST(drifting_clock, drifts_by_its_rate) {
    const drifting_clock fast{0, 10'000};
    EXPECT_EQ(fast.at(100 * second), 101 * second);
}

TEST(random_stream, is_what_it_always_was) {
    // Any change here changes every seed, and every transcript that was kept.
    random_stream random{42, 7};
    EXPECT_EQ(random.bits() & 0xffff, random_stream(42, 7).bits() & 0xffff);
    random_stream other{42, 8};
    EXPECT_NE(random_stream(42, 7).bits(), other.bits());
}

TEST(random_stream, reaches_both_ends) {
    random_stream random{3, 3};
    bool least = false;
    bool most = false;
    for (int i = 0; i < 1'000; ++i) {
        const std::int64_t drawn = random.between(-2, 2);
        ASSERT_GE(drawn, -2);
        ASSERT_LE(drawn, 2);
        least = least || drawn == -2;
        most = most || drawn == 2;
    }
    EXPECT_TRUE(least && most);
}

TEST(event_queue, gives_by_time_and_then_by_order_of_planning) {
    random_stream random{5, 5};
    event_queue queue;
    for (std::uint32_t i = 0; i < 5'000; ++i) {
        queue.push({.at = random.between(0, 300), .subject = i});
        if (random.one_in(3)) {
            static_cast<void>(queue.pop());
        }
    }
    event before = queue.pop();
    while (!queue.empty()) {
        const event next = queue.pop();
        ASSERT_TRUE(before.at < next.at || (before.at == next.at && before.subject < next.subject));
        before = next;
    }
}

}  // namespace
}  // namespace redlock::sim
