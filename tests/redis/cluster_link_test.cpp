// The cluster link against servers that say what the test wants: redirections in odd shapes, keys
// that stay on their way, surveys that fail half-way. What real servers do is in integration/.
#include "redis/cluster/cluster_link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "redis/cluster_world.hpp"

namespace redlock::redis::cluster_link_cases {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using words = fake_server::words;

TEST(cluster_link, sends_what_waited_once_the_slots_are_known) {
    cluster_world world;
    world.start();
    EXPECT_FALSE(world.send({"GET", "key"}, 1));
    EXPECT_FALSE(world.send({"GET", "other"}, 2));
    ASSERT_TRUE(world.run_until([&] { return world.sink->told.size() == 2; }));
    EXPECT_THAT(world.sink->told, ElementsAre("1: +done", "2: +done"));
    EXPECT_THAT(world.log, ElementsAre("ready"));
}

TEST(cluster_link, goes_by_the_key_of_a_command_and_else_to_the_slot_of_the_empty_one) {
    cluster_world world;
    const int first = slot_of("key");
    world.map = "*2\r\n" + cluster_world::range(0, first - 1, world.one) +
                cluster_world::range(first, 16383, world.two);
    ASSERT_TRUE(world.start_and_wait());
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    EXPECT_EQ(world.ask({"PING"}), "0: +done");
    EXPECT_THAT(world.two.heard(), ElementsAre("GET"));
    EXPECT_THAT(world.one.heard(), ElementsAre("PING"));
}

TEST(cluster_link, says_the_greeting_to_the_master_of_its_key) {
    cluster_world world{true};
    const int first = slot_of(world.greeting_key());
    world.map = "*2\r\n" + cluster_world::range(0, first - 1, world.one) +
                cluster_world::range(first, 16383, world.two);
    ASSERT_TRUE(world.start_and_wait());
    EXPECT_THAT(world.two.heard(), ElementsAre("HELLO"));
    EXPECT_THAT(world.one.heard(), ElementsAre());
}

TEST(cluster_link, follows_moved_and_remembers_it) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    world.one.on_key = [&](const words&) { return moved_to(world.two); };
    // As the servers see it from now on.
    world.map = "*1\r\n" + cluster_world::range(0, 16383, world.two);
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    EXPECT_THAT(world.one.heard(), ElementsAre("GET"));
    EXPECT_THAT(world.two.heard(), ElementsAre("GET", "GET"));
    EXPECT_THAT(world.log, ElementsAre("ready")) << "nothing was down";
}

TEST(cluster_link, says_asking_right_before_the_command_and_remembers_nothing) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    world.one.on_key = [&](const words&) { return ask_at(world.two); };
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    EXPECT_THAT(world.one.heard(), ElementsAre("GET", "GET"));
    EXPECT_THAT(world.two.heard(), ElementsAre("ASKING", "GET", "ASKING", "GET"));
}

TEST(cluster_link, does_not_follow_for_ever) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    world.one.on_key = [&](const words&) { return moved_to(world.two); };
    world.two.on_key = [&](const words&) { return moved_to(world.one); };
    EXPECT_THAT(world.ask({"GET", "key"}), HasSubstr("-MOVED"));
    EXPECT_EQ(world.one.heard().size() + world.two.heard().size(), 6U);
}

TEST(cluster_link, passes_on_a_redirection_that_leads_nowhere) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    for (const std::string answer : {"-MOVED 1 ?:6379\r\n", "-MOVED 1\r\n", "-ERR other\r\n"}) {
        world.one.on_key = [&](const words&) { return answer; };
        EXPECT_EQ(world.ask({"GET", "key"}), "0: " + answer.substr(0, answer.size() - 2));
    }
}

