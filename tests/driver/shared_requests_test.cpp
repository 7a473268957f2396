// Acquisitions of two locks that leave in one write: one call for both, and what becomes of it when
// the server refuses it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "driver/attempt_world.hpp"

namespace redlock::driver {
namespace {

using core::acquire_outcome;
using testing::ElementsAre;

const std::string granted = ":1700000000000000\r\n";

class shared_requests : public testing::Test {
  protected:
    shared_requests() { world.connect_to({node->url()}); }
    void start(const std::vector<lock_mode>& modes = {lock_mode::exclusive, lock_mode::exclusive}) {
        for (const lock_mode mode : modes) {
            lock_identity who = world.identity("job:" + std::to_string(attempts.size()));
            who.asked_as = mode;
            attempts.push_back(std::make_shared<acquire_attempt>(*world.pool, std::move(who),
                                                                 attempt_world::lease));
        }
        for (const auto& each : attempts) {
            each->start(owner);
        }
        ASSERT_TRUE(world.run_until([&] { return std::cmp_equal(owner.decided, modes.size()); }));
    }
    [[nodiscard]] acquire_outcome outcome(std::size_t of) const {
        return attempts[of]->round().outcome();
    }
    [[nodiscard]] static redis::fake_server::answer says(std::string bytes) {
        return {.bytes = std::move(bytes)};
    }

    attempt_world world{{}};
    std::unique_ptr<scripted_node> node = std::make_unique<scripted_node>(world.io, "a");
    noting_owner owner;
    std::vector<std::shared_ptr<acquire_attempt>> attempts;
};

TEST_F(shared_requests, are_decided_each_for_itself) {
    node->on_script = [](const std::string& script) {
        return says(script == "batch" ? "*2\r\n" + granted + "*3\r\n:0\r\n:50000\r\n$1\r\nx\r\n"
                                      : ":1\r\n");
    };
    start();
    EXPECT_THAT(node->calls(), ElementsAre("batch"));
    EXPECT_EQ(outcome(0), acquire_outcome::held);
    EXPECT_EQ(outcome(1), acquire_outcome::contended);
}

TEST_F(shared_requests, are_sent_again_by_their_body_together) {
    node->on_script = [](const std::string& script) {
        return says(script == "batch"    ? "-NOSCRIPT No matching script. Please use EVAL.\r\n"
                    : script == "batch!" ? "*2\r\n" + granted + granted
                                         : "-ERR alone\r\n");
    };
    start();
    EXPECT_THAT(node->calls(), ElementsAre("batch", "batch!"));
    EXPECT_EQ(outcome(0), acquire_outcome::held);
    EXPECT_EQ(outcome(1), acquire_outcome::held);
}

TEST_F(shared_requests, of_readers_share_calls_of_their_own) {
    node->on_script = [](const std::string& script) {
        return says(script == "batch_shared" ? "-NOSCRIPT No matching script.\r\n"
                    : script == "batch_shared!"
                        ? "*2\r\n" + granted + "*3\r\n:0\r\n:50000\r\n$1\r\nx\r\n"
                    : script == "batch" ? "*2\r\n" + granted + granted
                                        : ":1\r\n");
    };
    start({lock_mode::exclusive, lock_mode::exclusive, lock_mode::shared, lock_mode::shared});
    EXPECT_THAT(node->calls(), ElementsAre("batch", "batch_shared", "batch_shared!"));
    EXPECT_EQ(outcome(0), acquire_outcome::held);
    EXPECT_EQ(outcome(2), acquire_outcome::held);
    EXPECT_EQ(outcome(3), acquire_outcome::contended);
}

TEST_F(shared_requests, of_readers_share_no_calls_with_those_of_writers) {
    node->on_script = [](const std::string& script) {
        return says(script.starts_with("acquire") ? granted : ":1\r\n");
    };
    start({lock_mode::exclusive, lock_mode::shared});
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "acquire_shared"));
    EXPECT_EQ(outcome(1), acquire_outcome::held);
}

TEST_F(shared_requests, that_the_user_may_not_make_together_are_made_alone) {
    std::size_t asked = 0;
    node->on_script = [&](const std::string& script) {
        return says(script == "batch" || ++asked == 2
                        ? "-NOPERM this user has no permissions to access one of the keys used as "
                          "arguments\r\n"
                    : script == "acquire" ? granted
                                          : ":1\r\n");
    };
    start();
    EXPECT_THAT(node->calls(), ElementsAre("batch", "acquire", "acquire"));
    EXPECT_EQ(outcome(0), acquire_outcome::held);
    EXPECT_EQ(outcome(1), acquire_outcome::unavailable);
}

TEST_F(shared_requests, end_where_neither_the_call_nor_the_body_may_be_sent) {
    node->on_script = [](const std::string& script) {
        return says(script.ends_with("!")
                        ? "-NOPERM User app has no permissions to run the 'eval' command\r\n"
                    : script == "release" ? ":1\r\n"
                                          : "-NOSCRIPT No matching script.\r\n");
    };
    start();
    // Together by digest and by body, then each alone in the same way, and no more.
    EXPECT_THAT(node->calls(),
                ElementsAre("batch", "batch!", "acquire", "acquire", "acquire!", "acquire!"));
    EXPECT_EQ(outcome(0), acquire_outcome::unavailable);
    EXPECT_EQ(outcome(1), acquire_outcome::unavailable);
}

TEST_F(shared_requests, go_alone_from_then_on_where_keys_may_not_lie_together) {
    node->on_script = [](const std::string& script) {
        return says(script == "batch" ? "-CROSSSLOT Keys in request don't hash to the same slot\r\n"
                                      : granted);
    };
    start();
    EXPECT_THAT(node->calls(), ElementsAre("batch", "acquire", "acquire"));
    EXPECT_EQ(outcome(0), acquire_outcome::held);
    owner.decided = 0;
    attempts.clear();
    node->server.received.clear();
    start();
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "acquire"));
    EXPECT_EQ(outcome(1), acquire_outcome::held);
}

TEST_F(shared_requests, ask_alone_for_an_error_that_tells_its_line) {
    node->on_script = [](const std::string& script) {
        return says(script == "batch" ? "*2\r\n" + granted + "-WRONGTYPE x\r\n"
                                      : "-WRONGTYPE y\r\n");
    };
    start();
    EXPECT_THAT(node->calls(), ElementsAre("batch", "acquire"));
    EXPECT_EQ(outcome(0), acquire_outcome::held);
    EXPECT_EQ(outcome(1), acquire_outcome::unavailable);
}

TEST_F(shared_requests, are_refused_each_where_the_server_serves_nobody) {
    node->on_script = [](const std::string& /*script*/) {
        return says("-BUSY Redis is busy running a script.\r\n");
    };
    start();
    EXPECT_EQ(node->calls().front(), "batch");
    EXPECT_EQ(outcome(0), acquire_outcome::unavailable);
    EXPECT_EQ(outcome(1), acquire_outcome::unavailable);
}

}  // namespace
}  // namespace redlock::driver
