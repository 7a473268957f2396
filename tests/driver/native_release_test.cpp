// Releases by a command of the server's own, where it has one, and what becomes of them where it
// does not let us.
#include "driver/native_release.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "driver/attempt_world.hpp"

namespace redlock::driver {
namespace {

using core::release_outcome;
using testing::ElementsAre;
using words = redis::fake_server::words;

const std::string valkey = "redis_version:7.2.4\r\nvalkey_version:9.0.1\r\n";
const std::string redis_84 = "redis_version:8.4.0\r\n";

class native_release_test : public testing::Test {
  protected:
    native_release_test() { world.connect_to({node->url()}); }
    void refuse(std::string answer) {
        node->on_script = [answer = std::move(answer)](const std::string& script) {
            return redis::fake_server::answer{.bytes = script == "acquire" ? ":1700000000000000\r\n"
                                                       : script == "DELIFEQ" ? answer
                                                                             : ":1\r\n"};
        };
    }
    /// Of a lock that was acquired just now.
    release_outcome release(const std::string& version) {
        node->version = version;
        const auto held = world.acquire(world.identity());
        token = held->identity().token.str();
        const release_outcome outcome = world.release(*held);
        EXPECT_TRUE(world.run_until_settled());
        return outcome;
    }

    attempt_world world{{}};
    std::unique_ptr<scripted_node> node = std::make_unique<scripted_node>(world.io, "a");
    std::string token;
};

TEST_F(native_release_test, is_delifeq_on_valkey) {
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELIFEQ"));
    EXPECT_EQ(node->last("DELIFEQ"), (words{"DELIFEQ", "job", token}));
}

TEST_F(native_release_test, is_delex_on_redis) {
    EXPECT_EQ(release(redis_84), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELEX"));
    EXPECT_EQ(node->last("DELEX"), (words{"DELEX", "job", "IFEQ", token}));
}

TEST_F(native_release_test, tells_that_the_lock_was_gone) {
    node->on_script = [](const std::string& script) {
        return redis::fake_server::answer{.bytes = script == "acquire" ? ":1700000000000000\r\n"
                                                                       : ":0\r\n"};
    };
    EXPECT_EQ(release(valkey), release_outcome::gone);
}

TEST_F(native_release_test, is_a_script_where_the_user_may_not) {
    refuse("-NOPERM User app has no permissions to run the 'delifeq' command\r\n");
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELIFEQ", "release"));
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELIFEQ", "release", "acquire", "release"));
}

TEST_F(native_release_test, is_tried_again_on_the_next_connection) {
    refuse("-ERR unknown command 'DELIFEQ', with args beginning with: 'job'\r\n");
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_EQ(node->calls().back(), "release");
    node->server.hang_up();
    refuse(":1\r\n");
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_EQ(node->calls().back(), "DELIFEQ");
}

// Each knows what it was itself sent as: the first refusal does not make the others final.
TEST_F(native_release_test, in_flight_behind_a_refused_one_is_a_script_too) {
    refuse({});  // not answered yet
    node->version = valkey;
    const std::array held{world.acquire(world.identity("job")),
                          world.acquire(world.identity("task"))};
    std::array<std::shared_ptr<noting_release_owner>, 2> owners;
    for (std::size_t i = 0; i < held.size(); ++i) {
        owners[i] = std::make_shared<noting_release_owner>();
        const auto& round = held[i]->round();
        std::make_shared<release_attempt>(
            *world.pool, held[i]->identity(),
            core::release_targets{round.granted(), round.doubtful(), round.pending()},
            attempt_world::lease)
            ->start(owners[i]);
        ASSERT_TRUE(world.run_until([&] { return node->calls().size() == 3 + i; }));
        ASSERT_EQ(node->calls().back(), "DELIFEQ");
    }
    for (std::size_t i = 0; i < held.size(); ++i) {
        node->server.answer_late("-ERR unknown command 'DELIFEQ'\r\n");
    }
    EXPECT_TRUE(world.run_until_settled());
    EXPECT_EQ(owners[0]->outcome, release_outcome::released);
    EXPECT_EQ(owners[1]->outcome, release_outcome::released);
}

TEST_F(native_release_test, shares_a_call_as_a_request) {
    const native_release how{redis::conditional_delete::delex, "job", "me"};
    const redis::command it = how.command();
    EXPECT_EQ(it.encoded, "*4\r\n$5\r\nDELEX\r\n$3\r\njob\r\n$4\r\nIFEQ\r\n$2\r\nme\r\n");
    EXPECT_EQ(it.encoded.substr(it.share.keys_at, it.share.keys_size), "$3\r\njob\r\n");
    EXPECT_EQ(it.encoded.substr(it.share.arguments_at), "$2\r\nme\r\n");
    EXPECT_EQ(it.share.kind, 'r');
    EXPECT_NE(it.share.call, nullptr);
}

}  // namespace
}  // namespace redlock::driver
