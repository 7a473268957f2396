// How a holder learns that its lock is lost, before anybody else can hold it, and what an extension
// must never do: bring back what expired or was deleted, or touch somebody else's lock.
#include <gtest/gtest.h>

#include <string>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct loss : testing::Test {
    /// Taken, and on all three nodes.
    lock taken(acquire_options options) {
        lock held = user.take("job", options);
        EXPECT_TRUE(user.await([&] { return nodes.having("job", held.token().str()) == 3; }));
        return held;
    }
    void remove_on(std::size_t first, std::size_t end) {
        for (std::size_t node = first; node < end; ++node) {
            nodes[node].command({"DEL", "job"});
        }
    }

    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
};

TEST_F(loss, of_two_of_three_keys_is_noticed_by_the_watchdog) {
    lock held = taken({.lease_time = 2s, .renew = true});
    const auto watching = user.begin_wait_lost(held);
    remove_on(0, 2);
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    EXPECT_EQ(watching->error, errc::lost);
    EXPECT_FALSE(held.valid());
    EXPECT_LE(boot_clock::now(), held.valid_until()) << "at a renewal, not at the end";
    EXPECT_EQ(user.events().count(event_kind::lost), 1U);
    EXPECT_FALSE(held.last_error().message.empty());
    EXPECT_EQ(nodes.having("job"), 1U) << "nothing was planted again";
}

TEST_F(loss, of_one_of_three_keys_is_healed) {
    lock held = taken({.lease_time = 600ms, .renew = true});
    remove_on(0, 1);
    EXPECT_TRUE(user.await([&] { return nodes.having("job", held.token().str()) == 3; }));
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(user.events().count(event_kind::lost), 0U);
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
}

TEST_F(loss, of_one_key_after_a_higher_fencing_token_is_not_healed) {
    lock held = taken({.lease_time = 30s});
    remove_on(0, 1);
    const std::string higher = std::to_string(held.fencing_token().value() + 1);
    nodes[0].command({"SET", fence_of("job"), higher});
    EXPECT_FALSE(user.extend(held));
    EXPECT_FALSE(user.extend(held));
    user.warm_up();
    EXPECT_FALSE(nodes[0].get("job"));
    EXPECT_EQ(nodes[0].get(fence_of("job")), higher);
}

TEST_F(loss, a_release_by_token_from_elsewhere_is_not_healed) {
    lock held = taken({.lease_time = 30s});
    client other{turned, nodes.urls()};
    auto attached = other.attach("job", held.token());
    ASSERT_FALSE(attached->error);
    ASSERT_FALSE(other.release(attached->value));
    EXPECT_EQ(user.extend(held), errc::lost);
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    user.warm_up();
    EXPECT_EQ(nodes.having("job"), 0U);
    lock next = user.take("job", {.wait = wait_policy::none()});
    EXPECT_GT(next.fencing_token(), held.fencing_token());
}

TEST_F(loss, of_a_lock_whose_event_loop_stood_still_says_so) {
    const lock held = taken({.lease_time = 300ms, .renew = true});
    pass_until(held.valid_until());
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::lost) == 1; }));
    EXPECT_NE(held.last_error().message.find("the event loop came to it"), std::string::npos)
        << held.last_error().message;
}

TEST_F(loss, of_a_lock_whose_event_loop_stood_still_names_the_nodes_that_were_silent_before) {
    const lock held = taken({.lease_time = 600ms, .renew = true});
    nodes.freeze(0, 3);
    const auto renewed_at = held.valid_until() - 300ms;
    ASSERT_TRUE(user.await([&] { return boot_clock::now() > renewed_at; }));
    pass_until(held.valid_until());
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::lost) == 1; }));
    const diagnostics why = held.last_error();
    EXPECT_NE(why.message.find("the event loop came to it"), std::string::npos) << why.message;
    EXPECT_EQ(why.nodes.size(), 3U) << why.to_string();
}

TEST_F(loss, with_every_node_frozen_is_announced_while_the_lock_is_valid) {
    lock held = taken({.lease_time = 1s, .renew = true, .stop_margin = 400ms});
    const auto first = user.begin_wait_lost(held);
    const auto second = user.begin_wait_lost(held);
    nodes.freeze(0, 3);
    ASSERT_TRUE(user.await([&] { return first->done && second->done; }));
    EXPECT_LE(boot_clock::now(), held.valid_until());
    EXPECT_EQ(first->error, errc::lost);
    EXPECT_EQ(second->error, errc::lost) << "any number may wait";
    EXPECT_FALSE(held.valid());
    for (const auto& url : nodes.urls()) {
        EXPECT_NE(held.last_error().to_string().find(url), std::string::npos)
            << "the extension is unanswered yet: " << held.last_error().to_string();
    }
}

TEST_F(loss, by_time_alone_needs_no_event_loop) {
    lock held = taken({.lease_time = 100ms});
    EXPECT_TRUE(held.valid() || boot_clock::now() >= held.valid_until());
    // Nobody turns the loop: no timer rings.
    pass_until(held.valid_until());
    EXPECT_FALSE(held.valid());
    EXPECT_EQ(held.remaining(), 0ns);
}

TEST_F(loss, of_a_lease_that_is_not_renewed_comes_at_its_end) {
    lock held = taken({.lease_time = 250ms});
    const auto watching = user.begin_wait_lost(held);
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    EXPECT_EQ(watching->error, errc::lost);
    EXPECT_EQ(user.events().count(event_kind::extended), 0U);
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
}

