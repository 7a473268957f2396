// The local hand-over: a released lock passes to the next waiter of the same manager without a word
// to the nodes, with a larger fencing token, within bounds that leave others their turn. What is
// counted are the nodes' own statistics. Nothing here depends on how fast the machine is, except
// that what must come comes before a hang.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using waiters = std::vector<operation_ptr<lock>>;

/// Only the count bounds a turn.
manager_options unhurried() {
    manager_options options = usual_options();
    options.lease_time = 60s;
    options.hand_over_time = 30s;
    return options;
}

struct hand_over : testing::Test {
    /// So many of `who` stand in line, and the first of them at `place` of the nodes'.
    waiters queue(client& who, std::size_t count, std::size_t place, acquire_options options = {}) {
        waiters all;
        for (std::size_t i = 0; i < count; ++i) {
            all.push_back(who.begin_acquire("job", options));
        }
        EXPECT_TRUE(who.await([&] { return nodes.in_line("job", place); }));
        return all;
    }
    /// The first of so many waiters of `who` has got the lock while the others waited.
    waiters turn_of(client& who, std::size_t count, acquire_options options = {}) {
        lock before = outsider.take("job");
        waiters all = queue(who, count, 1, options);
        EXPECT_FALSE(outsider.release(before));
        EXPECT_TRUE(who.await([&] { return all[0]->done; })) << "the first hangs";
        EXPECT_FALSE(all[0]->error) << all[0]->error.message();
        settle(who);
        return all;
    }
    /// What was sent before has been carried out by every node.
    void settle(client& who) {
        who.warm_up();
        outsider.warm_up();
    }
    /// Each gets the lock and gives it back, from the one at `first` on.
    void serve(client& who, const waiters& all, std::size_t first) {
        for (std::size_t i = first; i < all.size(); ++i) {
            ASSERT_TRUE(who.await([&] { return all[i]->done; }));
            ASSERT_FALSE(all[i]->error) << all[i]->error.message();
            ASSERT_FALSE(who.release(all[i]->value));
        }
    }
    std::size_t hand_overs(client& who) { return who.events().count(event_kind::handed_over); }

    cluster nodes{3};
    loop turned;
    client outsider{turned, nodes.urls(), unhurried()};
    client user{turned, nodes.urls(), unhurried()};
};

TEST_F(hand_over, needs_no_command_to_the_nodes) {
    const waiters all = turn_of(user, 10);
    const auto before = nodes.commands();
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
        ASSERT_FALSE(user.release(all[i]->value));
        ASSERT_TRUE(user.await([&] { return all[i + 1]->done; }));
        ASSERT_TRUE(all[i + 1]->value.valid());
    }
    EXPECT_EQ(nodes.commands(), before);
    EXPECT_EQ(hand_overs(user), 9U);
    EXPECT_FALSE(user.release(all.back()->value));
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
}

TEST_F(hand_over, gives_larger_fencing_tokens_and_keeps_the_value_of_the_key) {
    const waiters all = turn_of(user, 4);
    for (std::size_t i = 1; i < all.size(); ++i) {
        const auto token = all[i - 1]->value.token();
        const auto fence = all[i - 1]->value.fencing_token();
        ASSERT_FALSE(user.release(all[i - 1]->value));
        ASSERT_TRUE(user.await([&] { return all[i]->done; }));
        EXPECT_GT(all[i]->value.fencing_token(), fence);
        EXPECT_EQ(all[i]->value.token(), token);
        EXPECT_GE(nodes.having("job", token.str()), 2U);
    }
    EXPECT_EQ(hand_overs(user), 3U);
}

TEST_F(hand_over, leaves_the_former_handle_without_power) {
    const waiters all = turn_of(user, 2);
    lock former = std::move(all[0]->value);
    ASSERT_FALSE(user.release(former));
    ASSERT_TRUE(user.await([&] { return all[1]->done; }));
    const lock& held = all[1]->value;
    const auto until = held.valid_until();
    const auto before = nodes.commands();
    EXPECT_FALSE(former.valid());
    EXPECT_EQ(user.extend(former, 30s), errc::lost);
    EXPECT_EQ(user.release(former), errc::lost);
    const auto watching = user.begin_wait_lost(former);
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    former = lock{};
    turned.step();
    EXPECT_EQ(nodes.commands(), before);
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(held.valid_until(), until);
    EXPECT_GE(nodes.having("job", held.token().str()), 2U);
}

TEST_F(hand_over, of_a_destroyed_handle_too) {
    const waiters all = turn_of(user, 2);
    all[0]->value = lock{};
    ASSERT_TRUE(user.await([&] { return all[1]->done; }));
    EXPECT_TRUE(all[1]->value.valid());
    EXPECT_EQ(hand_overs(user), 1U);
}

