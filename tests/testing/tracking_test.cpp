// Of which changed keys a simulated server tells, and in which order, held against a real server:
// two connections that read and are told on others, and one that only changes.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "testing/commands.hpp"
#include "testing/side_by_side.hpp"

namespace redlock::testing {
namespace {

using namespace std::chrono_literals;

class simulated_tracking : public ::testing::Test {
  protected:
    struct reader {
        explicit reader(side_by_side& both) : told(both), asks(both) {
            const answers id = told.ask({"CLIENT", "ID"});
            told.ask({"SUBSCRIBE", "__redis__:invalidate"});
            EXPECT_EQ(track(id.real, id.simulated).simulated, reply::ok());
        }
        answers track(const reply& real, const reply& simulated) {
            return asks.ask(tracking(real), tracking(simulated));
        }
        static request tracking(const reply& id) {
            return {"CLIENT", "TRACKING", "ON", "REDIRECT", std::to_string(id.number), "NOLOOP"};
        }

        client_of_both told;
        client_of_both asks;
    };

    simulated_tracking() { set_expiry_by_itself(false); }

    /// The real one looks for what is over only when somebody asks for it, or by itself as well.
    void set_expiry_by_itself(bool yes) {
        EXPECT_EQ(both_.ask_real({"DEBUG", "SET-ACTIVE-EXPIRE", yes ? "1" : "0"}), "OK");
    }
    static void ask(client_of_both& who, const request& what) {
        const answers got = who.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real)) << words_of(what);
    }
    /// What the first reader and then the second is told; the same of both servers.
    std::string heard() {
        std::string all;
        for (reader* const each : {&first_, &second_}) {
            const auto news = each->told.hear();
            EXPECT_EQ(news.simulated, news.real);
            all += each == &first_ ? "" : " | ";
            for (const reply& one : news.simulated) {
                const reply& keys = one.items.at(2);
                all += (all.empty() || all.ends_with(' ') ? "" : " ") +
                       (keys.items.empty() ? "all" : keys.items.front().words);
            }
        }
        return all;
    }

    side_by_side both_{{"--enable-debug-command", "yes"}};
    reader first_{both_};
    reader second_{both_};
    client_of_both other_{both_};
};

TEST_F(simulated_tracking, tells_once_of_a_key_that_was_read) {
    ask(first_.asks, {"GET", "a"});
    ask(other_, {"SET", "a", "1"});
    ask(other_, {"SET", "a", "2"});
    EXPECT_EQ(heard(), "a | ");
    ask(first_.asks, {"GET", "a"});
    ask(other_, {"DEL", "a"});
    EXPECT_EQ(heard(), "a | ");
    ask(other_, {"DEL", "a"});
    EXPECT_EQ(heard(), " | ");
}

TEST_F(simulated_tracking, takes_each_command_that_reads_for_reading) {
    const std::vector<request> reads{{"GET", "a"},       {"PTTL", "a"},        {"EXISTS", "b", "a"},
                                     {"TYPE", "a"},      {"HGETALL", "a"},     {"HMGET", "a", "f"},
                                     {"HGET", "a", "f"}, {"HEXISTS", "a", "f"}};
    for (const request& read : reads) {
        SCOPED_TRACE(words_of(read));
        ask(first_.asks, read);
        ask(other_, {"SET", "a", "1"});
        EXPECT_EQ(heard(), "a | ");
    }
    for (const request& none : std::vector<request>{{"SCAN", "0"},
                                                    {"SET", "a", "1", "GET"},
                                                    {"PEXPIRE", "a", "100"},
                                                    {"HSET", "a", "f", "1"},
                                                    {"HDEL", "a", "f"},
                                                    {"DEL", "x"}}) {
        SCOPED_TRACE(words_of(none));
        ask(first_.asks, none);
        ask(other_, {"SET", "a", "2"});
        EXPECT_EQ(heard(), " | ");
    }
}

TEST_F(simulated_tracking, tells_of_each_change_in_its_order) {
    for (const char* const key : {"a", "b", "c"}) {
        ask(first_.asks, {"GET", key});
        ask(second_.asks, {"GET", key});
    }
    ask(other_, {"SET", "c", "1"});
    ask(other_, {"HSET", "a", "f", "1"});
    ask(first_.asks, {"GET", "c"});
    ask(other_, {"PEXPIRE", "c", "100000"});
    ask(other_, {"DEL", "b", "a", "c"});
    EXPECT_EQ(heard(), "c a c | c a");
    ask(first_.asks, {"HGETALL", "a"});
    ask(other_, {"HSET", "a", "f", "1"});
    ask(first_.asks, {"HGETALL", "a"});
    ask(other_, {"HDEL", "a", "g"});
    ask(other_, {"SET", "a", "1", "NX"});
    ask(other_, {"PEXPIRE", "b", "1"});
    EXPECT_EQ(heard(), "a | ");
    ask(other_, {"HDEL", "a", "f"});
    EXPECT_EQ(heard(), "a | ");
}

