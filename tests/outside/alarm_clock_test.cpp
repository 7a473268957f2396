// The alarm clock in a real event loop. Nothing here waits for long or measures time: alarms are
// set to instants that have passed, or so far away that only a cancellation can end the wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/strand.hpp"
#include "outside/alarm_clock.hpp"

namespace redlock::outside {
namespace {

using namespace std::chrono_literals;
using instant = boot_clock::time_point;
using testing::ElementsAre;

/// Calls what it is given, and remembers when it was told that it is now.
struct calling_alarm final : alarm {
    explicit calling_alarm(std::function<void()> what) : call(std::move(what)) {}
    void on_alarm(instant now) override {
        rung_at = now;
        // Held here, since the call may destroy the alarm.
        const auto keep = call;
        keep();
    }

    std::function<void()> call;
    std::optional<instant> rung_at;
};

class alarm_clock_test : public testing::Test {
  protected:
    std::unique_ptr<calling_alarm> noting(int number) {
        return std::make_unique<calling_alarm>([this, number] { rung.push_back(number); });
    }

    boost::asio::io_context io{1};
    std::optional<alarm_clock> clock{io.get_executor()};
    std::vector<int> rung;
    const instant start = boot_clock::now();
};

TEST_F(alarm_clock_test, leaves_the_event_loop_alone_while_nothing_is_set) {
    EXPECT_EQ(io.run(), 0U);
}

TEST_F(alarm_clock_test, lets_others_have_their_turn_between_very_many) {
    std::vector<std::unique_ptr<calling_alarm>> all;
    for (std::size_t number = 0; number < 2 * alarm_clock::most_in_a_turn; ++number) {
        all.push_back(noting(static_cast<int>(number)));
        clock->set(*all.back(), start - 1s);
    }
    std::size_t rung_before = 0;
    all.front()->call = [&] {
        rung.push_back(0);
        base::post_to(clock->strand(), [&] { rung_before = rung.size(); });
    };
    io.run();
    EXPECT_EQ(rung_before, alarm_clock::most_in_a_turn);
    ASSERT_EQ(rung.size(), all.size());
    EXPECT_TRUE(std::ranges::is_sorted(rung));
}

TEST_F(alarm_clock_test, rings_what_is_due_in_order_of_time) {
    const auto one = noting(1);
    const auto two = noting(2);
    const auto three = noting(3);
    clock->set(*two, start - 2s);
    clock->set(*three, start - 1s);
    clock->set(*one, start - 3s);
    io.run();
    EXPECT_THAT(rung, ElementsAre(1, 2, 3));
}

TEST_F(alarm_clock_test, rings_one_after_the_other_and_never_early) {
    const auto one = noting(1);
    const auto two = noting(2);
    clock->set(*two, start + 10ms);
    clock->set(*one, start + 5ms);
    io.run();
    EXPECT_THAT(rung, ElementsAre(1, 2));
    EXPECT_GE(one->rung_at, start + 5ms);
    EXPECT_GE(two->rung_at, start + 10ms);
}

TEST_F(alarm_clock_test, is_moved_forward_only_where_that_is_asked_for) {
    const auto one = noting(1);
    clock->set_no_later(*one, start + 2h);
    EXPECT_EQ(one->rings_at(), start + 2h);
    clock->set_no_later(*one, start + 3h);
    EXPECT_EQ(one->rings_at(), start + 2h);
    clock->set_no_later(*one, start + 1h);
    EXPECT_EQ(one->rings_at(), start + 1h);
    clock->cancel(*one);
    clock->set_no_later(*one, instant::max());
    EXPECT_EQ(one->rings_at(), instant::max());
}

TEST_F(alarm_clock_test, rings_for_an_instant_before_the_machine_was_started) {
    const auto one = noting(1);
    clock->set(*one, instant{} - 1h);
    io.run();
    EXPECT_THAT(rung, ElementsAre(1));
}

TEST_F(alarm_clock_test, does_not_ring_in_the_call_that_sets) {
    const auto one = noting(1);
    clock->set(*one, start);
    EXPECT_TRUE(rung.empty());
    EXPECT_TRUE(one->is_set());
    io.run();
    EXPECT_FALSE(one->is_set());
}

TEST_F(alarm_clock_test, lets_the_event_loop_end_once_all_is_cancelled) {
    const auto one = noting(1);
    const auto two = noting(2);
    clock->set(*one, start + 24h);
    clock->set(*two, start + 48h);
    clock->cancel(*one);
    clock->set(*two, instant::max());
    io.run();
    EXPECT_TRUE(rung.empty());
}

TEST_F(alarm_clock_test, cancels_from_inside_the_event_loop) {
    const auto far = noting(1);
    clock->set(*far, start + 24h);
    calling_alarm near{[&] { clock->cancel(*far); }};
    clock->set(near, start);
    io.run();
    EXPECT_TRUE(rung.empty());
}

TEST_F(alarm_clock_test, can_be_set_again_right_after_a_cancellation) {
    const auto one = noting(1);
    clock->set(*one, start + 24h);
    clock->cancel(*one);
    // The cancelled wait is still on its way through the event loop.
    clock->set(*one, start);
    io.run();
    EXPECT_THAT(rung, ElementsAre(1));
}

TEST_F(alarm_clock_test, rings_in_time_when_the_timer_was_left_set_for_something_cancelled) {
    const auto gone = noting(1);
    const auto after = noting(2);
    const auto before = noting(3);
    clock->set(*gone, start + 5ms);
    clock->cancel(*gone);
    io.run();  // nothing waits now
    io.restart();
    clock->set(*after, start + 10ms);
    io.run();
    EXPECT_GE(after->rung_at, start + 10ms);
    clock->set(*gone, start + 24h);
    clock->cancel(*gone);
    io.restart();
    io.run();
    io.restart();
    clock->set(*before, boot_clock::now() + 1ms);
    io.run();
    EXPECT_THAT(rung, ElementsAre(2, 3));
}

TEST_F(alarm_clock_test, takes_the_last_of_several_settings) {
    const auto sooner = noting(1);
    clock->set(*sooner, start + 24h);
    clock->set(*sooner, start);
    const auto later = noting(2);
    clock->set(*later, start);
    clock->set(*later, start + 24h);
    calling_alarm last{[&] { clock->cancel(*later); }};
    clock->set(last, start + 1ms);
    io.run();
    EXPECT_THAT(rung, ElementsAre(1));
}

TEST_F(alarm_clock_test, goes_on_after_it_rang_for_something_that_was_cancelled) {
    const auto early = noting(1);
    const auto late = noting(2);
    clock->set(*early, start + 1ms);
    clock->set(*late, start + 5ms);
    clock->cancel(*early);
    io.run();
    EXPECT_THAT(rung, ElementsAre(2));
}

TEST_F(alarm_clock_test, may_be_set_from_its_own_ring) {
    int left = 3;
    std::unique_ptr<calling_alarm> one;
    one = std::make_unique<calling_alarm>([&] {
        rung.push_back(left);
        if (--left > 0) {
            clock->set(*one, start);
        }
    });
    clock->set(*one, start);
    io.run();
    EXPECT_THAT(rung, ElementsAre(3, 2, 1));
}

TEST_F(alarm_clock_test, lets_one_ring_cancel_another_that_is_due_as_well) {
    const auto second = noting(2);
    calling_alarm first{[&] { clock->cancel(*second); }};
    clock->set(first, start - 2s);
    clock->set(*second, start - 1s);
    io.run();
    EXPECT_TRUE(rung.empty());
}

TEST_F(alarm_clock_test, lets_an_alarm_destroy_itself_in_its_ring) {
    std::unique_ptr<calling_alarm> one;
    one = std::make_unique<calling_alarm>([&] { one.reset(); });
    clock->set(*one, start);
    const auto two = noting(2);
    clock->set(*two, start + 1ms);
    io.run();
    EXPECT_EQ(one, nullptr);
    EXPECT_THAT(rung, ElementsAre(2));
}

TEST_F(alarm_clock_test, rings_what_is_left_after_an_alarm_has_thrown) {
    calling_alarm throwing{[] { throw std::runtime_error{"of the handler"}; }};
    const auto second = noting(2);
    const auto third = noting(3);
    clock->set(throwing, start - 2s);
    clock->set(*second, start - 1s);
    EXPECT_THROW(io.run(), std::runtime_error);
    EXPECT_TRUE(rung.empty());
    clock->set(*third, start);
    io.run();
    EXPECT_THAT(rung, ElementsAre(2, 3));
}

TEST_F(alarm_clock_test, may_go_while_its_wait_is_on_its_way) {
    auto one = noting(1);
    clock->set(*one, start);
    clock->cancel(*one);
    one.reset();
    clock.reset();
    io.run();
    EXPECT_TRUE(rung.empty());
}

/// What owns a clock and its alarms, as a manager does.
struct clock_owner {
    explicit clock_owner(const boost::asio::any_io_executor& executor) : clock(executor) {}
    ~clock_owner() {
        // An alarm must not go while it is set.
        clock.end();
        *gone = true;
        if (then) {
            then();
        }
    }
    clock_owner(const clock_owner&) = delete;
    clock_owner& operator=(const clock_owner&) = delete;

