// Coalescing, matching, expiry and failure, without any network; then the same against a naive
// twin.
#include "redis/wire/command_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace redlock::redis::command_queue_cases {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using time_point = command_queue::time_point;

time_point at(int seconds) {
    return time_point{std::chrono::seconds{seconds}};
}

// Writes down what it is told, and can do something on top of it.
struct recorder : reply_sink {
    void on_reply(std::uint32_t tag, const reply_view&) override {
        note("reply " + std::to_string(tag));
    }
    void on_timeout(std::uint32_t tag, bool maybe_sent) override {
        note("timeout " + std::to_string(tag) + (maybe_sent ? " sent" : ""));
    }
    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) override {
        causes.push_back(cause);
        note("failure " + std::to_string(tag) + (maybe_sent ? " sent" : ""));
    }
    void note(std::string what) {
        told.push_back(std::move(what));
        if (then) {
            then();
        }
    }
    std::vector<std::string> taken() { return std::exchange(told, {}); }

    std::vector<std::string> told;
    std::vector<error_code> causes;
    std::function<void()> then;
};

struct command_queue_test : testing::Test {
    bool push(std::string_view bytes, std::uint32_t tag, time_point deadline = at(100),
              delivery how = delivery::usual) {
        return queue.push(
            {.encoded = bytes, .sink = sink, .tag = tag, .deadline = deadline, .how = how});
    }
    // What would be written now; "" for nothing.
    std::string take() { return queue.take_batch(batch) ? batch : std::string{}; }
    std::string write() {
        std::string bytes = take();
        if (!bytes.empty()) {
            queue.batch_written();
        }
        return bytes;
    }
    bool reply() { return queue.on_reply(reply_view{}); }

    std::shared_ptr<recorder> sink = std::make_shared<recorder>();
    command_queue queue{{.commands = 8, .bytes = 32}};
    std::string batch;
};

TEST_F(command_queue_test, writes_together_what_was_asked_together) {
    EXPECT_TRUE(push("a", 1));
    EXPECT_TRUE(push("b", 2));
    EXPECT_EQ(take(), "ab");
    EXPECT_EQ(queue.in_flight(), 2U);
}

TEST_F(command_queue_test, gathers_during_a_write_for_the_next) {
    ASSERT_TRUE(push("a", 1));
    EXPECT_EQ(take(), "a");
    ASSERT_TRUE(push("b", 2));
    ASSERT_TRUE(push("c", 3));
    EXPECT_EQ(take(), "");
    EXPECT_EQ(queue.in_flight(), 1U);
    queue.batch_written();
    EXPECT_EQ(take(), "bc");
    EXPECT_EQ(queue.in_flight(), 3U);
}

TEST_F(command_queue_test, has_nothing_to_write_when_nothing_waits) {
    EXPECT_EQ(take(), "");
    EXPECT_FALSE(queue.writing());
}

TEST_F(command_queue_test, gives_replies_in_order) {
    for (std::uint32_t tag = 1; tag <= 3; ++tag) {
        ASSERT_TRUE(push("x", tag));
    }
    write();
    EXPECT_TRUE(reply() && reply() && reply());
    EXPECT_THAT(sink->told, ElementsAre("reply 1", "reply 2", "reply 3"));
    EXPECT_EQ(queue.size(), 0U);
}

TEST_F(command_queue_test, knows_a_reply_to_nothing) {
    EXPECT_FALSE(reply());
    ASSERT_TRUE(push("x", 1));
    EXPECT_FALSE(reply()) << "not handed over yet";
    write();
    EXPECT_TRUE(reply());
    EXPECT_FALSE(reply());
}

TEST_F(command_queue_test, takes_a_reply_while_its_batch_is_still_being_written) {
    ASSERT_TRUE(push("x", 1));
    take();
    EXPECT_TRUE(reply());
}

TEST_F(command_queue_test, refuses_too_many_commands) {
    for (std::uint32_t tag = 0; tag < 8; ++tag) {
        EXPECT_TRUE(push("x", tag));
    }
    EXPECT_FALSE(push("x", 8));
    write();
    EXPECT_FALSE(push("x", 8)) << "in flight counts as well";
    ASSERT_TRUE(reply());
    EXPECT_TRUE(push("x", 8));
    EXPECT_EQ(queue.size(), 8U);
}

