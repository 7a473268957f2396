// `acquire_options::min_hold`: whatever ends the hold, the nodes keep the lock for the minimum, and
// nothing of it is deleted by what arrives late. A lock that was not won is given back at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::HasSubstr;

struct min_hold : testing::Test {
    static acquire_options for_half_a_minute() {
        return {.lease_time = 1s, .renew = true, .min_hold = 30s};
    }
    /// On so many nodes, for longer than the lease time and not for longer than the minimum.
    [[nodiscard]] std::size_t keeping(const std::string& token) {
        return nodes.count([&](redis_server& node) {
            const auto left = node.pttl("job");
            return node.get("job") == token && left > 1'000 && left <= 30'000;
        });
    }

    /// On all nodes: the last one may only just have learned the script when the lock is held.
    lock take_everywhere(const acquire_options& with) {
        lock held = user.take("job", with);
        EXPECT_TRUE(turned.until([&] { return nodes.having("job", held.token().str()) == 3; }));
        return held;
    }

    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(min_hold, a_release_completes_and_leaves_the_lock_for_what_remains) {
    lock held = take_everywhere(for_half_a_minute());
    const std::string token = held.token().str();
    EXPECT_EQ(keeping(token), 3U) << "the first lease covers it";
    EXPECT_FALSE(user.release(held));
    EXPECT_FALSE(held.valid());
    EXPECT_TRUE(turned.until([&] { return user.events().count(event_kind::released) == 1; }));
    EXPECT_EQ(keeping(token), 3U);
    EXPECT_EQ(other.try_acquire("job")->error, errc::contended);
    EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
}

TEST_F(min_hold, a_longer_lease_is_cut_to_the_minimum) {
    lock held = take_everywhere({.lease_time = 60s, .min_hold = 30s});
    EXPECT_GT(nodes[0].pttl("job"), 30'000);
    const std::string token = held.token().str();
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(turned.until([&] { return keeping(token) == 3; }));
}

TEST_F(min_hold, so_does_the_end_of_the_handle) {
    std::string token;
    {
        const lock held = take_everywhere(for_half_a_minute());
        token = held.token().str();
    }
    EXPECT_TRUE(turned.until([&] { return user.events().count(event_kind::released) == 1; }));
    EXPECT_EQ(keeping(token), 3U);
}

TEST_F(min_hold, so_does_the_close_of_the_manager) {
    const lock held = take_everywhere(for_half_a_minute());
    const std::string token = held.token().str();
    EXPECT_FALSE(user.close());
    EXPECT_EQ(keeping(token), 3U);
}

TEST_F(min_hold, the_label_is_kept_as_long) {
    auto with = for_half_a_minute();
    with.label = "nightly";
    lock held = take_everywhere(with);
    EXPECT_FALSE(user.release(held));
    EXPECT_EQ(other.status("job").label, "nightly");
}

TEST_F(min_hold, a_release_after_it_ends_the_lock) {
    lock held = take_everywhere({.lease_time = 10s, .min_hold = 1ms});
    pass_until(boot_clock::now() + 2ms);
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
}

TEST_F(min_hold, an_extension_does_not_shorten_it) {
    lock held = take_everywhere(for_half_a_minute());
    EXPECT_FALSE(user.extend(held, 500ms));
    EXPECT_EQ(keeping(held.token().str()), 3U);
}

TEST_F(min_hold, waiters_get_the_lock_when_it_is_over_with_a_larger_token) {
    lock held = take_everywhere({.lease_time = 10s, .min_hold = 300ms});
    const auto token = held.fencing_token();
    const auto here = user.begin_acquire("job");
    const auto elsewhere = other.begin_acquire("job");
    EXPECT_FALSE(user.release(held));
    EXPECT_FALSE(here->done) << "nothing is handed over";
    EXPECT_EQ(user.events().count(event_kind::handed_over), 0U);
    ASSERT_TRUE(turned.until([&] { return here->done || elsewhere->done; }));
    const auto& first = here->done ? here : elsewhere;
    const auto& second = here->done ? elsewhere : here;
    EXPECT_FALSE(first->error) << first->error.message();
    EXPECT_GT(first->value.fencing_token(), token);
    EXPECT_FALSE(user.release(first->value));
    ASSERT_TRUE(turned.until([&] { return second->done; }));
    EXPECT_GT(second->value.fencing_token(), first->value.fencing_token());
}

TEST_F(min_hold, a_waiter_who_wants_one_is_not_handed_a_lock_that_has_none) {
    lock held = user.take("job");
    const auto waiter = user.begin_acquire("job", for_half_a_minute());
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(turned.until([&] { return waiter->done; }));
    EXPECT_EQ(user.events().count(event_kind::handed_over), 0U);
    EXPECT_TRUE(turned.until([&] { return keeping(waiter->value.token().str()) == 3; }));
}

TEST_F(min_hold, an_attempt_that_is_lost_is_given_back_at_once) {
    user.rehearse();  // a node that did not know the script is not asked again for a lost attempt
    for (std::size_t node = 0; node < 2; ++node) {
        nodes[node].command({"SET", "job", "somebody", "PX", "60000"});
    }
    EXPECT_EQ(user.try_acquire("job", for_half_a_minute())->error, errc::contended);
    EXPECT_TRUE(turned.until([&] { return cleaned(nodes[2], "job"); }));
}

TEST_F(min_hold, what_a_slow_node_does_late_deletes_nothing) {
    user.rehearse();
    nodes.freeze(2, 3);
    lock held = user.take("job", for_half_a_minute());
    const std::string token = held.token().str();
    EXPECT_FALSE(user.release(held));
    nodes.thaw();
    // The node had it from the late grant, and cut its life like the others; or it never had it.
    user.warm_up();
    EXPECT_GE(keeping(token), 2U);
    EXPECT_FALSE(user.close());
    EXPECT_GE(keeping(token), 2U);
    EXPECT_EQ(other.try_acquire("job")->error, errc::contended);
}

TEST_F(min_hold, a_token_that_is_attached_knows_of_none) {
    lock held = take_everywhere(for_half_a_minute());
    const lock_token token = held.detach();
    auto attached = other.attach("job", token);
    ASSERT_FALSE(attached->error);
    EXPECT_FALSE(other.release(attached->value));
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
}

TEST_F(min_hold, that_no_lease_can_cover_is_refused) {
    const auto refused = user.acquire("job", {.min_hold = 61s});
    EXPECT_EQ(refused->error, errc::invalid_argument);
    EXPECT_THAT(refused->why.to_string(), HasSubstr("min_hold is 61000ms"));
    EXPECT_EQ(nodes.having("job"), 0U);
}

}  // namespace
}  // namespace redlock::integration