TEST(cluster_link, keeps_what_is_for_this_connection_away_from_a_slot_that_has_moved) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    world.one.on_key = [&](const words&) { return moved_to(world.two); };
    EXPECT_FALSE(world.send({"GET", "key"}, 1, 1h, delivery::this_connection));
    ASSERT_TRUE(world.run_until([&] { return world.sink->told.size() == 2; }));
    EXPECT_THAT(world.sink->told[1], testing::StartsWith("1: -MOVED"));
    EXPECT_THAT(world.two.heard(), ElementsAre());
}

TEST(cluster_link, lets_what_is_for_this_connection_follow_keys_to_servers_that_were_greeted) {
    cluster_world world{true};
    const std::string both = "*2\r\n" + cluster_world::range(0, 99, world.two) +
                             cluster_world::range(100, 16383, world.one);
    for (const bool known : {false, true}) {
        if (known) {
            world.map = both;
            world.link->keep_trying();
            ASSERT_TRUE(world.run_until([&] {
                return world.identities.size() > 1 &&
                       world.link->state() == connection_state::ready;
            }));
        } else {
            ASSERT_TRUE(world.start_and_wait());
        }
        world.one.on_key = [&](const words& command) {
            return command[0] == "GET" ? ask_at(world.two) : std::string{"+done\r\n"};
        };
        world.sink->told.clear();
        EXPECT_FALSE(world.send({"GET", "key"}, 1, 1h, delivery::this_connection));
        ASSERT_TRUE(world.run_until([&] { return !world.sink->told.empty(); }));
        EXPECT_THAT(world.sink->told[0], testing::StartsWith(known ? "1: +done" : "1: -ASK"));
    }
    EXPECT_THAT(world.two.heard(), ElementsAre("ASKING", "GET"));
}

TEST(cluster_link, tries_again_while_keys_are_on_their_way_up_to_the_deadline) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    int asked = 0;
    world.one.on_key = [&](const words&) {
        return ++asked < 4 ? "-TRYAGAIN later\r\n" : "+done\r\n";
    };
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    EXPECT_EQ(asked, 4);
    asked = -1000;
    world.sink->told.clear();
    EXPECT_FALSE(world.send({"GET", "key"}, 1, 20ms));
    ASSERT_TRUE(world.run_until([&] { return !world.sink->told.empty(); }));
    const auto& told = world.sink->told;
    EXPECT_TRUE(told[0] == "1: failure" || told[0] == "1: timeout sent") << told[0];
    if (told[0] == "1: failure") {
        EXPECT_EQ(world.sink->last_cause, node_errc::slot_unserved);
        EXPECT_THAT(world.link->last_error_message(), HasSubstr("on its way"));
    }
}

TEST(cluster_link, asks_both_servers_again_while_a_key_is_at_neither) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    world.one.on_key = [&](const words&) { return ask_at(world.two); };
    int asked = 0;
    world.two.on_key = [&](const words&) {
        return ++asked < 8 ? "-TRYAGAIN later\r\n" : "+done\r\n";
    };
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
}

TEST(cluster_link, goes_on_with_what_must_follow_when_its_time_is_over) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    bool there = false;
    world.one.on_key = [&](const words&) { return there ? "+done\r\n" : "-TRYAGAIN later\r\n"; };
    EXPECT_FALSE(world.send({"DEL", "key"}, 1, 10ms, delivery::must_follow));
    ASSERT_TRUE(world.run_until([&] { return !world.sink->told.empty(); }));
    EXPECT_THAT(world.sink->told, ElementsAre("1: timeout sent"));
    there = true;
    ASSERT_TRUE(world.run_until([&] { return world.sink->told.size() == 2; }));
    EXPECT_THAT(world.sink->told, ElementsAre("1: timeout sent", "1: +done"));
}

TEST(cluster_link, takes_another_server_when_the_first_stays_silent) {
    cluster_world world;
    world.options_.connect_timeout = 1h;
    world.one.server.on_command = [](const words&) { return fake_server::answer{}; };
    world.map = "*1\r\n" + cluster_world::range(0, 16383, world.two);
    world.options_.where.cluster.push_back({"127.0.0.1", world.two.port()});
    ASSERT_TRUE(world.start_and_wait());
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
}

