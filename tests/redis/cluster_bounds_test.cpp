// What a hostile cluster can make the link do: how many connections it opens, for how long it keeps
// them, and what it leaves behind on one. The servers are fakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "redis/cluster_world.hpp"

namespace redlock::redis::cluster_bounds_cases {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using words = fake_server::words;

/// Lets everybody connect at every address of this machine, and never says a word.
struct silent_server {
    explicit silent_server(boost::asio::io_context& io)
        : acceptor{io, {boost::asio::ip::address_v4::any(), 0}} {}

    /// A redirection to the address of this number.
    [[nodiscard]] std::string ask_at(std::size_t number) const {
        return "-ASK " + std::to_string(slot_of("key")) + " 127.1." + std::to_string(number / 250) +
               "." + std::to_string(1 + number % 250) + ":" +
               std::to_string(acceptor.local_endpoint().port()) + "\r\n";
    }

    boost::asio::ip::tcp::acceptor acceptor;
};

std::size_t failures(const cluster_world& world) {
    return static_cast<std::size_t>(
        std::count(world.sink->told.begin(), world.sink->told.end(), "0: failure"));
}

TEST(cluster_bounds, redirections_connect_to_a_thousand_servers_and_no_more) {
    cluster_world world;
    world.options_.command_timeout = world.options_.connect_timeout = 1h;
    silent_server silent{world.io};
    ASSERT_TRUE(world.start_and_wait());
    std::size_t asked = 0;
    world.one.on_key = [&](const words&) { return silent.ask_at(asked++); };
    // One is the server that redirects, and one may be added for each that the user has named.
    constexpr std::size_t room = slot_map::most_masters;
    for (std::size_t i = 0; i < room + 5; ++i) {
        ASSERT_FALSE(world.send({"GET", "key"}));
    }
    ASSERT_TRUE(world.run_until([&] { return asked == room + 5 && failures(world) == 5; }));
    EXPECT_EQ(world.sink->last_cause, node_errc::slot_unserved);
    EXPECT_THAT(world.link->last_error_message(), HasSubstr("is one server too many: 1001"));
    // Nobody waits for those any more: there is room for others.
    silent.acceptor.close();
    ASSERT_TRUE(world.run_until([&] { return world.sink->told.size() == room + 5; }));
    world.one.on_key = [&](const words&) { return ask_at(world.two); };
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
}

TEST(cluster_bounds, a_map_of_more_masters_is_refused_and_says_so) {
    cluster_world world;
    world.map = "*1001\r\n";
    for (int i = 0; i < 1001; ++i) {
        world.map += "*3\r\n:" + std::to_string(i) + "\r\n:" + std::to_string(i) + "\r\n*3\r\n" +
                     bulk("127.0.0.1") + ":" + std::to_string(10000 + i) + "\r\n" + bulk("");
    }
    world.start();
    ASSERT_TRUE(world.run_until([&] { return !world.log.empty(); }));
    EXPECT_THAT(world.log, ElementsAre("down"));
    EXPECT_THAT(world.down_message, HasSubstr("it names more than 1000 masters"));
    EXPECT_EQ(world.one.server.accepted, 1);
}

TEST(cluster_bounds, what_a_survey_has_connected_to_in_vain_is_given_up) {
    cluster_world world{true};
    world.keep_trying = true;
    for (fake_master* each : {&world.one, &world.two}) {
        each->run_id = "x\r\nrole:slave";  // so that no survey comes to an end
    }
    const std::string first = "*1\r\n" + cluster_world::range(0, 16383, world.one);
    const std::string second = "*1\r\n" + cluster_world::range(0, 16383, world.two);
    world.map = second;
    world.start();
    ASSERT_TRUE(world.run_until([&] { return world.log.size() >= 2; }));
    EXPECT_EQ(world.two.server.accepted, 1) << "it is in the map still";
    world.map = first;
    std::size_t before = world.log.size();
    ASSERT_TRUE(world.run_until([&] { return world.log.size() >= before + 3; }));
    world.map = second;
    before = world.log.size();
    ASSERT_TRUE(world.run_until([&] { return world.log.size() >= before + 3; }));
    EXPECT_EQ(world.two.server.accepted, 2) << "it was let go when no map named it";
}

TEST(cluster_bounds, asking_without_its_command_holds_for_no_other) {
    cluster_world world;
    world.options_.max_pending_commands = 3;
    const int slot = slot_of("other");
    world.map = "*3\r\n" + cluster_world::range(0, slot - 1, world.one) +
                cluster_world::range(slot, slot, world.two) +
                cluster_world::range(slot + 1, 16383, world.one);
    ASSERT_TRUE(world.start_and_wait());
    world.one.on_key = [&](const words&) { return ask_at(world.two); };
    world.two.on_key = [](const words&) { return std::string{}; };
    ASSERT_FALSE(world.send({"GET", "other"}, 1));
    ASSERT_FALSE(world.send({"GET", "other"}, 2));
    // There is room for ASKING only.
    ASSERT_FALSE(world.send({"GET", "key"}, 3));
    ASSERT_TRUE(world.run_until([&] { return world.sink->told.size() == 2; }));
    EXPECT_EQ(world.sink->last_cause, node_errc::unresponsive);
    // What this server answers to ASKING comes in the place of the first answer that is due.
    EXPECT_THAT(world.sink->told, ElementsAre("3: failure", "1: +OK"));
    world.two.on_key = [](const words&) { return std::string{"+done\r\n"}; };
    world.two.server.say("+done\r\n+done\r\n");
    ASSERT_TRUE(world.run_until([&] { return world.sink->told.size() == 3; }));
    EXPECT_EQ(world.ask({"GET", "other"}), "0: +done");
    EXPECT_EQ(world.ask({"GET", "other"}), "0: +done");
    EXPECT_THAT(world.two.heard(), ElementsAre("GET", "GET", "ASKING", "TIME", "GET", "GET"));
}

}  // namespace
}  // namespace redlock::redis::cluster_bounds_cases