TEST_F(command_queue_test, refuses_too_many_bytes) {
    EXPECT_FALSE(push(std::string(33, 'x'), 0));
    EXPECT_TRUE(push(std::string(20, 'x'), 1));
    EXPECT_FALSE(push(std::string(13, 'x'), 2));
    EXPECT_TRUE(push(std::string(12, 'x'), 3));
    take();
    EXPECT_FALSE(push("x", 4)) << "a batch on its way counts";
    queue.batch_written();
    EXPECT_TRUE(push("x", 4));
}

TEST_F(command_queue_test, withdraws_what_expires_unsent) {
    ASSERT_TRUE(push("aa", 1, at(5)));
    ASSERT_TRUE(push("b", 2, at(9)));
    ASSERT_TRUE(push("cccc", 3, at(5)));
    ASSERT_TRUE(push("d", 4, at(9)));
    queue.expire(at(4));
    EXPECT_THAT(sink->told, IsEmpty());
    queue.expire(at(5));
    EXPECT_THAT(sink->taken(), ElementsAre("timeout 1", "timeout 3"));
    EXPECT_EQ(write(), "bd");
    EXPECT_TRUE(reply() && reply());
    EXPECT_FALSE(reply());
    EXPECT_THAT(sink->told, ElementsAre("reply 2", "reply 4"));
}

TEST_F(command_queue_test, keeps_the_place_of_what_expires_sent) {
    ASSERT_TRUE(push("a", 1, at(5)));
    ASSERT_TRUE(push("b", 2, at(9)));
    write();
    queue.expire(at(5));
    EXPECT_THAT(sink->taken(), ElementsAre("timeout 1 sent"));
    queue.expire(at(6));
    EXPECT_THAT(sink->told, IsEmpty()) << "told twice";
    EXPECT_TRUE(reply() && reply());
    EXPECT_THAT(sink->told, ElementsAre("reply 1", "reply 2"));
}

TEST_F(command_queue_test, keeps_the_place_of_what_must_follow_when_it_expires_unsent) {
    ASSERT_TRUE(push("a", 1, at(5)));
    ASSERT_TRUE(push("b", 2, at(5), delivery::must_follow));
    ASSERT_TRUE(push("c", 3, at(9)));
    queue.expire(at(5));
    EXPECT_THAT(sink->taken(), ElementsAre("timeout 1", "timeout 2 sent"));
    queue.expire(at(6));
    EXPECT_THAT(sink->told, IsEmpty()) << "told twice";
    EXPECT_EQ(write(), "bc");
    EXPECT_TRUE(reply() && reply());
    EXPECT_THAT(sink->taken(), ElementsAre("reply 2", "reply 3"));
    ASSERT_TRUE(push("d", 4, at(9), delivery::must_follow));
    queue.expire(at(9));
    queue.fail_all(node_errc::connection_lost, node_errc::not_connected);
    EXPECT_THAT(sink->told, ElementsAre("timeout 4 sent", "failure 4"));
}

TEST_F(command_queue_test, tells_the_sent_from_the_unsent_when_both_expire) {
    ASSERT_TRUE(push("a", 1, at(5)));
    take();
    ASSERT_TRUE(push("b", 2, at(5)));
    queue.expire(at(5));
    EXPECT_THAT(sink->taken(), ElementsAre("timeout 1 sent", "timeout 2"));
    queue.batch_written();
    EXPECT_EQ(take(), "");
    EXPECT_TRUE(reply());
    EXPECT_EQ(queue.size(), 0U);
}

TEST_F(command_queue_test, fails_everything_with_the_right_cause) {
    ASSERT_TRUE(push("a", 1));
    take();
    ASSERT_TRUE(push("b", 2));
    queue.fail_all(node_errc::connection_lost, node_errc::not_connected);
    EXPECT_THAT(sink->told, ElementsAre("failure 1 sent", "failure 2"));
    EXPECT_EQ(sink->causes[0], node_errc::connection_lost);
    EXPECT_EQ(sink->causes[1], node_errc::not_connected);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.in_flight(), 0U);
    EXPECT_FALSE(queue.writing());
    EXPECT_EQ(take(), "");
    EXPECT_FALSE(reply());
}