    alarm_clock clock;
    std::unique_ptr<calling_alarm> entry;
    std::shared_ptr<bool> gone = std::make_shared<bool>(false);
    std::function<void()> then;
};

// As those of an owner whose parts go one after the other, some of which cancel theirs.
TEST_F(alarm_clock_test, forgets_all_alarms_when_it_ends_and_takes_no_more) {
    auto one = noting(1);
    const auto two = noting(2);
    clock->set(*one, start - 1s);
    clock->set(*two, start - 1s);
    clock->end();
    EXPECT_FALSE(one->is_set());
    one.reset();
    clock->cancel(*two);
    clock->set(*two, start - 1s);
    EXPECT_FALSE(two->is_set());
    io.run();
    EXPECT_TRUE(rung.empty());
}

TEST_F(alarm_clock_test, keeps_its_owner_alive_while_an_alarm_is_set) {
    auto owner = std::make_shared<clock_owner>(io.get_executor());
    owner->clock.keep_alive(owner);
    const auto gone = owner->gone;
    const std::weak_ptr<clock_owner> watched = owner;
    owner->entry = std::make_unique<calling_alarm>([&] {
        rung.push_back(1);
        EXPECT_FALSE(*gone);
    });
    owner->clock.set(*owner->entry, start + 2ms);
    owner.reset();
    EXPECT_FALSE(watched.expired());
    io.run();
    EXPECT_THAT(rung, ElementsAre(1));
    EXPECT_TRUE(*gone);
}

TEST_F(alarm_clock_test, lets_its_owner_go_when_the_last_alarm_is_cancelled) {
    auto owner = std::make_shared<clock_owner>(io.get_executor());
    owner->clock.keep_alive(owner);
    const auto gone = owner->gone;
    owner->entry = noting(1);
    owner->clock.set(*owner->entry, start + 24h);
    owner->clock.cancel(*owner->entry);
    owner.reset();
    io.run();
    EXPECT_TRUE(*gone);
    EXPECT_TRUE(rung.empty());
}

// Others may be on the strand by then, with what the owner owns.
TEST_F(alarm_clock_test, lets_its_owner_go_on_the_strand) {
    const auto strand = base::make_strand_on(io.get_executor());
    auto owner = std::make_shared<clock_owner>(strand);
    owner->clock.keep_alive(owner);
    owner->entry = noting(1);
    std::optional<bool> on_strand;
    owner->then = [&] { on_strand = base::is_on(strand); };
    owner->clock.set(*owner->entry, start + 24h);
    owner->clock.cancel(*owner->entry);
    owner.reset();
    io.run();
    EXPECT_EQ(on_strand, true);
}

TEST(alarm_clock, goes_with_its_owner_when_the_event_loop_is_given_up) {
    std::shared_ptr<bool> gone;
    {
        boost::asio::io_context io{1};
        auto owner = std::make_shared<clock_owner>(io.get_executor());
        owner->clock.keep_alive(owner);
        gone = owner->gone;
        owner->entry = std::make_unique<calling_alarm>([] { FAIL(); });
        owner->clock.set(*owner->entry, boot_clock::now() + 24h);
        owner.reset();
        io.poll();
        EXPECT_FALSE(*gone);
    }
    EXPECT_TRUE(*gone);
}

}  // namespace
}  // namespace redlock::outside
