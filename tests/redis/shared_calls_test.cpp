// Commands that share a call: which ones do, what is written for them, and how each gets its own
// answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "redis/wire/command_queue.hpp"
#include "redis/wire/resp_reader.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::redis::shared_call_cases {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const shared_call together{"$7\r\nEVALSHA\r\n$3\r\nall\r\n"};
const shared_call otherwise{"$4\r\nEVAL\r\n$3\r\nall\r\n"};

struct recorder : reply_sink {
    void on_reply(std::uint32_t tag, const reply_view& reply) override {
        told.push_back(std::to_string(tag) + ": " + shown(reply));
        if (then) {
            then();
        }
    }
    void on_refused_together(std::uint32_t tag, const reply_view& error) override {
        told.push_back(std::to_string(tag) + " refused: " + std::string{error.text()});
    }
    void on_timeout(std::uint32_t /*tag*/, bool /*maybe_sent*/) override {}
    void on_failure(std::uint32_t tag, error_code /*cause*/, bool maybe_sent) override {
        told.push_back(std::to_string(tag) + (maybe_sent ? " failed, sent" : " failed"));
    }
    static std::string shown(const reply_view& reply) {
        return reply.is_nil()       ? "nil"
               : reply.is_integer() ? std::to_string(reply.integer())
                                    : std::string{reply.text()};
    }
    std::vector<std::string> told;
    std::function<void()> then;
};

class shared_calls : public testing::Test {
  protected:
    /// A request about `key`: EVALSHA one 1 key argument.
    void ask(std::uint32_t tag, const std::string& key, const shared_call* call = &together,
             std::uint16_t slot = 0) {
        const std::string head = "*5\r\n$7\r\nEVALSHA\r\n$3\r\none\r\n$1\r\n1\r\n";
        const std::string keys = argument(key);
        const std::string bytes = head + keys + argument("to " + key);
        const auto at = static_cast<std::uint32_t>(head.size());
        ASSERT_TRUE(
            queue.push({.encoded = bytes,
                        .key = key,
                        .sink = sink,
                        .tag = tag,
                        .deadline = command_queue::time_point::max(),
                        .share = {.call = call,
                                  .keys_at = at,
                                  .keys_size = static_cast<std::uint32_t>(keys.size()),
                                  .arguments_at = at + static_cast<std::uint32_t>(keys.size()),
                                  .first_key = std::hash<std::string>{}(key),
                                  .slot = slot,
                                  .keys = 1,
                                  .arguments = 1,
                                  .kind = 'r'}}));
    }
    static std::string argument(const std::string& text) {
        return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
    /// What is written, one command after the other, its words with blanks between them.
    std::vector<std::string> write() {
        std::string batch;
        EXPECT_TRUE(queue.take_batch(batch));
        queue.batch_written();
        resp_reader reader;
        reader.feed(batch);
        std::vector<std::string> commands;
        while (reader.next() == resp_reader::status::reply) {
            std::string& words = commands.emplace_back();
            for (const reply_view word : reader.current()) {
                words += (words.empty() ? "" : " ") + std::string{word.text()};
            }
        }
        EXPECT_TRUE(reader.error().empty());
        return commands;
    }
    bool answer(std::string_view bytes) {
        resp_reader reader;
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), resp_reader::status::reply);
        error = recorder::shown(queue.error_in(reader.current()));
        return queue.on_reply(reader.current());
    }

    std::shared_ptr<recorder> sink = std::make_shared<recorder>();
    command_queue queue{{}};
    std::string error;  ///< In the latest answer.
};

TEST_F(shared_calls, carry_neighbours_with_their_keys_first) {
    ask(1, "a");
    ask(2, "b");
    EXPECT_THAT(write(), ElementsAre("EVALSHA all 2 a b r1,1 to a r1,1 to b"));
    EXPECT_EQ(queue.in_flight(), 2U);
    EXPECT_TRUE(answer("*2\r\n:1\r\n:2\r\n"));
    EXPECT_THAT(sink->told, ElementsAre("1: 1", "2: 2"));
    EXPECT_EQ(queue.in_flight(), 0U);
}

