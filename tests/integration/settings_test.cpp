// Clients that do not agree on the number of nodes or on a setting: who was there first goes on,
// the others are refused by name, on every node that is used, with the restart guard and without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/harness.hpp"
#include "integration/proxy.hpp"

namespace redlock::integration {
namespace {

using testing::HasSubstr;

struct settings_test : testing::Test {
    [[nodiscard]] std::vector<std::string> first(std::size_t count, const std::string& query = "") {
        std::vector<std::string> urls = nodes.urls();
        urls.resize(count);
        for (std::string& each : urls) {
            each += query;
        }
        return urls;
    }
    static manager_options unguarded() {
        manager_options options = usual_options();
        options.guard = restart_guard::off;
        return options;
    }
    static manager_options longer(manager_options options) {
        options.max_lease_time = 90s;
        options.fence_lifetime = 180s;
        return options;
    }
    [[nodiscard]] std::string settings_on(std::size_t node) {
        return nodes[node].command({"HGET", "redlock:epoch", "configuration"});
    }
    /// That it is refused by name, and holds nothing anywhere.
    void expect_refused(client& late, const std::string& difference, errc error = errc::no_quorum) {
        const auto refused = late.try_acquire("job");
        EXPECT_EQ(refused->error, error);
        if (error == errc::no_quorum) {
            EXPECT_EQ(refused->cause(0), node_errc::configuration_mismatch);
        }
        EXPECT_THAT(refused->why.to_string(), HasSubstr(difference));
        EXPECT_TRUE(late.await([&] { return nodes.having("job") == 0; }));
    }

