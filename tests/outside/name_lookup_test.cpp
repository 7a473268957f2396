// Names that are found, and names whose server hangs for as long as a test likes.
#include "outside/system/name_lookup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "outside/made_up_names.hpp"
#include "redis/test_connection.hpp"

namespace redlock::outside::name_lookup_cases {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using redis::connection_options;
using redis::options_for;
using redis::run_until;
using redis::test_connection;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class name_lookup_test : public testing::Test {
  protected:
    name_lookup_test() { slow.hang(); }

    name_lookup::handler note(const std::string& who) {
        return [this, who](error_code failure, const name_lookup::addresses& found) {
            std::string all = who + ":";
            for (const auto& each : found) {
                all += " " + each.address().to_string() + " " + std::to_string(each.port());
            }
            told.push_back(failure == asio::error::operation_aborted ? who + ": aborted"
                           : failure                                 ? who + ": failed"
                                                                     : all);
        };
    }
    asio::any_io_executor strand() { return asio::make_strand(io->get_executor()); }

    made_up_name slow{"slow.hang.test", {"127.0.0.1"}};
    made_up_name quick{"quick.test", {"127.0.0.2", "127.0.0.3"}};
    std::vector<std::string> told;
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>();
};

TEST_F(name_lookup_test, finds_all_addresses_of_a_name_and_says_when_there_is_none) {
    name_lookup lookup{strand()};
    lookup.async_resolve(quick.name(), 7, note("quick"));
    EXPECT_THAT(told, IsEmpty()) << "never at once";
    io->run();
    EXPECT_THAT(told, ElementsAre("quick: 127.0.0.2 7 127.0.0.3 7"));
    quick.move_to({});
    io->restart();
    lookup.async_resolve(quick.name(), 7, note("nobody"));
    io->run();
    EXPECT_EQ(told.back(), "nobody: failed");
}

TEST_F(name_lookup_test, finds_a_name_while_another_hangs) {
    name_lookup first{strand()};
    name_lookup second{strand()};
    first.async_resolve(slow.name(), 1, note("slow"));
    slow.wait_until_asked(1);
    second.async_resolve(quick.name(), 2, note("quick"));
    ASSERT_TRUE(run_until(*io, [&] { return !told.empty(); }));
    EXPECT_THAT(told, ElementsAre("quick: 127.0.0.2 2 127.0.0.3 2"));
    slow.let_go();
    io->restart();
    io->run();
    EXPECT_EQ(told.back(), "slow: 127.0.0.1 1");
}

TEST_F(name_lookup_test, asks_once_for_all_who_want_the_same) {
    name_lookup first{strand()};
    name_lookup second{strand()};
    first.async_resolve(slow.name(), 1, note("first"));
    second.async_resolve(slow.name(), 1, note("second"));
    slow.wait_until_asked(1);
    slow.let_go();
    io->run();
    EXPECT_THAT(told, ElementsAre("first: 127.0.0.1 1", "second: 127.0.0.1 1"));
    EXPECT_EQ(slow.asked(), 1);
}

TEST_F(name_lookup_test, is_not_waited_for_any_more_when_cancelled) {
    name_lookup first{strand()};
    name_lookup second{strand()};
    first.async_resolve(slow.name(), 1, note("first"));
    second.async_resolve(slow.name(), 1, note("second"));
    slow.wait_until_asked(1);
    first.cancel();
    EXPECT_THAT(told, IsEmpty()) << "never at once";
    ASSERT_TRUE(run_until(*io, [&] { return !told.empty(); }));
    EXPECT_THAT(told, ElementsAre("first: aborted")) << "and nobody else";
    second.cancel();
    io->restart();
    io->run();  // Ends, though the name is still being looked up.
    EXPECT_THAT(told, ElementsAre("first: aborted", "second: aborted"));
    // Who asks now is served by the lookup that is under way.
    first.async_resolve(slow.name(), 1, note("again"));
    slow.let_go();
    io->restart();
    io->run();
    EXPECT_EQ(told.back(), "again: 127.0.0.1 1");
    EXPECT_EQ(slow.asked(), 1);
}

TEST_F(name_lookup_test, cancels_what_its_destructor_finds) {
    {
        name_lookup lookup{strand()};
        lookup.async_resolve(slow.name(), 1, note("slow"));
    }
    io->run();
    EXPECT_THAT(told, ElementsAre("slow: aborted"));
}

TEST_F(name_lookup_test, outlives_its_event_loop) {
    const auto held = std::make_shared<int>(1);
    // As in a connection: what waits owns what looks up.
    auto lookup = std::make_shared<name_lookup>(strand());
    lookup->async_resolve(slow.name(), 1,
                          [this, held, lookup](error_code, const name_lookup::addresses&) {
                              told.emplace_back("called");
                          });
    lookup.reset();
    slow.wait_until_asked(1);
    io.reset();
    EXPECT_EQ(held.use_count(), 1) << "destroyed with the loop";
    slow.let_go();
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (name_lookup::under_way() > 0 && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
    }
    EXPECT_EQ(name_lookup::under_way(), 0U);
    EXPECT_THAT(told, IsEmpty());
}

TEST_F(name_lookup_test, that_hangs_costs_a_connection_its_time_and_no_more) {
    connection_options options = options_for("redis://slow.hang.test");
    options.connect_timeout = 10ms;
    options.backoff_min = 1h;
    options.backoff_max = 1h;
    test_connection client{options};
    client.keep_trying = false;
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_EQ(client.down_cause, node_errc::not_connected);
    EXPECT_THAT(client.down_message, HasSubstr("no answer within 10 ms while resolving"));
    client.io.restart();
    client.io.run();  // Ends, though the name is still being looked up.
    EXPECT_EQ(client.down_count, 1);
}

}  // namespace
}  // namespace redlock::outside::name_lookup_cases
