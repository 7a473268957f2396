// The parts below the simulated nodes: clocks, the order of what happens, connections with their
// delays and cuts, and requests out of bytes.
#include "testing/wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "redlock/lock_manager.hpp"
#include "testing/request_reader.hpp"
#include "testing/simulated_world.hpp"

namespace redlock::testing {
namespace {

TEST(drifting_clock_of_a_world, shows_a_time_first_when_it_says) {
    random_stream random{1, 1};
    for (int i = 0; i < 2'000; ++i) {
        drifting_clock clock{random.between(0, second), random.between(-200'000, 200'000)};
        const tick set_at = random.between(0, second);
        clock.step(set_at, random.between(-second, second));
        const std::int64_t wanted = clock.at(set_at) + random.between(1, 9 * second);
        const tick then = clock.when(wanted);
        EXPECT_GE(clock.at(then), wanted);
        EXPECT_LT(clock.at(then - 1), wanted);
    }
}

TEST(drifting_clock_of_a_world, is_at_once_where_it_has_been) {
    drifting_clock clock{10 * second, 0};
    clock.step(second, -5 * second);
    EXPECT_EQ(clock.at(second), 6 * second);
    EXPECT_EQ(clock.when(2 * second), second);
}

TEST(timeline, happens_by_time_and_then_by_order_of_planning) {
    random_stream random{5, 5};
    timeline time;
    std::vector<std::pair<tick, int>> happened;
    const auto plan = [&](tick when, int number) {
        time.at(when, [&, when, number] {
            EXPECT_EQ(time.now(), when);
            happened.emplace_back(when, number);
        });
    };
    for (int i = 0; i < 5'000; ++i) {
        plan(time.now() + random.between(0, 300), i);
        if (random.one_in(3)) {
            time.step();
        }
    }
    while (time.next() != no_tick) {
        time.step();
    }
    EXPECT_EQ(happened.size(), 5'000U);
    EXPECT_EQ(time.happened(), 5'000U);
    EXPECT_TRUE(std::is_sorted(happened.begin(), happened.end()));
}

TEST(timeline, knows_no_past) {
    timeline time;
    time.go_to(10);
    time.go_to(5);
    tick seen = 0;
    time.at(3, [&] { seen = time.now(); });
    EXPECT_EQ(time.next(), 10);
    time.step();
    EXPECT_EQ(seen, 10);
    EXPECT_EQ(time.next(), no_tick);
}

TEST(timeline, leaves_out_what_was_for_somebody_who_is_gone) {
    timeline time;
    std::vector<int> happened;
    auto one = std::make_shared<int>(1);
    const auto two = std::make_shared<int>(2);
    time.at(10, one, [&] { happened.push_back(1); });
    time.at(20, two, [&] { happened.push_back(2); });
    time.at(30, one, [&] { happened.push_back(3); });
    one = nullptr;
    EXPECT_EQ(time.next(), 20);
    time.step();
    EXPECT_EQ(happened, std::vector{2});
    EXPECT_EQ(time.next(), no_tick);
    EXPECT_EQ(time.now(), 20);
}

struct weather final : wire_weather {
    tick delay(side from) override { return delays.at(static_cast<std::size_t>(from)); }
    tick blocked_until(side to) override { return blocked.at(static_cast<std::size_t>(to)); }

    std::array<tick, 2> delays{10, 20};
    std::array<tick, 2> blocked{};
};

/// What has come, and when: "5:text", "7:end", "7:reset".
struct end final : wire_end {
    explicit end(const timeline& time) : at(&time) {}
    void on_bytes(std::string_view bytes) override {
        came.push_back(std::to_string(at->now()) + ":" + std::string{bytes});
        text += bytes;
    }
    void on_end(bool reset) override {
        came.push_back(std::to_string(at->now()) + (reset ? ":reset" : ":end"));
    }

    const timeline* at;
    std::vector<std::string> came;
    std::string text;
};

class simulated_wire : public ::testing::Test {
  protected:
    using events = std::vector<std::string>;

    simulated_wire() { connect(); }
    void connect(std::uint64_t seed = 1) {
        chance_ = random_stream{seed, 1};
        client_ = end{time_};
        server_ = end{time_};
        wire_ = std::make_shared<wire>(time_, chance_, weather_);
        wire_->attach(side::client, &client_);
        wire_->attach(side::server, &server_);
    }
    void run() {
        while (time_.next() != no_tick) {
            time_.step();
        }
    }

    timeline time_;
    random_stream chance_;
    std::shared_ptr<weather> weather_ = std::make_shared<weather>();
    end client_{time_};
    end server_{time_};
    std::shared_ptr<wire> wire_;
};

TEST_F(simulated_wire, takes_as_long_as_the_way_does) {
    wire_->send(side::client, "to");
    wire_->send(side::server, "from");
    run();
    EXPECT_EQ(server_.came, events{"10:to"});
    EXPECT_EQ(client_.came, events{"20:from"});
}

TEST_F(simulated_wire, keeps_the_order_whatever_the_delays) {
    random_stream random{2, 2};
    std::string sent;
    for (char each = 'a'; each <= 'z'; ++each) {
        weather_->delays[0] = random.between(0, 50);
        wire_->send(side::client, std::string(1, each));
        sent += each;
        time_.go_to(time_.now() + random.between(0, 10));
    }
    run();
    EXPECT_EQ(server_.text, sent);
}

TEST_F(simulated_wire, holds_back_what_would_arrive_while_the_way_is_blocked) {
    weather_->blocked[static_cast<std::size_t>(side::server)] = 100;
    wire_->send(side::client, "a");
    wire_->send(side::client, "b");
    wire_->send(side::server, "c");
    time_.at(50, [&] { weather_->blocked[static_cast<std::size_t>(side::server)] = 200; });
    run();
    EXPECT_EQ(server_.came, (events{"200:a", "200:b"}));
    EXPECT_EQ(client_.came, events{"20:c"});
}

TEST_F(simulated_wire, brings_the_end_behind_the_bytes) {
    wire_->send(side::client, "a");
    wire_->close(side::client);
    wire_->send(side::client, "too late");
    wire_->close(side::client);
    wire_->send(side::server, "b");
    run();
    EXPECT_EQ(server_.came, (events{"10:a", "10:end"}));
    EXPECT_EQ(client_.came, events{"20:b"});
}

TEST_F(simulated_wire, drops_what_arrives_where_nobody_is_left) {
    wire_->send(side::client, "a");
    wire_->attach(side::server, nullptr);
    run();
    EXPECT_TRUE(server_.came.empty());
}

TEST_F(simulated_wire, outlives_whoever_leaves_while_it_tells_them) {
    wire_->send(side::client, "a");
    std::weak_ptr<wire> left = wire_;
    wire_ = nullptr;
    run();
    EXPECT_EQ(server_.came, events{"10:a"});
    EXPECT_TRUE(left.expired());
}

TEST_F(simulated_wire, can_be_cut_behind_each_byte) {
    std::set<std::string> to_server;
    std::set<std::string> to_client;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        connect(seed);
        for (const char* const part : {"ab", "c", "def"}) {
            wire_->send(side::client, part);
            wire_->send(side::server, part);
        }
        wire_->cut(false, 0);
        EXPECT_TRUE(wire_->is_cut());
        wire_->send(side::client, "x");
        wire_->close(side::server);
        wire_->cut(true, 0);
        run();
        EXPECT_TRUE(server_.came.back().ends_with(":reset"));
        EXPECT_TRUE(client_.came.back().ends_with(":reset"));
        to_server.insert(server_.text);
        to_client.insert(client_.text);
    }
    const std::set<std::string> all{"", "a", "ab", "abc", "abcd", "abcde", "abcdef"};
    EXPECT_EQ(to_server, all);
    EXPECT_EQ(to_client, all);
}

TEST_F(simulated_wire, carries_out_all_that_was_sent_if_the_cut_says_so) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        connect(seed);
        wire_->send(side::client, "abc");
        wire_->cut(true, 0);
        run();
        EXPECT_EQ(server_.text, "abc");
    }
}

TEST_F(simulated_wire, lets_the_client_notice_a_cut_late) {
    wire_->cut(true, 1'000);
    run();
    EXPECT_EQ(server_.came, events{"10:reset"});
    EXPECT_EQ(client_.came, events{"1000:reset"});
}

class requests : public ::testing::Test {
  protected:
    using words = std::vector<std::string>;
    request_reader reader_;
};

TEST_F(requests, are_read_byte_by_byte) {
    const std::vector<words> sent{{"GET", "a"}, {}, {"SET", "", std::string("\r\n\0$", 4)}};
    const std::string bytes =
        std::string("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*0\r\n*3\r\n$3\r\nSET\r\n") +
        "$0\r\n\r\n$4\r\n" + std::string("\r\n\0$", 4) + "\r\n";
    for (std::size_t portion = 1; portion <= bytes.size(); ++portion) {
        request_reader reader;
        std::vector<words> got;
        for (std::size_t at = 0; at < bytes.size(); at += portion) {
            reader.feed(bytes.substr(at, portion));
            while (auto each = reader.next()) {
                got.push_back(std::move(*each));
            }
        }
        EXPECT_EQ(got, sent) << portion;
        EXPECT_FALSE(reader.broken());
    }
}

TEST_F(requests, are_none_in_rubbish) {
    for (const char* const rubbish :
         {"GET a\r\n", "*x\r\n", "*\r\n", "*-1\r\n", "*1\r\nGET\r\n", "*1\r\n$\r\n", "*1\r\n$x\r\n",
          "*1\r\n$-1\r\n", "*99999999999\r\n", "*1 \r\n", "$1\r\na\r\n",
          "*111111111111111111111111111111111111"}) {
        request_reader reader;
        reader.feed(rubbish);
        EXPECT_EQ(reader.next(), std::nullopt) << rubbish;
        EXPECT_TRUE(reader.broken()) << rubbish;
        reader.feed("*1\r\n$1\r\na\r\n");
        EXPECT_EQ(reader.next(), std::nullopt) << rubbish;
    }
}

TEST_F(requests, are_the_same_however_the_bytes_come) {
    random_stream random{3, 3};
    const std::vector<std::string> parts{"*1\r\n", "*2\r\n", "*0\r\n", "$1\r\n",
                                         "$3\r\n", "$0\r\n", "a\r\n",  "abc\r\n",
                                         "\r\n",   "*",      "$",      "1"};
    std::size_t found = 0;
    for (int i = 0; i < 5'000; ++i) {
        request_reader whole;
        request_reader slow;
        std::vector<words> together;
        std::vector<words> one_by_one;
        std::string bytes;
        for (auto more = random.below(12); more > 0; --more) {
            bytes += parts[random.below(parts.size())];
        }
        whole.feed(bytes);
        while (auto each = whole.next()) {
            together.push_back(std::move(*each));
        }
        for (const char each : bytes) {
            slow.feed({&each, 1});
            while (auto next = slow.next()) {
                one_by_one.push_back(std::move(*next));
            }
        }
        EXPECT_EQ(one_by_one, together) << bytes;
        EXPECT_EQ(slow.broken(), whole.broken()) << bytes;
        found += together.size();
    }
    EXPECT_GT(found, 100U);
}

/// How many connections a process has that begins to connect and, if so, is killed at once.
std::size_t connections(bool killed) {
    scripts engine;
    simulated_world in{engine, 1, 1, {}};
    simulated_process& from = in.add_process();
    const auto stream = from.make_stream(from.loop().get_executor());
    const auto where = node_list{simulated_world::url(0)}.endpoints();
    stream->async_connect(where.front(), [](error_code /*failure*/) {});
    if (killed) {
        from.kill();
    }
    in.run_until(second, [] { return false; });
    return from.wires_to(0).size();
}

TEST(simulated_process, does_not_connect_once_it_is_killed) {
    EXPECT_EQ(connections(false), 1U);
    EXPECT_EQ(connections(true), 0U);
}

}  // namespace
}  // namespace redlock::testing