TEST_F(shared_calls, leave_one_alone_as_it_is) {
    ask(1, "a");
    EXPECT_THAT(write(), ElementsAre("EVALSHA one 1 a to a"));
    ask(2, "a");
    ASSERT_TRUE(queue.push({.encoded = "*1\r\n$4\r\nPING\r\n",
                            .sink = sink,
                            .tag = 3,
                            .deadline = command_queue::time_point::max()}));
    ask(4, "b");
    EXPECT_THAT(write(), ElementsAre("EVALSHA one 1 a to a", "PING", "EVALSHA one 1 b to b"));
    EXPECT_TRUE(answer(":1\r\n") && answer(":2\r\n") && answer("+PONG\r\n") && answer(":4\r\n"));
    EXPECT_THAT(sink->told, ElementsAre("1: 1", "2: 2", "3: PONG", "4: 4"));
}

// What one of them writes would not be what the other reads.
TEST_F(shared_calls, never_have_two_about_one_key) {
    ask(1, "a");
    ask(2, "b");
    ask(3, "a");
    ask(4, "c");
    EXPECT_THAT(write(), ElementsAre("EVALSHA all 2 a b r1,1 to a r1,1 to b",
                                     "EVALSHA all 2 a c r1,1 to a r1,1 to c"));
    EXPECT_TRUE(answer("*2\r\n:1\r\n:2\r\n") && answer("*2\r\n:3\r\n:4\r\n"));
    EXPECT_THAT(sink->told, ElementsAre("1: 1", "2: 2", "3: 3", "4: 4"));
}

TEST_F(shared_calls, never_have_two_of_different_slots_or_calls) {
    ask(1, "a", &together, 7);
    ask(2, "b", &together, 8);
    ask(3, "c", &together, 8);
    ask(4, "d", &otherwise, 8);
    EXPECT_THAT(write(),
                ElementsAre("EVALSHA one 1 a to a", "EVALSHA all 2 b c r1,1 to b r1,1 to c",
                            "EVALSHA one 1 d to d"));
}

TEST_F(shared_calls, are_bounded) {
    constexpr auto most = static_cast<std::uint32_t>(command_queue::most_in_a_call);
    for (std::uint32_t tag = 0; tag <= most; ++tag) {
        ask(tag, std::to_string(tag));
    }
    const auto commands = write();
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_TRUE(commands[0].starts_with("EVALSHA all 32 0 1 2"));
    EXPECT_EQ(commands[1], "EVALSHA one 1 32 to 32");
}

TEST_F(shared_calls, give_each_an_error_of_its_own) {
    ask(1, "a");
    ask(2, "b");
    ask(3, "c");
    write();
    EXPECT_TRUE(answer("*3\r\n:1\r\n-WRONGTYPE x\r\n:3\r\n"));
    EXPECT_THAT(sink->told, ElementsAre("1: 1", "2 refused: WRONGTYPE x", "3: 3"));
    EXPECT_EQ(error, "WRONGTYPE x");
}

TEST_F(shared_calls, tell_all_that_they_were_refused_together) {
    ask(1, "a");
    ask(2, "b");
    ask(3, "a");
    write();
    EXPECT_TRUE(answer("-NOPERM no\r\n"));
    EXPECT_EQ(error, "NOPERM no");
    EXPECT_TRUE(answer("-NOPERM no\r\n"));
    EXPECT_THAT(sink->told,
                ElementsAre("1 refused: NOPERM no", "2 refused: NOPERM no", "3: NOPERM no"));
}

TEST_F(shared_calls, believe_no_answer_of_another_shape) {
    for (const char* const odd : {"*3\r\n:1\r\n:2\r\n:3\r\n", ":1\r\n", "*0\r\n"}) {
        sink->told.clear();
        ask(1, "a");
        ask(2, "b");
        write();
        EXPECT_TRUE(answer(odd));
        EXPECT_THAT(sink->told, ElementsAre("1: nil", "2: nil")) << odd;
        EXPECT_EQ(queue.in_flight(), 0U);
    }
}

TEST_F(shared_calls, fail_as_single_commands_do) {
    ask(1, "a");
    ask(2, "b");
    write();
    sink->then = [this] { queue.fail_all(node_errc::connection_lost, node_errc::not_connected); };
    EXPECT_TRUE(answer("*2\r\n:1\r\n:2\r\n"));
    EXPECT_THAT(sink->told, ElementsAre("1: 1", "2 failed, sent"));
    EXPECT_EQ(queue.size(), 0U);
}

TEST_F(shared_calls, know_no_error_in_an_answer_that_nobody_shares) {
    ask(1, "a");
    write();
    EXPECT_TRUE(answer("*2\r\n-ERR x\r\n:2\r\n"));
    EXPECT_EQ(error, "nil");
}

}  // namespace
}  // namespace redlock::redis::shared_call_cases