TEST(cluster_link, fails_what_waits_when_no_server_knows_the_slots) {
    cluster_world world;
    world.map = "-ERR This instance has cluster support disabled\r\n";
    world.start();
    EXPECT_FALSE(world.send({"GET", "key"}, 1));
    ASSERT_TRUE(world.run_until([&] { return !world.sink->told.empty(); }));
    EXPECT_THAT(world.sink->told, ElementsAre("1: failure"));
    EXPECT_THAT(world.log, ElementsAre("down"));
    EXPECT_THAT(world.down_message, HasSubstr("cluster support disabled"));
    EXPECT_EQ(world.link->state(), connection_state::waiting_to_retry);
    // The next to ask, once the backoff is over, makes the next attempt.
    world.map = "*1\r\n" + cluster_world::range(0, 16383, world.one);
    ASSERT_TRUE(world.run_until([&] { return world.ask({"GET", "key"}) == "0: +done"; }));
}

TEST(cluster_link, tries_on_by_itself_when_asked_to) {
    cluster_world world;
    world.map = "*0\r\n";
    world.keep_trying = true;
    world.start();
    ASSERT_TRUE(world.run_until([&] { return world.log.size() >= 3; }));
    EXPECT_THAT(world.log[2], "down");
    world.map = "*1\r\n" + cluster_world::range(0, 16383, world.one);
    ASSERT_TRUE(world.run_until([&] { return world.log.back() == "ready"; }));
}

TEST(cluster_link, fails_all_that_is_pending_when_it_stops) {
    cluster_world world;
    ASSERT_TRUE(world.start_and_wait());
    world.one.on_key = [&](const words& command) {
        return command[0] == "DEL" ? "-TRYAGAIN later\r\n" : "";
    };
    EXPECT_FALSE(world.send({"GET", "key"}, 1));
    ASSERT_TRUE(world.run_until([&] { return world.one.heard().size() == 1; }));
    world.link->stop();
    EXPECT_THAT(world.sink->told, ElementsAre("1: failure sent"));
    EXPECT_EQ(world.sink->last_cause, errc::closed);
    EXPECT_EQ(world.send({"GET", "key"}), errc::closed);
}

TEST(cluster_link, greets_after_every_master_has_said_who_it_is) {
    cluster_world world{true};
    world.map = "*2\r\n" + cluster_world::range(0, 99, world.one) +
                cluster_world::range(100, 16383, world.two);
    world.start();
    EXPECT_FALSE(world.send({"GET", "key"}, 1));
    ASSERT_TRUE(world.run_until([&] { return !world.sink->told.empty(); }));
    EXPECT_THAT(world.log, ElementsAre("greeted", "ready"));
    ASSERT_EQ(world.identities.size(), 1U);
    EXPECT_FALSE(world.identities[0].incarnation().empty());
    EXPECT_EQ(world.identities[0].remembers_for(), 0s) << "no uptime is trusted";
    EXPECT_THAT(world.two.heard(), testing::IsSupersetOf({std::string{"HELLO"}}));
}

TEST(cluster_link, is_down_before_an_answer_from_elsewhere_is_told) {
    cluster_world world{true};
    // The other server is known and connected to: only the slots change.
    world.map = "*2\r\n" + cluster_world::range(0, 99, world.two) +
                cluster_world::range(100, 16383, world.one);
    ASSERT_TRUE(world.start_and_wait());
    world.one.on_key = [&](const words& command) {
        return command[0] == "GET" ? moved_to(world.two) : std::string{"+done\r\n"};
    };
    world.map = "*2\r\n" + cluster_world::range(0, 99, world.one) +
                cluster_world::range(100, 16383, world.two);
    bool down_first = false;
    world.sink->then = [&] { down_first = world.log.size() > 2 && world.log[2] == "down"; };
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    EXPECT_TRUE(down_first);
    ASSERT_TRUE(world.run_until([&] { return world.log.size() >= 5; }));
    EXPECT_THAT(world.log, ElementsAre("greeted", "ready", "down", "greeted", "ready"));
    ASSERT_EQ(world.identities.size(), 2U);
    EXPECT_NE(world.identities[0].incarnation(), world.identities[1].incarnation());
}