TEST_F(loss, waited_for_ends_without_an_error_when_the_lock_is_released) {
    lock held = taken({});
    const auto watching = user.begin_wait_lost(held);
    turned.step();
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    EXPECT_FALSE(watching->error);
    EXPECT_EQ(user.events().count(event_kind::lost), 0U);
}

TEST_F(loss, waited_for_ends_without_an_error_when_the_lock_is_detached_or_destroyed) {
    lock held = taken({});
    const auto first = user.begin_wait_lost(held);
    turned.step();
    held.detach();
    ASSERT_TRUE(user.await([&] { return first->done; }));
    EXPECT_FALSE(first->error);
    lock other = user.take("other");
    const auto second = user.begin_wait_lost(other);
    turned.step();
    other = lock{};
    ASSERT_TRUE(user.await([&] { return second->done; }));
    EXPECT_FALSE(second->error);
}

TEST_F(loss, is_told_at_once_to_who_asks_afterwards) {
    lock held = taken({.lease_time = 30s});
    remove_on(0, 3);
    EXPECT_EQ(user.extend(held), errc::lost);
    const auto watching = user.begin_wait_lost(held);
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    EXPECT_EQ(watching->error, errc::lost);
}

TEST_F(loss, an_extension_never_creates_a_deleted_lock_again) {
    lock held = taken({.lease_time = 30s});
    remove_on(0, 3);
    EXPECT_EQ(user.extend(held, 20s), errc::lost);
    EXPECT_FALSE(held.valid());
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    EXPECT_EQ(user.extend(held, 20s), errc::lost);
    EXPECT_EQ(nodes.having("job"), 0U);
}

TEST_F(loss, an_extension_of_an_expired_lock_is_lost_and_asks_no_node) {
    lock held = taken({.lease_time = 150ms, .stop_margin = 0ms});
    // The nodes would still say yes.
    nodes.each([](redis_server& node) { node.command({"PERSIST", "job"}); });
    // Expired by the clock, with the loop not turned: the announcement has not been made.
    pass_until(held.valid_until());
    EXPECT_EQ(user.extend(held, 20s), errc::lost);
    EXPECT_EQ(user.extend(held, 20s), errc::lost);
    user.warm_up();  // whatever was sent before has been answered
    nodes.each([](redis_server& node) { EXPECT_LT(node.pttl("job"), 0); });
}

TEST_F(loss, an_extension_counts_no_node_that_never_granted) {
    nodes[2].kill();
    lock held = user.take("job", {.lease_time = 30s});
    EXPECT_FALSE(user.extend(held, 40s));
    nodes[0].command({"DEL", "job"});
    EXPECT_EQ(user.extend(held, 50s), errc::lost) << "one of three is no quorum";
}

TEST_F(loss, an_extension_that_was_answered_after_validity_ended_does_not_count) {
    lock held = taken({.lease_time = 400ms, .stop_margin = 0ms});
    nodes.freeze(0, 3);
    const auto extending = user.begin_extend(held, 30s);
    turned.step();
    pass_until(held.valid_until());
    nodes.thaw();
    ASSERT_TRUE(user.await([&] { return extending->done; }));
    EXPECT_EQ(extending->error, errc::lost);
    EXPECT_FALSE(held.valid());
}

TEST_F(loss, an_extension_never_touches_somebody_elses_lock) {
    lock held = taken({.lease_time = 30s});
    remove_on(0, 2);
    for (const std::size_t node : {0U, 1U}) {
        nodes[node].command({"SET", "job", "theirs", "PX", "5000"});
    }
    EXPECT_EQ(user.extend(held, 60s), errc::lost);
    for (const std::size_t node : {0U, 1U}) {
        EXPECT_EQ(nodes[node].get("job"), "theirs");
        EXPECT_LE(nodes[node].pttl("job"), 5000);
    }
}

TEST_F(loss, a_release_never_touches_somebody_elses_lock) {
    lock held = taken({.lease_time = 30s});
    nodes.each([](redis_server& node) { node.command({"SET", "job", "theirs", "PX", "30000"}); });
    EXPECT_EQ(user.release(held), errc::lost);
    EXPECT_EQ(nodes.having("job", "theirs"), 3U);
}

TEST_F(loss, a_failed_renewal_is_tried_again_and_the_lock_survives) {
    client hasty{turned, nodes.urls(), impatient_options()};
    lock held = hasty.take("other", {.lease_time = 6s, .renew = true, .stop_margin = 100ms});
    ASSERT_TRUE(hasty.await([&] { return nodes.having("other") == 3; }));
    nodes.freeze(0, 2);
    ASSERT_TRUE(hasty.await([&] { return hasty.events().count(event_kind::extend_failed) >= 1; }));
    EXPECT_TRUE(held.valid()) << "a failed renewal leaves the lock alone";
    nodes.thaw();
    EXPECT_TRUE(hasty.await([&] { return hasty.events().count(event_kind::extended) >= 1; }));
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(hasty.events().count(event_kind::lost), 0U);
}

TEST_F(loss, nobody_else_gets_the_lock_before_the_holder_knows) {
    client other{turned, nodes.urls()};
    lock held = taken({.lease_time = 500ms});
    const auto watching = user.begin_wait_lost(held);
    const auto waiting = other.begin_acquire("job");
    bool told_first = false;
    ASSERT_TRUE(user.await([&] {
        told_first = told_first || (watching->done && !waiting->done);
        return waiting->done;
    }));
    EXPECT_TRUE(told_first);
    EXPECT_FALSE(held.valid());
    EXPECT_GT(boot_clock::now(), held.valid_until());
    EXPECT_GT(waiting->value.fencing_token(), held.fencing_token());
}

}  // namespace
}  // namespace redlock::integration
