// Cancellation at every step of every operation: when it is reported, nothing of the attempt is on
// any node that answers, and nothing will appear on one that does not.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct cancellation : testing::Test {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
};

TEST_F(cancellation, before_anything_is_connected) {
    const auto stopped = user.begin_acquire("job");
    stopped->cancel();
    ASSERT_TRUE(user.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->error, asio::error::operation_aborted);
    EXPECT_EQ(nodes.having("job"), 0U);
    EXPECT_FALSE(user.close());
    EXPECT_EQ(nodes.having("job"), 0U);
}

// The sweep: the same acquisition is cancelled after one more handler of the event loop each time,
// from before the first byte to after its completion.
TEST_F(cancellation, at_every_step_of_an_acquisition) {
    user.rehearse();
    bool won_once = false;
    bool aborted_once = false;
    for (int steps = 0; steps < 60; ++steps) {
        const auto stopped = user.begin_acquire("job", {.label = steps % 2 ? "label" : ""});
        for (int i = 0; i < steps && !stopped->done; ++i) {
            turned.step();
        }
        stopped->cancel();
        ASSERT_TRUE(user.await([&] { return stopped->done; }));
        if (stopped->error) {
            aborted_once = true;
            ASSERT_EQ(stopped->error, asio::error::operation_aborted);
            ASSERT_EQ(nodes.having("job"), 0U) << "after " << steps << " steps";
            ASSERT_EQ(nodes.having(holder_of("job")), 0U) << "after " << steps << " steps";
        } else {
            won_once = true;
            ASSERT_TRUE(stopped->value.valid());
            ASSERT_FALSE(user.release(stopped->value));
            ASSERT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
        }
    }
    EXPECT_TRUE(won_once);
    EXPECT_TRUE(aborted_once);
}

TEST_F(cancellation, at_every_step_of_a_first_acquisition_that_has_yet_to_connect) {
    for (int steps = 0; steps < 60; steps += 3) {
        client fresh{turned, nodes.urls()};
        const auto stopped = fresh.begin_acquire("job");
        for (int i = 0; i < steps && !stopped->done; ++i) {
            turned.step();
        }
        stopped->cancel();
        ASSERT_TRUE(fresh.await([&] { return stopped->done; }));
        if (stopped->error) {
            ASSERT_EQ(nodes.having("job"), 0U) << "after " << steps << " steps";
        } else {
            ASSERT_FALSE(fresh.release(stopped->value));
            ASSERT_TRUE(fresh.await([&] { return nodes.having("job") == 0; }));
        }
        ASSERT_FALSE(fresh.close());
        ASSERT_EQ(nodes.having("job"), 0U) << "nor afterwards";
    }
}

TEST_F(cancellation, right_when_it_is_won_gives_the_lock_or_leaves_nothing) {
    operation_ptr<lock> stopped;
    const auto log = std::make_shared<event_log>();
    log->also = [&](const event& what) {
        if (what.kind == event_kind::acquired) {
            stopped->cancel();
        }
    };
    manager_options options = usual_options();
    options.events = log;
    client sharp{turned, nodes.urls(), options};
    stopped = sharp.begin_acquire("job");
    ASSERT_TRUE(sharp.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->value.valid(), !stopped->error);
    stopped->value = lock{};
    EXPECT_TRUE(sharp.await([&] { return nodes.having("job") == 0; }));
}

TEST_F(cancellation, while_a_majority_is_frozen_leaves_nothing_after_the_thaw) {
    client hasty{turned, nodes.urls(), impatient_options()};
    hasty.rehearse();
    nodes.freeze(1, 3);
    const auto stopped = hasty.begin_acquire("job");
    ASSERT_TRUE(hasty.await([&] { return nodes[0].get("job").has_value(); }));
    stopped->cancel();
    ASSERT_TRUE(hasty.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->error, asio::error::operation_aborted);
    EXPECT_FALSE(nodes[0].get("job"));
    nodes.thaw();
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_TRUE(hasty.await([&] { return cleaned(nodes[node], "job"); }));
    }
}

TEST_F(cancellation, while_nothing_can_be_connected) {
    nodes.each([](redis_server& node) { node.kill(); });
    const auto stopped = user.begin_acquire("job");
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::attempt_failed) > 0; }));
    stopped->cancel();
    ASSERT_TRUE(user.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->error, asio::error::operation_aborted);
}

