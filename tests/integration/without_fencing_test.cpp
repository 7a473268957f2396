// Locks without fencing on real servers: what they leave on the nodes, that they and locks with
// fencing exclude each other, that waiters are woken and get their turn, and that a label, a
// renewal and a restarted node are what they are with fencing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

manager_options without_fencing() {
    manager_options options = usual_options();
    options.fencing = false;
    return options;
}

struct unfenced : testing::Test {
    cluster nodes;
    loop turned;
    client user{turned, node_list{nodes.urls()}, without_fencing()};
    client other{turned, node_list{nodes.urls()}, without_fencing()};
    client fenced{turned, node_list{nodes.urls()}};
};

TEST_F(unfenced, writes_the_lock_key_alone_and_runs_no_script_for_it) {
    user.rehearse();
    const auto scripts = nodes.commands("evalsha") + nodes.commands("eval");
    lock held = user.take("job");
    EXPECT_FALSE(held.fencing_token());
    EXPECT_TRUE(held.valid());
    ASSERT_TRUE(
        user.await([&] { return nodes.having("job", held.token().str()) == nodes.size(); }));
    EXPECT_EQ(nodes.having(fence_of("job")), 0U);
    EXPECT_EQ(nodes.commands("evalsha") + nodes.commands("eval"), scripts);
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    EXPECT_EQ(nodes.having(fence_of("job")), 0U);
}

TEST_F(unfenced, and_fenced_exclude_each_other) {
    lock held = user.take("job");
    EXPECT_EQ(fenced.try_acquire("job")->error, errc::contended);
    EXPECT_EQ(user.status("job").fencing, fencing_token{});
    EXPECT_FALSE(user.release(held));
    lock theirs = fenced.take("job");
    EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
    const auto before = theirs.fencing_token();
    EXPECT_FALSE(fenced.release(theirs));
    held = user.take("job");
    EXPECT_FALSE(user.release(held));
    EXPECT_GT(fenced.take("job").fencing_token(), before);
}

TEST_F(unfenced, names_the_holder_to_one_who_does_not_wait) {
    const lock held = user.take("job", {.label = "the nightly report"});
    const auto refused = other.try_acquire("job");
    EXPECT_EQ(refused->error, errc::contended);
    ASSERT_TRUE(refused->why.holder);
    EXPECT_EQ(refused->why.holder->label, "the nightly report");
    EXPECT_EQ(nodes.having(fence_of("job")), 0U);
}

TEST_F(unfenced, wakes_those_who_wait_in_their_order_and_leaves_nothing) {
    lock held = user.take("job");
    const auto first = other.begin_acquire("job");
    ASSERT_TRUE(other.await([&] { return nodes.in_line("job", 1); }));
    const auto second = fenced.begin_acquire("job");
    ASSERT_TRUE(fenced.await([&] { return nodes.in_line("job", 2); }));
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(turned.until([&] { return first->done; }, soon));
    EXPECT_FALSE(second->done);
    EXPECT_FALSE(other.release(first->value));
    ASSERT_TRUE(turned.until([&] { return second->done; }, soon));
    EXPECT_FALSE(fenced.release(second->value));
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }, soon));
}

struct unfenced_in_a_tight_loop : unfenced {
    /// Two take the lock in turn. Each is back right behind its release, on the same connection,
    /// and so before the other can have heard of that. How often one of them took it in a run.
    int longest_run(int rounds, std::chrono::milliseconds held_for) {
        client* has_it = &user;
        client* waits = &other;
        // Or the first release would be sent twice, and come behind what was sent behind it.
        user.rehearse();
        other.rehearse();
        lock held = user.take("job");
        auto waiting = other.begin_acquire("job");
        int run = 1;
        int longest = run;
        for (int round = 0; round < rounds; ++round) {
            EXPECT_TRUE(waits->await([&] { return nodes.in_line("job", 1); }));
            static_cast<void>(turned.until([] { return false; }, held_for));
            const auto released = has_it->begin_release(held);
            const auto again = has_it->begin_acquire("job");
            EXPECT_TRUE(turned.until(
                [&] { return released->done && (waiting->done || again->done); }, soon));
            ++run;
            if (again->done) {
                held = std::move(again->value);
            } else {
                held = std::move(waiting->value);
                waiting = again;
                std::swap(has_it, waits);
                run = 1;
            }
            longest = std::max(longest, run);
        }
        return longest;
    }
};

