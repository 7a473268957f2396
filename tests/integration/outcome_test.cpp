// Which error for what: contended, timed out, no quorum, lost, indeterminate, closed, an unusable
// argument and a server listed twice are kept apart, since a caller does something else about each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::HasSubstr;

struct outcome : testing::Test {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(outcome, contended_without_a_wait) {
    const lock held = other.take("job");
    const auto failed = user.acquire("job", {.wait = 0s});
    EXPECT_EQ(failed->error, errc::contended);
    EXPECT_THAT(failed->why.message, HasSubstr("somebody else"));
}

TEST_F(outcome, contended_after_the_attempts_that_were_asked_for) {
    const lock held = other.take("job");
    EXPECT_EQ(user.acquire("job", {.wait = wait_policy::attempts(3, 1ms, 2ms)})->error,
              errc::contended);
    EXPECT_EQ(user.events().count(event_kind::attempt_failed), 3U);
}

TEST_F(outcome, timed_out_after_a_wait) {
    const lock held = other.take("job");
    const auto before = boot_clock::now();
    EXPECT_EQ(user.acquire("job", {.wait = 80ms})->error, errc::timed_out);
    EXPECT_GE(boot_clock::now() - before, 80ms) << "not a moment early";
    EXPECT_EQ(user.events().count(event_kind::acquire_failed), 1U);
}

TEST_F(outcome, contended_although_one_node_is_frozen) {
    const lock held = other.take("job");
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    nodes[2].freeze();
    EXPECT_EQ(user.acquire("job", {.wait = 0s})->error, errc::contended);
    EXPECT_EQ(user.acquire("job", {.wait = 500ms})->error, errc::timed_out);
}

TEST_F(outcome, a_release_whose_majority_does_not_answer_is_indeterminate) {
    client hasty{turned, nodes.urls(), impatient_options()};
    lock held = hasty.take("job");
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    nodes.freeze(1, 3);
    EXPECT_EQ(hasty.release(held), errc::indeterminate);
    EXPECT_FALSE(held.valid());
    EXPECT_EQ(held.last_error().nodes.size(), 2U);
}

TEST_F(outcome, no_quorum_names_the_silent_nodes_however_long_was_waited) {
    user.warm_up();
    nodes.freeze(0, 2);
    for (const auto wait : {300ms, 1200ms}) {
        const auto failed = user.acquire("job", {.wait = wait});
        EXPECT_EQ(failed->error, errc::no_quorum);
        EXPECT_TRUE(failed->cause(0)) << failed->why.to_string();
        EXPECT_TRUE(failed->cause(1)) << failed->why.to_string();
    }
}

TEST_F(outcome, a_release_that_no_node_can_be_asked_for_is_no_quorum) {
    lock held = user.take("job");
    nodes.each([](redis_server& node) { node.kill(); });
    // An idle connection notices its end only with the next command.
    EXPECT_EQ(user.status("job").verdict, lock_verdict::unknown);
    EXPECT_EQ(user.release(held), errc::no_quorum);
    EXPECT_FALSE(held.valid());
}

TEST_F(outcome, a_release_of_what_is_gone_already_is_lost) {
    lock held = user.take("job");
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    EXPECT_EQ(user.release(held), errc::lost);
    EXPECT_EQ(user.release(held), errc::lost) << "and so is a second release";
}

TEST_F(outcome, an_extension_whose_majority_does_not_answer_leaves_the_lock_valid) {
    client hasty{turned, nodes.urls(), impatient_options()};
    lock held = hasty.take("job", {.lease_time = 30s});
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    const auto until = held.valid_until();
    nodes.freeze(1, 3);
    EXPECT_EQ(hasty.extend(held), errc::indeterminate);
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(held.valid_until(), until);
    EXPECT_EQ(held.last_error().nodes.size(), 2U);
    nodes.thaw();
    ASSERT_TRUE(turned.until([&] { return !hasty.extend(held); }));
    EXPECT_GT(held.valid_until(), until);
}

TEST_F(outcome, an_extension_that_no_node_can_be_asked_for_is_no_quorum) {
    lock held = user.take("job", {.lease_time = 30s});
    nodes.each([](redis_server& node) { node.kill(); });
    // An idle connection notices its end only with the next command.
    EXPECT_EQ(user.status("job").verdict, lock_verdict::unknown);
    EXPECT_EQ(user.extend(held), errc::no_quorum);
    EXPECT_TRUE(held.valid());
}

TEST_F(outcome, closed_after_a_close) {
    lock held = user.take("job");
    EXPECT_FALSE(user.close());
    EXPECT_EQ(user.acquire("job")->error, errc::closed);
    EXPECT_EQ(user.attach("job", lock_token{"x"})->error, errc::closed);
    EXPECT_EQ(user.is_locked("job").first, errc::closed);
    EXPECT_EQ(user.list().first, errc::closed);
    EXPECT_EQ(user.extend(held), errc::closed);
    EXPECT_FALSE(user.close()) << "closing again is allowed";
}

TEST_F(outcome, an_empty_lock_is_lost) {
    lock empty;
    EXPECT_FALSE(empty.valid());
    EXPECT_EQ(user.extend(empty), errc::lost);
    EXPECT_EQ(user.release(empty), errc::lost);
    EXPECT_TRUE(empty.token().empty());
    EXPECT_EQ(empty.fencing_token().value(), 0U);
    EXPECT_TRUE(empty.detach().empty());
}

struct unusable_lease : testing::TestWithParam<milliseconds> {};
INSTANTIATE_TEST_SUITE_P(times, unusable_lease,
                         testing::Values(0ms, -1ms, milliseconds::min(), 1ms, 2ms, 60'001ms,
                                         milliseconds::max()));

TEST_P(unusable_lease, is_an_invalid_argument_to_acquire_and_extend) {
    cluster nodes{1};
    loop turned;
    client user{turned, nodes.urls()};
    const auto refused = user.acquire("job", {.lease_time = GetParam()});
    EXPECT_EQ(refused->error, errc::invalid_argument);
    EXPECT_THAT(refused->why.message, HasSubstr("lease time"));
    EXPECT_EQ(nodes[0].command({"KEYS", "*"}), "redlock:epoch") << "no node was asked";
    lock held = user.take("job");
    EXPECT_EQ(user.extend(held, GetParam()), errc::invalid_argument);
    EXPECT_TRUE(held.valid());
}

TEST(argument, the_longest_lease_time_is_usable) {
    cluster nodes{1};
    loop turned;
    client user{turned, nodes.urls()};
    EXPECT_FALSE(user.acquire("job", {.lease_time = 60s})->error);
}

TEST(argument, the_name_must_not_be_empty_or_over_long) {
    cluster nodes{1};
    loop turned;
    client user{turned, nodes.urls()};
    for (const std::string& name : {std::string{}, std::string(64 * 1024 + 1, 'x')}) {
        const auto refused = user.acquire(name);
        EXPECT_EQ(refused->error, errc::invalid_argument);
        EXPECT_THAT(refused->why.message, HasSubstr("name"));
        EXPECT_EQ(user.is_locked(name).first, errc::invalid_argument);
        EXPECT_EQ(user.attach(name, lock_token{"x"})->error, errc::invalid_argument);
    }
    EXPECT_EQ(user.attach("job", lock_token{})->error, errc::invalid_argument);
    EXPECT_EQ(user.acquire("job", {.stop_margin = -1ms})->error, errc::invalid_argument);
    EXPECT_EQ(user.acquire("job", {.lease_time = 1s, .stop_margin = 1s})->error,
              errc::invalid_argument);
    EXPECT_EQ(user.acquire("job", {.wait = wait_policy::attempts(2, 5ms, 1ms)})->error,
              errc::invalid_argument);
    EXPECT_EQ(nodes[0].command({"KEYS", "*"}), "redlock:epoch");
}

TEST(same_server, under_two_names_is_refused) {
    cluster nodes{2};
    loop turned;
    const std::string alias = "redis://localhost:" + std::to_string(nodes[0].port());
    client user{turned, std::vector<std::string>{nodes[0].url(), alias, nodes[1].url()}};
    user.warm_up();
    const auto refused = user.acquire("job");
    EXPECT_EQ(refused->error, errc::same_server_twice);
    EXPECT_THAT(refused->why.message, HasSubstr("same server"));
    EXPECT_THAT(refused->why.message, HasSubstr("localhost"));
    EXPECT_EQ(user.events().count(event_kind::node_refused), 1U);
    EXPECT_EQ(nodes.having("job"), 0U);
}

TEST(same_server, by_unix_socket_and_by_tcp_is_refused_at_the_first_acquisition) {
    redis_server_options options;
    options.unix_socket = true;
    cluster nodes{1, options};
    loop turned;
    client user{turned, std::vector<std::string>{nodes[0].unix_url(), nodes[0].url()}};
    const auto refused = user.acquire("job", {.wait = 5s});
    EXPECT_EQ(refused->error, errc::same_server_twice) << refused->error.message();
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
}

TEST(same_server, never_lets_two_of_three_votes_come_from_one_server) {
    // Two names of one server and a dead one: a majority of names, but one server.
    cluster nodes{2};
    loop turned;
    const std::string alias = "redis://localhost:" + std::to_string(nodes[0].port());
    const std::vector<std::string> list{nodes[0].url(), alias, nodes[1].url()};
    nodes[1].kill();
    client user{turned, list};
    const auto refused = user.acquire("job", {.wait = 5s});
    EXPECT_EQ(refused->error, errc::same_server_twice) << refused->error.message();
    EXPECT_FALSE(refused->value.valid());
}

}  // namespace
}  // namespace redlock::integration