TEST_F(command_queue_test, fails_a_sent_command_after_its_timeout) {
    ASSERT_TRUE(push("a", 1, at(5)));
    write();
    queue.expire(at(5));
    queue.fail_all(node_errc::connection_lost, node_errc::not_connected);
    EXPECT_THAT(sink->told, ElementsAre("timeout 1 sent", "failure 1 sent"));
}

TEST_F(command_queue_test, says_when_the_next_deadline_is) {
    EXPECT_EQ(queue.next_deadline(), std::nullopt);
    ASSERT_TRUE(push("a", 1, at(7)));
    ASSERT_TRUE(push("b", 2, at(5)));
    ASSERT_TRUE(push("c", 3, at(9)));
    EXPECT_EQ(queue.next_deadline(), at(5));
    queue.expire(at(6));
    EXPECT_EQ(queue.next_deadline(), at(7));
    write();
    ASSERT_TRUE(reply() && reply());
    EXPECT_EQ(queue.next_deadline(), std::nullopt) << "nothing is left";
}

TEST_F(command_queue_test, has_no_deadline_left_when_all_were_told) {
    ASSERT_TRUE(push("a", 1, at(5)));
    write();
    queue.expire(at(5));
    EXPECT_EQ(queue.next_deadline(), std::nullopt);
    EXPECT_EQ(queue.in_flight(), 1U);
}

TEST_F(command_queue_test, lets_a_sink_ask_again_from_a_reply) {
    sink->then = [&] {
        if (sink->told.size() < 20) {
            ASSERT_TRUE(push("n", 7));
        }
    };
    ASSERT_TRUE(push("a", 1));
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(write(), i == 0 ? "a" : "n");
        ASSERT_TRUE(reply());
    }
    EXPECT_EQ(queue.size(), 0U);
}

TEST_F(command_queue_test, lets_a_sink_ask_again_from_a_timeout) {
    ASSERT_TRUE(push("a", 1, at(5)));
    write();
    ASSERT_TRUE(push("b", 2, at(5)));
    ASSERT_TRUE(push("c", 3, at(9)));
    sink->then = [&] {
        if (sink->told.size() <= 2) {
            EXPECT_TRUE(push("N", 10, at(4)));  // Due already; still told only once, and not again.
        }
    };
    queue.expire(at(5));
    EXPECT_THAT(sink->told, ElementsAre("timeout 1 sent", "timeout 2", "timeout 10", "timeout 10"));
    EXPECT_EQ(write(), "c");
}

TEST_F(command_queue_test, does_not_hand_over_while_it_expires) {
    ASSERT_TRUE(push("a", 1, at(5)));
    ASSERT_TRUE(push("b", 2, at(9)));
    sink->then = [&] { EXPECT_EQ(take(), ""); };
    queue.expire(at(5));
    EXPECT_EQ(take(), "b");
}

TEST_F(command_queue_test, lets_a_sink_empty_it_from_a_timeout) {
    ASSERT_TRUE(push("a", 1, at(5)));
    ASSERT_TRUE(push("b", 2, at(5)));
    sink->then = [&] {
        sink->then = nullptr;
        queue.fail_all(errc::closed, errc::closed);
        EXPECT_TRUE(push("later", 3, at(5)));
        EXPECT_TRUE(push("still", 4, at(5)));
    };
    queue.expire(at(5));
    EXPECT_THAT(sink->told, ElementsAre("timeout 1", "failure 2"));
    EXPECT_EQ(write(), "laterstill");
    EXPECT_EQ(queue.next_deadline(), at(5));
}

TEST_F(command_queue_test, lets_a_sink_ask_again_from_a_failure) {
    ASSERT_TRUE(push("a", 1));
    ASSERT_TRUE(push("b", 2));
    sink->then = [&] { EXPECT_TRUE(push("n", 9)); };
    queue.fail_all(errc::closed, errc::closed);
    EXPECT_THAT(sink->told, ElementsAre("failure 1", "failure 2"));
    sink->then = nullptr;
    EXPECT_EQ(write(), "nn");
}

