// Questions to real servers: what each node says of a resource, which resources there are, and that
// two URLs of one server are found out.
#include "driver/queries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/attempt_world.hpp"
#include "driver/extend_attempt.hpp"
#include "redis/fake_server.hpp"
#include "support/redis_server.hpp"

namespace redlock::driver {
namespace {

using support::redis_server;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct ignoring_owner final : extend_attempt::owner {
    void on_extend_decided(const extend_attempt& /*attempt*/, core::instant /*now*/) override {}
    void on_extend_answered() override {}
};

std::vector<node_status> ask_status(attempt_world& world, const std::string& resource,
                                    readers_told which = readers_told::all,
                                    const lock_token& reader = {}) {
    std::optional<std::vector<node_status>> views;
    std::make_shared<status_query>(*world.pool, resource, which, reader)
        ->start([&](std::vector<node_status> told) { views = std::move(told); });
    EXPECT_TRUE(world.run_until([&] { return views.has_value(); }));
    return views.value_or(std::vector<node_status>{});
}

list_query::result ask_list(attempt_world& world, const std::string& pattern,
                            std::size_t limit = 1000) {
    std::optional<list_query::result> result;
    std::make_shared<list_query>(*world.pool, pattern, limit)
        ->start([&](const list_query::result& told) { result = told; });
    EXPECT_TRUE(world.run_until([&] { return result.has_value(); }));
    return result.value_or(list_query::result{});
}

TEST(status_query, tells_every_nodes_own_view) {
    const redis_server held;
    const redis_server free;
    redis_server dead;
    dead.kill();
    attempt_world world{{held.url(), free.url(), dead.url()}};
    held.command({"SET", "job", "somebody", "PX", "60000"});
    free.command({"SET", "redlock:fence:{job}", "42"});
    const auto views = ask_status(world, "job");
    ASSERT_EQ(views.size(), 3U);
    EXPECT_EQ(views[0].node, 0U);
    EXPECT_EQ(views[0].name, held.url());
    EXPECT_FALSE(views[0].error);
    EXPECT_EQ(views[0].holder, lock_token{"somebody"});
    EXPECT_TRUE(views[0].remaining.has_value());
    EXPECT_TRUE(views[1].holder.empty());
    EXPECT_EQ(views[1].fence, fencing_token{42});
    EXPECT_EQ(views[2].node, 2U);
    EXPECT_EQ(views[2].name, dead.url());
    EXPECT_EQ(views[2].error, node_errc::not_connected);
}

TEST(status_query, tells_what_the_holder_left_about_itself) {
    const redis_server server;
    attempt_world world{{server.url()}};
    const auto attempt = world.acquire(world.labelled("job", "nightly run"));
    const auto views = ask_status(world, "job");
    EXPECT_EQ(views[0].holder.str(), attempt->identity().token().str());
    EXPECT_EQ(views[0].label, "nightly run");
    EXPECT_EQ(views[0].fencing.value(), attempt->identity().block.first);
    EXPECT_EQ(views[0].fence.value(), attempt->identity().block.last);
}

TEST(status_query, tells_of_readers_as_far_as_it_is_asked) {
    const redis_server server;
    attempt_world world{{server.url()}};
    std::vector<lock_token> readers;
    for (const std::string label : {"first", "second"}) {
        auto who = world.labelled("job", label);
        who.asked_as = lock_mode::shared;
        readers.push_back(world.acquire(std::move(who))->identity().token());
    }
    const node_status all = ask_status(world, "job")[0];
    EXPECT_EQ(all.mode, lock_mode::shared);
    EXPECT_EQ(all.reader_count, 2U);
    EXPECT_THAT(all.readers, UnorderedElementsAre(testing::Field(&lock_holder::token, readers[0]),
                                                  testing::Field(&lock_holder::token, readers[1])));
    const node_status one = ask_status(world, "job", readers_told::one, readers[1])[0];
    ASSERT_EQ(one.readers.size(), 1U);
    EXPECT_EQ(one.readers[0].token, readers[1]);
    EXPECT_EQ(one.readers[0].label, "second");
    EXPECT_NE(one.readers[0].fencing, fencing_token{});
    EXPECT_EQ(one.reader_count, 2U);
    EXPECT_TRUE(ask_status(world, "job", readers_told::one, lock_token{"none"})[0].readers.empty());
    const node_status none = ask_status(world, "job", readers_told::none)[0];
    EXPECT_EQ(none.mode, lock_mode::shared);
    EXPECT_TRUE(none.readers.empty());
}

TEST(status_query, does_not_take_a_key_of_another_type_for_a_free_lock) {
    const redis_server server;
    attempt_world world{{server.url()}};
    server.command({"RPUSH", "job", "a"});
    const auto views = ask_status(world, "job");
    EXPECT_FALSE(views[0].error);
    EXPECT_FALSE(views[0].holder.empty());
    EXPECT_THAT(views[0].key_message, HasSubstr("the key job there is no lock"));
    server.command({"DEL", "job"});
    server.command({"RPUSH", "redlock:fence:{job}", "a"});
    const auto without_fence = ask_status(world, "job");
    EXPECT_TRUE(without_fence[0].holder.empty());
    EXPECT_THAT(without_fence[0].key_message, HasSubstr("the key redlock:fence:{job} there"));
}

/// A node that answers STATUS alone, with a clock that the test sets.
struct node_with_a_clock : testing::Test {
    node_with_a_clock() {
        node.on_script = [this](const std::string& script) {
            return redis::fake_server::answer{
                .bytes = script.starts_with("status") ? "*6\r\n$-1\r\n:-2\r\n$-1\r\n$-1\r\n:" +
                                                            std::to_string(time_us) + "\r\n:-2\r\n"
                                                      : "*2\r\n:0\r\n$0\r\n\r\n"};
        };
        world.pool = std::make_unique<node_pool>(
            world.clock, std::vector<endpoint>{parse_endpoint(node.url()).value()},
            attempt_world::patient());
    }
    [[nodiscard]] core::duration stepped() const { return world.pool->clocks()[0].stepped(); }