TEST_F(cancellation, of_a_waiter_means_that_it_never_gets_the_lock) {
    client other{turned, nodes.urls()};
    lock held = other.take("job");
    const auto stopped = user.begin_acquire("job");
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::attempt_failed) > 2; }));
    stopped->cancel();
    ASSERT_TRUE(user.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->error, asio::error::operation_aborted);
    EXPECT_FALSE(stopped->value.valid());
    EXPECT_TRUE(held.valid());
    EXPECT_FALSE(other.release(held));
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    EXPECT_FALSE(user.close());  // whatever it still had under way is over
    EXPECT_EQ(nodes.having("job"), 0U);
    EXPECT_EQ(user.events().count(event_kind::acquired), 0U);
}

TEST_F(cancellation, of_a_waiter_begins_no_attempt_while_the_last_is_being_undone) {
    client other{turned, nodes.urls()};
    const lock held = other.take("job", {.lease_time = 60s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    user.warm_up();
    nodes.freeze(2, 3);
    const auto stopped = user.begin_acquire("job");
    // The one in which it stands in line, after which it waits for news.
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::attempt_failed) > 1; }));
    user.warm_up();
    stopped->cancel();  // which the frozen node does not confirm
    for (const std::size_t node : {0U, 1U}) {
        nodes[node].command({"DEL", "job"});
    }
    ASSERT_TRUE(user.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->error, asio::error::operation_aborted);
    nodes.thaw();
    EXPECT_EQ(nodes.having("job"), 1U) << "what the other left on the third";
    EXPECT_EQ(user.events().count(event_kind::acquired), 0U);
}

TEST_F(cancellation, of_one_waiter_does_not_disturb_the_others) {
    lock held = user.take("job");
    const auto first = user.begin_acquire("job");
    const auto second = user.begin_acquire("job");
    user.warm_up();  // both stand in line by now: the strand came to them first
    first->cancel();
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(user.await([&] { return first->done && second->done; }));
    EXPECT_EQ(first->error, asio::error::operation_aborted);
    EXPECT_FALSE(second->error);
    EXPECT_TRUE(second->value.valid());
}

TEST_F(cancellation, of_a_release_ends_only_the_waiting) {
    lock held = user.take("job");
    const auto stopped = user.begin_release(held);
    stopped->cancel();
    ASSERT_TRUE(user.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->error, asio::error::operation_aborted);
    EXPECT_FALSE(held.valid());
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
}

TEST_F(cancellation, of_an_extension_leaves_the_lock_held) {
    lock held = user.take("job");
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes.freeze(0, 3);
    const auto stopped = user.begin_extend(held, 30s);
    turned.step();
    stopped->cancel();
    ASSERT_TRUE(user.await([&] { return stopped->done; }));
    EXPECT_EQ(stopped->error, asio::error::operation_aborted);
    EXPECT_TRUE(held.valid());
    nodes.thaw();
    EXPECT_FALSE(user.extend(held, 40s));
    EXPECT_FALSE(user.release(held));
}

TEST_F(cancellation, of_reading_and_of_waiting_for_a_loss) {
    lock held = user.take("job");
    const auto watching = user.begin_wait_lost(held);
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes.freeze(0, 3);
    const auto asking = user.begin_status("job");
    const auto attaching = user.begin_attach("job", held.token());
    turned.step();
    watching->cancel();
    asking->cancel();
    attaching->cancel();
    ASSERT_TRUE(user.await([&] { return watching->done && asking->done && attaching->done; }));
    EXPECT_EQ(watching->error, asio::error::operation_aborted);
    EXPECT_EQ(asking->error, asio::error::operation_aborted);
    EXPECT_EQ(attaching->error, asio::error::operation_aborted);
    EXPECT_TRUE(held.valid());
    nodes.thaw();
    EXPECT_FALSE(user.release(held));
}

TEST_F(cancellation, of_a_close_ends_only_the_waiting) {
    lock held = user.take("job");
    const auto stopped = user.begin_close();
    stopped->cancel();
    ASSERT_TRUE(user.await([&] { return stopped->done; }));
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    EXPECT_EQ(user.acquire("job")->error, errc::closed);
}

TEST_F(cancellation, after_completion_does_nothing) {
    const auto had = user.acquire("job");
    ASSERT_FALSE(had->error);
    had->cancel();
    EXPECT_FALSE(user.extend(had->value));
    EXPECT_TRUE(had->value.valid());
}

}  // namespace
}  // namespace redlock::integration