TEST_F(hand_over, is_bounded_by_the_count) {
    manager_options options = unhurried();
    options.hand_over_count = 2;
    client bounded{turned, nodes.urls(), options};
    lock before = outsider.take("job");
    waiters ours = queue(bounded, 6, 1);
    waiters theirs = queue(user, 1, 2);
    ASSERT_FALSE(outsider.release(before));
    for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_TRUE(turned.until([&] { return ours[i]->done; })) << i;
        EXPECT_FALSE(theirs[0]->done);
        ASSERT_FALSE(bounded.release(ours[i]->value));
    }
    ASSERT_TRUE(turned.until([&] { return theirs[0]->done || ours[3]->done; }));
    EXPECT_TRUE(theirs[0]->done) << "it has waited for longer than the fourth's place";
    EXPECT_FALSE(ours[3]->done);
    EXPECT_GT(theirs[0]->value.fencing_token(), ours[2]->value.fencing_token());
    EXPECT_FALSE(user.release(theirs[0]->value));
    serve(bounded, ours, 3);
    EXPECT_EQ(hand_overs(bounded), 4U);
}

TEST_F(hand_over, is_bounded_by_the_time) {
    manager_options options = unhurried();
    options.hand_over_time = 1ms;
    client bounded{turned, nodes.urls(), options};
    lock before = outsider.take("job");
    waiters ours = queue(bounded, 2, 1);
    waiters theirs = queue(user, 1, 2);
    ASSERT_FALSE(outsider.release(before));
    ASSERT_TRUE(turned.until([&] { return ours[0]->done; }));
    pass_until(boot_clock::now() + 1ms);
    ASSERT_FALSE(bounded.release(ours[0]->value));
    ASSERT_TRUE(turned.until([&] { return theirs[0]->done || ours[1]->done; }));
    EXPECT_TRUE(theirs[0]->done);
    EXPECT_EQ(hand_overs(bounded), 0U);
    EXPECT_FALSE(user.release(theirs[0]->value));
    serve(bounded, ours, 1);
}

TEST_F(hand_over, is_switched_off_by_nought) {
    manager_options no_count = unhurried();
    no_count.hand_over_count = 0;
    manager_options no_time = unhurried();
    no_time.hand_over_time = 0ms;
    for (const auto& options : {no_count, no_time}) {
        client plain{turned, nodes.urls(), options};
        const waiters all = turn_of(plain, 3);
        serve(plain, all, 0);
        EXPECT_EQ(hand_overs(plain), 0U);
    }
}

TEST_F(hand_over, is_not_for_waiters_with_wishes_about_what_is_stored) {
    for (const acquire_options& wish :
         {acquire_options{.identifier = "mine"}, acquire_options{.label = "nightly"}}) {
        lock before = outsider.take("job");
        const waiters ours = queue(user, 2, 1);
        const auto particular = user.begin_acquire("job", wish);
        const auto last = user.begin_acquire("job");
        ASSERT_FALSE(outsider.release(before));
        serve(user, ours, 0);
        ASSERT_TRUE(user.await([&] { return particular->done; }));
        EXPECT_NE(particular->value.token(), ours[1]->value.token());
        EXPECT_EQ(particular->value.token() == lock_token{"mine"}, !wish.identifier.empty());
        settle(user);
        EXPECT_GE(nodes.having(holder_of("job")), 2U);
        ASSERT_FALSE(user.release(particular->value));
        ASSERT_TRUE(user.await([&] { return last->done; }));
        EXPECT_NE(last->value.token(), particular->value.token());
        ASSERT_FALSE(user.release(last->value));
        settle(user);
        EXPECT_EQ(nodes.having(holder_of("job")), 0U);
    }
    EXPECT_EQ(hand_overs(user), 2U) << "only from the first to the second";
}

TEST_F(hand_over, lock_is_kept_alive_by_the_watchdog) {
    manager_options options = unhurried();
    options.lease_time = 1500ms;
    client brief{turned, nodes.urls(), options};
    const waiters all = turn_of(brief, 2);
    const auto first_end = all[0]->value.valid_until();
    ASSERT_FALSE(brief.release(all[0]->value));
    ASSERT_TRUE(brief.await([&] { return all[1]->done; }));
    ASSERT_EQ(hand_overs(brief), 1U);
    EXPECT_TRUE(brief.await([&] { return boot_clock::now() > first_end + 500ms; }));
    EXPECT_TRUE(all[1]->value.valid());
    EXPECT_GE(nodes.having("job", all[1]->value.token().str()), 2U);
    EXPECT_EQ(brief.events().count(event_kind::lost), 0U);
}

TEST_F(hand_over, is_followed_by_a_larger_token_of_another_manager) {
    const waiters all = turn_of(user, 20);
    serve(user, all, 0);
    ASSERT_EQ(hand_overs(user), 19U);
    const lock next = outsider.take("job");
    EXPECT_GT(next.fencing_token(), all.back()->value.fencing_token());
}

TEST_F(hand_over, is_not_of_a_lease_of_which_much_is_used_up) {
    const waiters all = turn_of(user, 2, {.lease_time = 2s});
    // Less than three quarters is left, and it is valid still.
    pass_until(all[0]->value.valid_until() - 1300ms);
    ASSERT_TRUE(all[0]->value.valid());
    ASSERT_FALSE(user.release(all[0]->value));
    ASSERT_TRUE(user.await([&] { return all[1]->done; }));
    EXPECT_EQ(hand_overs(user), 0U);
    EXPECT_NE(all[1]->value.token(), all[0]->value.token());
    EXPECT_GT(all[1]->value.fencing_token(), all[0]->value.fencing_token());
}

}  // namespace
}  // namespace redlock::integration