TEST_F(command_queue_test, lets_go_of_a_sink_with_its_last_command) {
    const std::weak_ptr<recorder> watched = sink;
    ASSERT_TRUE(push("a", 1));
    ASSERT_TRUE(push("b", 2, at(5)));
    sink.reset();
    EXPECT_FALSE(watched.expired());
    queue.expire(at(5));
    write();
    EXPECT_FALSE(watched.expired());
    ASSERT_TRUE(reply());
    EXPECT_TRUE(watched.expired());
}

// --- against a naive twin ---

struct twin {
    struct command {
        std::uint32_t tag;
        std::string bytes;
        time_point deadline;
        bool sent = false;
        bool told = false;
    };

    void push(std::uint32_t tag, std::string bytes, time_point deadline) {
        all.push_back({tag, std::move(bytes), deadline});
    }
    std::string take() {
        std::string bytes;
        for (command& each : all) {
            bytes += each.sent ? "" : each.bytes;
            each.sent = true;
        }
        return bytes;
    }
    bool reply() {
        if (all.empty() || !all.front().sent) {
            return false;
        }
        told.push_back("reply " + std::to_string(all.front().tag));
        all.pop_front();
        return true;
    }
    void expire(time_point now) {
        for (command& each : all) {
            if (!each.told && each.deadline <= now) {
                each.told = true;
                told.push_back("timeout " + std::to_string(each.tag) + (each.sent ? " sent" : ""));
            }
        }
        std::erase_if(all, [](const command& each) { return each.told && !each.sent; });
    }
    void fail() {
        for (const command& each : all) {
            told.push_back("failure " + std::to_string(each.tag) + (each.sent ? " sent" : ""));
        }
        all.clear();
    }

    std::deque<command> all;
    std::vector<std::string> told;
};

RC_GTEST_PROP(command_queue_property, behaves_like_a_naive_list, ()) {
    command_queue queue{{.commands = 100000, .bytes = 1000000}};
    twin naive;
    const auto sink = std::make_shared<recorder>();
    std::string batch;
    int now = 0;
    const int steps = *rc::gen::inRange(1, 300);
    for (int step = 0; step < steps; ++step) {
        switch (*rc::gen::inRange(0, 8)) {
            case 0:
            case 1:
            case 2: {
                const auto tag = static_cast<std::uint32_t>(step);
                const std::string bytes(*rc::gen::inRange<std::size_t>(1, 9),
                                        static_cast<char>('a' + step % 26));
                const time_point deadline = at(now + *rc::gen::inRange(0, 20));
                RC_ASSERT(
                    queue.push({.encoded = bytes, .sink = sink, .tag = tag, .deadline = deadline}));
                naive.push(tag, bytes, deadline);
                break;
            }
            case 3:
                if (!queue.writing()) {
                    const std::string expected = naive.take();
                    RC_ASSERT(queue.take_batch(batch) == !expected.empty());
                    RC_ASSERT(expected.empty() || batch == expected);
                } else {
                    RC_ASSERT(!queue.take_batch(batch));
                }
                break;
            case 4:
                queue.batch_written();
                break;
            case 5:
                RC_ASSERT(queue.on_reply(reply_view{}) == naive.reply());
                break;
            case 6:
                now += *rc::gen::inRange(0, 6);
                queue.expire(at(now));
                naive.expire(at(now));
                break;
            default:
                if (*rc::gen::inRange(0, 20) == 0) {
                    queue.fail_all(errc::closed, errc::closed);
                    naive.fail();
                }
                break;
        }
        RC_ASSERT(sink->told == naive.told);
        RC_ASSERT(queue.size() == naive.all.size());
        for (const auto& each : naive.all) {
            if (!each.told) {
                RC_ASSERT(queue.next_deadline().value() <= each.deadline);
            }
        }
    }
}

}  // namespace
}  // namespace redlock::redis::command_queue_cases