TEST_F(simulated_tracking, tells_nobody_of_its_own_change_but_forgets_the_key) {
    ask(first_.asks, {"GET", "a"});
    ask(second_.asks, {"GET", "a"});
    ask(first_.asks, {"SET", "a", "1"});
    EXPECT_EQ(heard(), " | a");
    ask(other_, {"SET", "a", "2"});
    EXPECT_EQ(heard(), " | ");
}

TEST_F(simulated_tracking, takes_what_a_script_reads_for_the_clients_own) {
    const std::string reads = "return redis.call('GET', KEYS[1])";
    const std::string writes = "redis.call('SET', KEYS[1], 1) return redis.call('SET', KEYS[1], 2)";
    const std::string reads_then_writes = "redis.call('GET', KEYS[1])" + writes;
    const std::string writes_then_reads = "redis.call('SET', KEYS[1], 1)" + reads;
    ask(first_.asks, {"EVAL", reads, "1", "a"});
    ask(second_.asks, {"EVAL", reads_then_writes, "1", "a"});
    EXPECT_EQ(heard(), "a | ");
    ask(second_.asks, {"EVAL", writes_then_reads, "1", "a"});
    ask(other_, {"EVAL", writes, "1", "a"});
    EXPECT_EQ(heard(), " | a");
}

TEST_F(simulated_tracking, tells_of_what_is_over_when_somebody_finds_it) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    const std::vector<request> finds{{"GET", "a"},
                                     {"PTTL", "a"},
                                     {"EXISTS", "a"},
                                     {"SET", "a", "1"},
                                     {"SET", "a", "1", "NX"},
                                     {"DEL", "a"},
                                     {"PEXPIRE", "a", "5"},
                                     {"HSET", "a", "f", "1"},
                                     {"HDEL", "a", "f"},
                                     {"HGETALL", "a"},
                                     {"EVAL", "return redis.call('GET', KEYS[1])", "1", "a"}};
    for (client_of_both* const finder : {&other_, &first_.asks}) {
        for (const request& find : finds) {
            SCOPED_TRACE(words_of(find));
            ask(other_, {"SET", "a", "1", "PX", "10"});
            ask(first_.asks, {"GET", "a"});
            ask(second_.asks, {"GET", "a"});
            static_cast<void>(heard());
            both_.step(10ms);
            ask(*finder, {"PTTL", "a"});
            EXPECT_EQ(heard(), " | ");
            both_.step(1ms);
            ask(*finder, find);
            // Its own finding is its own change.
            EXPECT_EQ(heard(), finder == &other_ ? "a | a" : " | a");
        }
    }
}

TEST_F(simulated_tracking, tells_of_what_is_over_by_itself) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    ask(other_, {"SET", "a", "1", "PX", "10"});
    ask(first_.asks, {"GET", "a"});
    ask(first_.asks, {"GET", "b"});
    set_expiry_by_itself(true);
    both_.pass(200ms);
    while (both_.ask_real({"DBSIZE"}) != "0") {
    }
    EXPECT_EQ(heard(), "a | ");
}

TEST_F(simulated_tracking, tells_of_a_flush_whoever_tracks) {
    ask(first_.asks, {"GET", "a"});
    ask(other_, {"FLUSHALL"});
    EXPECT_EQ(heard(), "all | all");
    ask(other_, {"SET", "a", "1"});
    EXPECT_EQ(heard(), " | ");
    ask(first_.asks, {"GET", "a"});
    ask(first_.asks, {"FLUSHALL"});
    EXPECT_EQ(heard(), "all | all");
}

TEST_F(simulated_tracking, ends_when_it_is_switched_off) {
    ask(first_.asks, {"GET", "a"});
    ask(first_.asks, {"CLIENT", "TRACKING", "OFF"});
    ask(other_, {"SET", "a", "1"});
    ask(first_.asks, {"GET", "a"});
    ask(other_, {"SET", "a", "1"});
    ask(other_, {"FLUSHALL"});
    EXPECT_EQ(heard(), " | all");
}

TEST_F(simulated_tracking, tells_the_same_whatever_is_done) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    random_commands commands{1};
    random_stream& chance = commands.chance();
    std::vector<client_of_both*> clients{&first_.asks, &second_.asks, &other_};
    std::string done;
    for (int i = 0; i < 4'000 && !HasFailure(); ++i) {
        request what = chance.one_in(100) ? request{"FLUSHALL"} : commands.any();
        if (chance.one_in(4)) {
            // One whose keys are all read.
            what = {"EVAL", "return redis.pcall('GET', KEYS[1])", "1", commands.key()};
        }
        client_of_both& who = *clients.at(chance.below(clients.size()));
        done = words_of(what) + " after " + done.substr(0, 300);
        SCOPED_TRACE(done);
        ask(who, what);
        static_cast<void>(heard());
        if (chance.one_in(4)) {
            both_.step(std::chrono::milliseconds{chance.between(1, 5)});
            // Found on both, in one order, even if one was faster.
            ask(other_, {"EXISTS", "", "a", "b", "c", "d:{a}"});
            static_cast<void>(heard());
        }
    }
}

}  // namespace
}  // namespace redlock::testing