TEST(cluster_link, is_down_before_an_answer_from_a_server_that_the_survey_did_not_find) {
    cluster_world world{true};
    ASSERT_TRUE(world.start_and_wait());
    // The server that is asked for the slots has not heard of the move that it tells of.
    world.one.on_key = [&](const words& command) {
        return command[0] == "GET" ? moved_to(world.two) : std::string{"+done\r\n"};
    };
    world.two.on_key = [](const words&) { return std::string{}; };
    ASSERT_FALSE(world.send({"GET", "key"}, 1));
    ASSERT_TRUE(world.run_until([&] { return world.log.size() == 5; }));
    ASSERT_THAT(world.log, ElementsAre("greeted", "ready", "down", "greeted", "ready"));
    ASSERT_TRUE(
        world.run_until([&] { return world.two.heard() == std::vector<std::string>{"GET"}; }));
    bool down_first = false;
    world.sink->then = [&] { down_first = world.log.size() > 5 && world.log[5] == "down"; };
    world.two.server.say("+late\r\n");
    ASSERT_TRUE(world.run_until([&] { return !world.sink->told.empty(); }));
    EXPECT_THAT(world.sink->told, ElementsAre("1: +late"));
    EXPECT_TRUE(down_first) << world.down_message;
}

TEST(cluster_link, is_down_as_soon_as_a_master_is_lost_or_another_one_answers_for_it) {
    cluster_world world{true};
    world.map = "*2\r\n" + cluster_world::range(0, 99, world.one) +
                cluster_world::range(100, 16383, world.two);
    ASSERT_TRUE(world.start_and_wait());
    const std::string before = world.identities.back().incarnation();
    // It goes away while nobody asks it anything, and another one is there at once.
    world.two.run_id = "another";
    world.two.server.hang_up();
    EXPECT_EQ(world.ask({"GET", "key"}), "0: +done");
    ASSERT_TRUE(world.run_until(
        [&] { return world.log.size() > 2 && world.link->state() == connection_state::ready; }));
    EXPECT_EQ(world.log[2], "down");
    EXPECT_NE(world.identities.back().incarnation(), before);
}

TEST(cluster_link, tells_what_one_server_refused_while_another_is_silent) {
    cluster_world world;
    world.options_.where.cluster.push_back({"127.0.0.1", world.two.port()});
    world.one.slots = [] { return "-NOPERM this user may not\r\n"; };
    world.two.slots = [] { return ""; };
    world.start();
    ASSERT_TRUE(world.run_until([&] { return !world.two.server.received.empty(); }));
    ASSERT_TRUE(world.run_until([&] { return !world.link->last_error_message().empty(); }));
    EXPECT_EQ(world.link->state(), connection_state::connecting);
    EXPECT_THAT(world.link->last_error_message(),
                AllOf(HasSubstr(world.one.address()), HasSubstr("NOPERM")));
}

TEST(cluster_link, has_the_same_identity_for_everybody_and_as_long_as_nothing_changes) {
    std::vector<std::string> seen;
    cluster_world world{true};
    ASSERT_TRUE(world.start_and_wait());
    world.link->keep_trying();
    ASSERT_TRUE(world.run_until([&] { return world.identities.size() == 2; }));
    EXPECT_EQ(world.identities[0], world.identities[1]);
}

}  // namespace
}  // namespace redlock::redis::cluster_link_cases