// Once with a release that did not ask who waits, and once before the next could tell.
TEST_F(unfenced_in_a_tight_loop, one_soon_lets_the_other_go_first) {
    EXPECT_LE(longest_run(12, 0ms), 3);
}

// What counts is how soon it came, not for how long it stayed.
TEST_F(unfenced_in_a_tight_loop, one_soon_lets_the_other_go_first_with_long_work) {
    EXPECT_LE(longest_run(5, 120ms), 3);
}

TEST_F(unfenced, passes_on_within_the_process) {
    lock held = user.take("job");
    const auto next = user.begin_acquire("job");
    const std::string token = held.token().str();
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(user.await([&] { return next->done; }));
    EXPECT_EQ(next->value.token().str(), token);
    EXPECT_FALSE(next->value.fencing_token());
    EXPECT_EQ(user.events().count(event_kind::handed_over), 1U);
}

TEST_F(unfenced, does_not_pass_on_what_is_not_to_be_handed_over) {
    lock held = user.take("job", {.hand_over = false});
    const auto next = user.begin_acquire("job");
    const std::string before = held.token().str();
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(user.await([&] { return next->done; }));
    EXPECT_NE(next->value.token().str(), before);
}

TEST_F(unfenced, is_extended_and_not_planted_again) {
    lock held = user.take("job");
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == nodes.size(); }));
    nodes[0].command({"DEL", "job"});
    EXPECT_FALSE(user.extend(held, 30s));
    EXPECT_GT(held.remaining(), 20s);
    EXPECT_EQ(nodes.having("job"), nodes.size() - 1);
    nodes[1].command({"DEL", "job"});
    EXPECT_EQ(user.extend(held, 30s), errc::lost);
}

TEST_F(unfenced, is_released_by_one_who_knows_the_token) {
    const lock held = user.take("job", {.lease_time = 30s});
    const auto found = fenced.attach("job", held.token());
    ASSERT_FALSE(found->error);
    EXPECT_FALSE(found->value.fencing_token());
    EXPECT_FALSE(fenced.release(found->value));
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    EXPECT_EQ(nodes.having(fence_of("job")), 0U) << "nobody needs to be barred";
}

// What cannot be released must not be taken.
TEST_F(unfenced, is_refused_to_a_user_who_may_run_no_scripts) {
    nodes.each([](redis_server& node) {
        node.command({"ACL", "SETUSER", "app", "on", "nopass", "~*", "&*", "+@all", "-evalsha"});
    });
    std::vector<std::string> urls = nodes.urls();
    for (std::string& url : urls) {
        url.insert(url.find("//") + 2, "app:any@");
    }
    client restricted{turned, node_list{urls}, without_fencing()};
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(restricted.try_acquire("job")->error, errc::no_quorum);
    }
    EXPECT_EQ(nodes.having("job"), 0U);
}

TEST_F(unfenced, many_at_once_share_calls) {
    user.rehearse();
    std::vector<operation_ptr<lock>> all;
    const auto before = nodes.commands("set");
    for (int i = 0; i < 20; ++i) {
        all.push_back(user.begin_acquire("job" + std::to_string(i)));
    }
    ASSERT_TRUE(user.await(
        [&] { return std::ranges::all_of(all, [](const auto& each) { return each->done; }); }));
    for (const auto& each : all) {
        EXPECT_FALSE(each->error);
    }
    EXPECT_TRUE(user.await([&] { return nodes.commands("set") - before == 20 * nodes.size(); }));
    EXPECT_LE(user.manager->statistics().acquired, 21U);
}

}  // namespace
}  // namespace redlock::integration