    attempt_world world{{}};
    scripted_node node{world.io, "one"};
    std::int64_t time_us = 1'700'000'000'000'000;
};

// Whatever answer tells the time: a lock that rests on the node may be over earlier.
TEST_F(node_with_a_clock, is_seen_to_be_set_by_a_question_for_the_status) {
    static_cast<void>(ask_status(world, "job"));
    time_us += 3'600'000'000;
    static_cast<void>(ask_status(world, "job"));
    EXPECT_GT(stepped(), std::chrono::minutes{59});
}

TEST_F(node_with_a_clock, is_seen_to_be_set_by_a_look_at_what_is_held) {
    for (int look = 0; look < 2; ++look) {
        bool answered = false;
        std::make_shared<status_query>(*world.pool, "job", readers_told::none)
            ->start(core::node_set::only(0),
                    [&](const node_status& seen) { answered = seen.node == 0 && !seen.error; });
        ASSERT_TRUE(world.run_until([&] { return answered; }));
        time_us += 3'600'000'000;
    }
    EXPECT_GT(stepped(), std::chrono::minutes{59});
}

TEST(list_query, finds_every_resource_that_has_a_fence_once) {
    const redis_server one;
    const redis_server two;
    attempt_world world{{one.url(), two.url()}};
    const std::string odd{"{x}\0*?[\n}", 9};
    for (const std::string& name : {std::string{"a"}, std::string{"b"}, odd}) {
        one.command({"SET", "redlock:fence:{" + name + "}", "1"});
        two.command({"SET", "redlock:fence:{" + name + "}", "1"});
    }
    two.command({"SET", "redlock:fence:{only here}", "1"});
    two.command({"SET", "other", "1"});
    two.command({"RPUSH", "redlock:fence:{list}", "1"});
    const auto result = ask_list(world, "");
    EXPECT_THAT(result.names, UnorderedElementsAre("a", "b", odd, "only here"));
    EXPECT_EQ(result.answered, core::node_set::all(2));
}

TEST(list_query, walks_on_until_a_node_has_shown_all) {
    const redis_server server;
    attempt_world world{{server.url()}};
    // Several steps of SCAN.
    server.command({"EVAL",
                    "for i = 1, 3500 do redis.call('SET', 'redlock:fence:{' .. i .. '}', i) end",
                    "0"});
    EXPECT_EQ(ask_list(world, "", 100'000).names.size(), 3500U);
    EXPECT_EQ(ask_list(world, "", 10).names.size(), 10U);
}

TEST(list_query, takes_a_pattern_for_the_locks_themselves) {
    const redis_server server;
    attempt_world world{{server.url()}};
    for (const std::string name : {"job:1", "job:2", "task:1", "redlock:fence:{job:1}",
                                   "redlock:holder:{job:1}", "redlock:line:{job:1}"}) {
        server.command({"SET", name, "x"});
    }
    server.command({"HSET", "job:3", "field", "x"});
    EXPECT_THAT(ask_list(world, "job:*").names, ElementsAre("job:1", "job:2"));
    EXPECT_THAT(ask_list(world, "*").names, ElementsAre("job:1", "job:2", "task:1"));
}

/// A server whose SCAN answers what it is told to say at each step.
struct scanned {
    explicit scanned(boost::asio::io_context& io) : server(io) {
        server.on_command = [this](const redis::fake_server::words& command) {
            return command[0] == "SCAN" ? redis::fake_server::answer{.bytes = at_step(++steps)}
                                        : redis::fake_server::usual(command);
        };
    }
    static std::string step(std::string_view cursor, const std::string& keys) {
        return "*2\r\n$" + std::to_string(cursor.size()) + "\r\n" + std::string{cursor} + "\r\n" +
               keys;
    }

    redis::fake_server server;
    std::function<std::string(int)> at_step;
    int steps = 0;
};

/// Its loop is the test's; the server's is another, so that it can be there first.
list_query::result list_of(scanned& server, boost::asio::io_context& loop, std::size_t patience) {
    attempt_world world{{server.server.url()}};
    std::optional<list_query::result> result;
    std::make_shared<list_query>(*world.pool, "job:*", 1000, patience)
        ->start([&](const list_query::result& told) { result = told; });
    EXPECT_TRUE(world.run_until([&] {
        loop.restart();
        loop.poll();
        return result.has_value();
    }));
    return result.value_or(list_query::result{});
}

TEST(list_query, gives_a_server_up_that_never_comes_to_the_end) {
    boost::asio::io_context loop{1};
    scanned server{loop};
    server.at_step = [](int) { return scanned::step("17", "*1\r\n$5\r\njob:1\r\n"); };
    const auto result = list_of(server, loop, 20);
    EXPECT_EQ(server.steps, 1 + 21) << "the first one had a name to tell";
    EXPECT_FALSE(result.answered.contains(0));
    ASSERT_EQ(result.why.nodes().size(), 1U);
    EXPECT_EQ(result.why.nodes()[0].cause, node_errc::bad_reply);
    EXPECT_THAT(result.why.nodes()[0].message, HasSubstr("SCAN does not come to an end"));
    EXPECT_THAT(result.names, ElementsAre("job:1"));
}

TEST(list_query, walks_on_while_there_is_news) {
    boost::asio::io_context loop{1};
    scanned server{loop};
    server.at_step = [](int step) {
        // Nothing in most steps, as where few keys of many are locks.
        const std::string name = "job:" + std::to_string(100 + step);
        return scanned::step(step == 50 ? "0" : "17",
                             step % 5 == 0 ? "*1\r\n$7\r\n" + name + "\r\n" : "*0\r\n");
    };
    const auto result = list_of(server, loop, 5);
    EXPECT_EQ(server.steps, 50);
    EXPECT_TRUE(result.answered.contains(0));
    EXPECT_EQ(result.names.size(), 10U);
    // The fullest server that Redis can be.
    static_assert(list_query::most_fruitless_steps > 2 * ((std::uint64_t{1} << 32U) / 1000));
}

TEST(list_query, takes_nothing_but_texts_for_names) {
    boost::asio::io_context loop{1};
    scanned server{loop};
    server.at_step = [](int) {
        return scanned::step("0", "*4\r\n*1\r\n$5\r\njob:1\r\n:7\r\n-ERR\r\n$5\r\njob:2\r\n");
    };
    EXPECT_THAT(list_of(server, loop, 5).names, ElementsAre("job:2"));
}

TEST(list_query, says_which_nodes_did_not_answer) {
    const redis_server one;
    redis_server dead;
    dead.kill();
    attempt_world world{{one.url(), dead.url()}};
    one.command({"SET", "redlock:fence:{a}", "1"});
    const auto result = ask_list(world, "");
    EXPECT_THAT(result.names, ElementsAre("a"));
    EXPECT_FALSE(result.answered.contains(1));
    ASSERT_EQ(result.why.nodes().size(), 1U);
    EXPECT_EQ(result.why.nodes()[0].node, 1U);
}

TEST(node_pool, finds_out_that_two_urls_are_one_server) {
    const redis_server server{{.unix_socket = true, .password = {}, .arguments = {}}};
    const redis_server another;
    attempt_world world{{server.url(), another.url(), server.unix_url()}};
    ask_status(world, "job");  // Connects them all.
    EXPECT_TRUE(world.pool->at(2).refused());
    EXPECT_FALSE(world.pool->at(0).refused());
    EXPECT_FALSE(world.pool->at(1).refused());
    EXPECT_THAT(world.pool->same_server_twice(),
                testing::AllOf(HasSubstr("nodes 0"), HasSubstr("and 2"), HasSubstr(server.url()),
                               HasSubstr(server.unix_url())));
    EXPECT_EQ(world.told->count(event_kind::node_refused), 1U);
    for (const auto& each : world.told->events) {
        if (each.kind == event_kind::node_refused) {
            EXPECT_EQ(each.error, errc::same_server_twice);
        }
    }
}

TEST(node_pool, counts_no_vote_of_a_double) {
    const redis_server server{{.unix_socket = true, .password = {}, .arguments = {}}};
    redis_server dead;
    dead.kill();
    attempt_world world{{server.url(), server.unix_url(), dead.url()}};
    ask_status(world, "job");
    const auto attempt = world.acquire(world.identity());
    EXPECT_NE(attempt->round().outcome(), core::acquire_outcome::held);
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_EQ(server.get("job"), std::nullopt);
}

TEST(node_pool, counts_no_extension_by_a_double) {
    // Unlike ACQUIRE, where the second visit finds the lock taken, both would say yes.
    const redis_server server{{.unix_socket = true, .password = {}, .arguments = {}}};
    redis_server dead;
    dead.kill();
    attempt_world world{{server.url(), server.unix_url(), dead.url()}};
    ask_status(world, "job");
    const auto who = world.identity();
    server.command({"SET", "job", who.token().str(), "PX", "60000"});
    core::holding held{boot_clock::now(),
                       {boot_clock::now() + std::chrono::hours{1}, {}},
                       core::node_set::all(3),
                       {}};
    const auto attempt =
        std::make_shared<extend_attempt>(*world.pool, who, held, attempt_world::lease);
    attempt->start(std::make_shared<ignoring_owner>());
    ASSERT_TRUE(world.run_until(
        [&] { return attempt->round().outcome() != core::extend_outcome::pending; }));
    EXPECT_EQ(attempt->round().outcome(), core::extend_outcome::indeterminate);
}

TEST(node_pool, forgets_a_double_when_its_original_is_gone) {
    redis_server server{{.unix_socket = true, .password = {}, .arguments = {}}};
    attempt_world world{{server.url(), server.unix_url()}};
    ask_status(world, "job");
    ASSERT_FALSE(world.pool->same_server_twice().empty());
    server.kill();
    ask_status(world, "job");  // An idle connection is not watched.
    ASSERT_TRUE(world.run_until([&] { return world.told->count(event_kind::node_down) >= 2; }));
    EXPECT_TRUE(world.pool->same_server_twice().empty());
    EXPECT_FALSE(world.pool->at(1).refused());
}

}  // namespace
}  // namespace redlock::driver