    cluster nodes{3};
    loop turned;
};

TEST_F(settings_test, one_node_beside_three_is_refused) {
    client three{turned, first(3)};
    ASSERT_FALSE(three.release(*std::make_unique<lock>(three.take("job"))));
    client one{turned, first(1)};
    expect_refused(one, "nodes is 1 here and 3 there", errc::different_nodes);
    EXPECT_TRUE(three.take("job").valid()) << "who was there first goes on";
}

TEST_F(settings_test, three_nodes_beside_one_are_refused_where_it_was_first) {
    client one{turned, first(1)};
    one.take("job").detach();
    client three{turned, first(3)};
    const auto refused = three.try_acquire("other");
    EXPECT_EQ(refused->error, errc::different_nodes) << "though the two others are a majority";
    EXPECT_TRUE(three.await([&] { return nodes.having("other") == 0; }));
    const auto why = three.status("other").nodes[0];
    EXPECT_EQ(why.vote_error, node_errc::different_nodes);
    EXPECT_THAT(why.vote_message, HasSubstr("nodes is 3 here and 1 there"));
}

TEST_F(settings_test, are_compared_with_the_guard_off) {
    client early{turned, first(3), unguarded()};
    ASSERT_FALSE(early.try_acquire("first")->error);
    client late{turned, first(3), longer(unguarded())};
    expect_refused(late, "max_lease_time is 90000 ms here and 60000 ms there");
}

TEST_F(settings_test, are_compared_with_two_nodes) {
    client early{turned, first(2)};
    ASSERT_FALSE(early.try_acquire("first")->error);
    client late{turned, first(2), longer(usual_options())};
    expect_refused(late, "max_lease_time is 90000 ms here");
    client with_more{turned, first(3), unguarded()};
    expect_refused(with_more, "nodes is 3 here and 2 there", errc::different_nodes);
}

TEST_F(settings_test, are_compared_on_durable_nodes) {
    client early{turned, first(3, "?durable=yes")};
    ASSERT_FALSE(early.try_acquire("first")->error);
    client late{turned, first(3, "?durable=yes"), longer(usual_options())};
    expect_refused(late, "max_lease_time is 90000 ms here");
    client alike{turned, first(3), usual_options()};
    EXPECT_FALSE(alike.try_acquire("second")->error) << "durable or not is no such setting";
}

TEST_F(settings_test, are_each_compared) {
    client early{turned, first(1)};
    ASSERT_FALSE(early.try_acquire("first")->error);
    const auto refusal_with = [&](void (*change)(manager_options&)) {
        manager_options options = usual_options();
        change(options);
        client late{turned, first(1), options};
        return late.try_acquire("job")->why.to_string();
    };
    EXPECT_THAT(refusal_with([](manager_options& to) { to.clock_window = 11s; }),
                HasSubstr("clock_window is 11000 ms here and 10000 ms there"));
    EXPECT_THAT(refusal_with([](manager_options& to) { to.fence_lifetime = 200s; }),
                HasSubstr("fence_lifetime is 200000 ms here and 120000 ms there"));
    EXPECT_THAT(refusal_with([](manager_options& to) { to.clock_step = 3s; }),
                HasSubstr("clock_step is 3000 ms here and 1000 ms there"));
    EXPECT_EQ(refusal_with([](manager_options& to) { to.lease_time = 3s; }), "") << "each his own";
}

// Both have only read, and are connected, before either asks for a vote.
TEST_F(settings_test, of_two_that_were_connected_the_first_that_asks_counts) {
    client slow{turned, first(1), longer(usual_options())};
    client quick{turned, first(1)};
    slow.warm_up();
    quick.warm_up();
    ASSERT_EQ(settings_on(0), "(nil)");
    lock held = quick.take("first", {.wait = wait_policy::none()});
    EXPECT_THAT(settings_on(0), HasSubstr("max_lease_time=60000"));
    expect_refused(slow, "max_lease_time is 90000 ms here and 60000 ms there");
    EXPECT_FALSE(quick.release(held));
}

// At the same time on connections that stand: HELLO goes before each vote, so one of them is first.
TEST_F(settings_test, of_two_that_ask_at_once_one_is_refused) {
    for (int round = 0; round < 20; ++round) {
        client one{turned, first(1)};
        client other{turned, first(1), longer(usual_options())};
        one.warm_up();
        other.warm_up();
        const auto mine = one.begin_acquire("mine", {.wait = wait_policy::none()});
        const auto theirs = other.begin_acquire("theirs", {.wait = wait_policy::none()});
        ASSERT_TRUE(turned.until([&] { return mine->done && theirs->done; }));
        EXPECT_NE(mine->error.failed(), theirs->error.failed());
        nodes[0].command({"FLUSHALL"});
    }
}

TEST_F(settings_test, are_left_by_an_extension_too) {
    client early{turned, first(1)};
    lock held = early.take("job", {.lease_time = 30s});
    const std::string before = settings_on(0);
    nodes[0].command({"HDEL", "redlock:epoch", "configuration"});
    client attached{turned, first(1)};
    const auto same = attached.attach("job", held.token());
    ASSERT_FALSE(same->error);
    ASSERT_EQ(settings_on(0), "(nil)") << "attaching reads";
    EXPECT_FALSE(attached.extend(same->value));
    EXPECT_EQ(settings_on(0), before);
}

// A script that names other nodes to `extend` than to `acquire` would have a lock to itself.
TEST_F(settings_test, with_another_number_of_nodes_nothing_is_done_by_a_token) {
    client three{turned, first(3)};
    lock held = three.take("job", {.lease_time = 30s, .renew = false});
    client one{turned, first(1)};
    const auto refused = one.attach("job", held.token());
    EXPECT_EQ(refused->error, errc::different_nodes);
    EXPECT_THAT(refused->why.to_string(), HasSubstr("nodes is 1 here and 3 there"));
    EXPECT_EQ(one.is_locked("job").first, errc::different_nodes);
    EXPECT_EQ(one.status("job").verdict, lock_verdict::unknown);
    EXPECT_TRUE(three.await([&] { return nodes.having("job") == 3; }));
    EXPECT_FALSE(three.release(held));
}

TEST_F(settings_test, a_refusal_by_token_ends_with_somebodys_word) {
    client three{turned, first(3)};
    lock held = three.take("job", {.lease_time = 30s, .renew = false});
    client one{turned, first(1)};
    ASSERT_EQ(one.attach("job", held.token())->error, errc::different_nodes);
    nodes[0].command({"HDEL", "redlock:epoch", "configuration"});
    EXPECT_TRUE(one.await([&] { return !one.attach("job", held.token())->error; }));
    EXPECT_EQ(settings_on(0), "(nil)") << "asking again reads, too";
}

// Its lease would outlast what the others wait after a restart.
TEST_F(settings_test, a_lock_is_not_extended_where_others_have_other_settings) {
    client early{turned, first(3)};
    lock held = early.take("job", {.lease_time = 30s, .renew = false});
    client late{turned, first(3), longer(usual_options())};
    const auto same = late.attach("job", held.token());
    ASSERT_FALSE(same->error);
    EXPECT_EQ(late.extend(same->value, 80s), errc::no_quorum);
    EXPECT_THAT(same->value.last_error().to_string(),
                HasSubstr("max_lease_time is 90000 ms here and 60000 ms there"));
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_LE(std::stoi(nodes[node].command({"PTTL", "job"})), 30000);
    }
    same->value.detach();
    EXPECT_FALSE(early.extend(held)) << "who was there first goes on";
}

// Its answer is on its way when it turns out that the node's clients have other settings.
TEST_F(settings_test, an_extension_does_not_count_where_others_have_come_meanwhile) {
    client early{turned, first(1)};
    lock held = early.take("job", {.lease_time = 30s, .renew = false});
    nodes[0].command({"HDEL", "redlock:epoch", "configuration"});
    client late{turned, first(1), longer(usual_options())};
    const auto same = late.attach("job", held.token());
    ASSERT_FALSE(same->error);
    client newcomer{turned, first(1)};
    ASSERT_FALSE(newcomer.try_acquire("other")->error);
    EXPECT_EQ(late.extend(same->value), errc::indeterminate);
    same->value.detach();
    EXPECT_FALSE(early.extend(held));
}

TEST_F(settings_test, are_left_again_on_a_new_connection) {
    client early{turned, first(1)};
    ASSERT_FALSE(early.try_acquire("first")->error);
    const std::string before = settings_on(0);
    nodes[0].command({"FLUSHALL"});
    nodes[0].command({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_FALSE(early.try_acquire("second")->error);
    EXPECT_EQ(settings_on(0), before);
}

TEST_F(settings_test, are_forgotten_by_somebodys_word_with_the_guard_off_too) {
    client early{turned, first(1)};
    ASSERT_FALSE(early.try_acquire("first")->error);
    client late{turned, first(3), unguarded()};
    EXPECT_EQ(late.try_acquire("job")->error, errc::different_nodes);
    EXPECT_EQ(late.status("job").nodes[0].vote_error, node_errc::different_nodes);
    EXPECT_FALSE(late.vouch()->error);
    EXPECT_EQ(settings_on(0), "(nil)");
    EXPECT_FALSE(late.try_acquire("job")->error);
    EXPECT_THAT(settings_on(0), HasSubstr("nodes=3 "));
    EXPECT_EQ(early.try_acquire("third")->error.failed(), false)
        << "it was there, and the word said that nobody is";
    client newcomer{turned, first(1)};
    EXPECT_EQ(newcomer.try_acquire("third")->error, errc::different_nodes);
}

// On one connection: the node forgets the settings, grants, and only then hears of them again.
TEST_F(settings_test, a_vote_behind_somebodys_word_does_not_count) {
    client user{turned, first(1)};
    user.rehearse();
    const auto word = user.begin_vouch();
    const auto asked = user.begin_acquire("job", {.wait = wait_policy::none()});
    ASSERT_TRUE(turned.until([&] { return word->done && asked->done; }));
    EXPECT_FALSE(word->error);
    ASSERT_EQ(asked->error, errc::no_quorum) << "held on a node that keeps no settings";
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    EXPECT_TRUE(user.await([&] { return !user.try_acquire("job")->error; }));
    EXPECT_THAT(settings_on(0), HasSubstr("nodes=1 "));
}

TEST_F(settings_test, a_word_is_taken_by_nodes_that_nobody_has_greeted) {
    nodes.each([](redis_server& node) { node.restart(); });
    client operators{turned, first(3)};
    EXPECT_FALSE(operators.vouch()->error);
    nodes.each([](redis_server& node) {
        EXPECT_EQ(node.command({"HGET", "redlock:epoch", "birth"}), "0");
        EXPECT_EQ(node.command({"HEXISTS", "redlock:epoch", "configuration"}), "0");
    });
    client user{turned, first(3)};
    EXPECT_FALSE(user.try_acquire("job")->error);
    // And by those that were only read.
    nodes.each([](redis_server& node) { node.restart(); });
    client reader{turned, first(3)};
    reader.warm_up();
    EXPECT_FALSE(reader.vouch()->error);
    EXPECT_FALSE(reader.try_acquire("job")->error);
}

struct full_node_test : settings_test {
    void fill(bool full) { nodes[0].command({"CONFIG", "SET", "maxmemory", full ? "1" : "0"}); }
    [[nodiscard]] bool ends_with(client& who, error_code cause) {
        return who.await([&] { return who.try_acquire("job")->cause(0) == cause; });
    }
};

TEST_F(full_node_test, keeps_no_settings_and_gives_nobody_a_vote) {
    fill(true);
    client one{turned, first(1)};
    client other{turned, first(1), longer(usual_options())};
    EXPECT_EQ(one.try_acquire("job")->cause(0), node_errc::out_of_memory);
    EXPECT_EQ(other.try_acquire("job")->cause(0), node_errc::out_of_memory);
    EXPECT_EQ(settings_on(0), "(nil)");
    fill(false);
    EXPECT_TRUE(ends_with(one, {}));
    EXPECT_TRUE(ends_with(other, node_errc::configuration_mismatch));
}

TEST_F(full_node_test, tells_of_settings_that_it_has_kept_before) {
    client early{turned, first(1)};
    ASSERT_FALSE(early.try_acquire("first")->error);
    fill(true);
    client late{turned, first(1), longer(usual_options())};
    expect_refused(late, "max_lease_time is 90000 ms here and 60000 ms there");
    client three{turned, first(3), unguarded()};
    EXPECT_EQ(three.try_acquire("job")->error, errc::different_nodes);
}

// Though it cannot keep who it is now.
TEST_F(full_node_test, tells_of_them_after_a_restart_too) {
    client early{turned, first(1)};
    ASSERT_FALSE(early.try_acquire("first")->error);
    nodes[0].command({"HSET", "redlock:epoch", "identity", "the process before"});
    fill(true);
    client late{turned, first(1), longer(usual_options())};
    expect_refused(late, "max_lease_time is 90000 ms here and 60000 ms there");
    client three{turned, first(3), unguarded()};
    EXPECT_EQ(three.try_acquire("job")->error, errc::different_nodes);
    client same{turned, first(1)};
    EXPECT_EQ(same.try_acquire("job")->cause(0), node_errc::out_of_memory);
    fill(false);
    EXPECT_TRUE(ends_with(same, {}));
}

// Three have only read so far, and one comes before they ask for votes.
struct late_word_test : settings_test {
    /// `late`: how late the first node hears of anything. The two others: 100 ms.
    void expect_barred(milliseconds late) {
        // So that no vote is asked for twice.
        client{turned, first(3)}.rehearse();
        nodes.each([](redis_server& node) {
            node.command({"HDEL", "redlock:epoch", "configuration"});
        });
        proxy way{turned.io, nodes[0].port()};
        proxy second{turned.io, nodes[1].port()};
        proxy third{turned.io, nodes[2].port()};
        client three{turned, {way.url(), second.url(), third.url()}};
        three.warm_up();
        client one{turned, first(1)};
        lock held = one.take("job");
        way.delay = late;
        second.delay = third.delay = 100ms;
        EXPECT_EQ(three.try_acquire("job")->error, errc::different_nodes);
        EXPECT_TRUE(three.await([&] { return nodes.having("job") == 1; }));
        EXPECT_TRUE(held.valid());
    }
};

TEST_F(late_word_test, the_others_votes_wait_for_what_a_node_says_of_its_clients) {
    expect_barred(130ms);
}

TEST_F(late_word_test, what_turns_out_with_the_votes_bars) {
    expect_barred(250ms);
}

// Who has heard of clients with another number of nodes cannot know that they are gone.
TEST_F(settings_test, another_number_bars_while_its_node_cannot_be_reached_too) {
    client one{turned, first(1)};
    lock held = one.take("job");
    proxy way{turned.io, nodes[0].port()};
    client three{turned, {way.url(), nodes.urls()[1], nodes.urls()[2]}};
    ASSERT_EQ(three.try_acquire("job")->error, errc::different_nodes);
    way.drop_replies = true;
    way.cut();
    static_cast<void>(three.status("job"));  // by which it notices
    ASSERT_TRUE(three.await([&] { return three.events().count(event_kind::node_down) > 0; }));
    EXPECT_EQ(three.try_acquire("job")->error, errc::different_nodes);
    EXPECT_TRUE(held.valid());
    // It is asked again by itself, and goes by what it is told then.
    nodes[0].command({"HDEL", "redlock:epoch", "configuration"});
    way.drop_replies = false;
    way.cut();
    error_code error = errc::different_nodes;
    for (int i = 0; i < 100 && error == errc::different_nodes; ++i) {
        pass_until(boot_clock::now() + 20ms);
        error = three.try_acquire("another")->error;
    }
    EXPECT_FALSE(error) << error.message();
}

TEST_F(settings_test, without_the_right_to_compare_them_there_is_no_vote) {
    nodes[0].command({"ACL", "SETUSER", "default", "-hmget"});
    client user{turned, first(1)};
    const auto refused = user.try_acquire("job");
    EXPECT_EQ(refused->cause(0), node_errc::permission_denied);
    EXPECT_THAT(refused->why.to_string(), HasSubstr("+hmget"));
    nodes[1].command({"ACL", "SETUSER", "default", "-info"});
    client other{turned, {nodes.urls()[1]}};
    EXPECT_FALSE(other.try_acquire("job")->error) << "that is only needed for the guard";
    EXPECT_THAT(settings_on(1), HasSubstr("nodes=1 "));
}

}  // namespace
}  // namespace redlock::integration
