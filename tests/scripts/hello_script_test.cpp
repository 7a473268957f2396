// HELLO and VOUCH on a real server: who may have forgotten locks, and for how long that matters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "scripts/script_node.hpp"

namespace redlock::scripts {
namespace {

using testing::AllOf;
using testing::Gt;
using testing::HasSubstr;
using testing::Le;

class hello_script : public testing::Test {
  protected:
    /// What remains, in ms.
    std::int64_t remains(const script_node::hello_call& with) {
        std::istringstream answer{node.hello(with)};
        std::int64_t left = -1;
        answer >> left >> configuration;
        return left;
    }
    [[nodiscard]] std::int64_t birth() const {
        return std::stoll(node.server.command({"HGET", node.epoch, "birth"}));
    }

    script_node node;
    std::string configuration;
};

TEST_F(hello_script, puts_a_node_without_a_past_into_quarantine) {
    const auto before = node.time_us();
    EXPECT_THAT(remains({}), AllOf(Gt(hour_ms - 60'000), Le(hour_ms)));
    EXPECT_THAT(birth(), AllOf(testing::Ge(before), Le(node.time_us())));
    EXPECT_EQ(configuration, "nodes=3");
}

TEST_F(hello_script, counts_the_time_that_it_surely_remembers) {
    EXPECT_THAT(remains({.remembers_s = 3000}), AllOf(Gt(540'000), Le(600'000)));
    script_node other;
    EXPECT_EQ(other.hello({.remembers_s = 3600}), "0\nnodes=3");
    script_node old;
    EXPECT_EQ(old.hello({.remembers_s = 100'000}), "0\nnodes=3");
}

TEST_F(hello_script, gives_everybody_the_same_birth) {
    remains({});
    const auto first = birth();
    // Who comes later may believe to know better.
    EXPECT_GT(remains({.remembers_s = 100'000}), 0);
    EXPECT_EQ(birth(), first);
}

TEST_F(hello_script, begins_anew_with_each_identity) {
    EXPECT_EQ(remains({.remembers_s = 100'000}), 0);
    EXPECT_GT(remains({.identity = "another:repl"}), 0);
    EXPECT_GT(remains({.remembers_s = 0}), 0) << "also when the first comes back";
}

TEST_F(hello_script, reckons_by_each_clients_own_quarantine) {
    remains({});
    EXPECT_EQ(remains({.quarantine_ms = 0}), 0);
    EXPECT_GT(remains({.quarantine_ms = 1000}), 0);
}

TEST_F(hello_script, keeps_the_first_clients_configuration) {
    remains({.configuration = "nodes=3"});
    remains({.configuration = "nodes=5"});
    EXPECT_EQ(configuration, "nodes=3");
    // A restart that kept the data kept the clients too.
    remains({.identity = "another:repl", .configuration = "nodes=5"});
    EXPECT_EQ(configuration, "nodes=3");
}

TEST_F(hello_script, keeps_nothing_for_other_settings_and_so_tells_them_where_memory_is_full) {
    remains({.configuration = "nodes=3"});
    const std::string kept = node.server.command({"HGETALL", node.epoch});
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_GT(remains({.identity = "another:repl", .configuration = "nodes=5"}), 0);
    EXPECT_EQ(configuration, "nodes=3");
    EXPECT_EQ(node.server.command({"HGETALL", node.epoch}), kept);
    EXPECT_THAT(node.hello({.identity = "another:repl"}), testing::StartsWith("(error) OOM"));
}

TEST_F(hello_script, does_not_believe_a_birth_in_the_future_or_none_at_all) {
    remains({.remembers_s = 100'000});
    for (const std::string wrong : {"99999999999999999", "soon", ""}) {
        node.server.command({"HSET", node.epoch, "birth", wrong});
        EXPECT_THAT(remains({}), AllOf(Gt(0), Le(hour_ms))) << wrong;
        EXPECT_LE(birth(), node.time_us());
    }
    node.server.command({"HDEL", node.epoch, "birth"});
    EXPECT_GT(remains({}), 0);
}

TEST_F(hello_script, writes_nothing_the_second_time) {
    remains({});
    node.forget_calls();
    remains({});
    EXPECT_FALSE(node.calls().contains("hset"));
}

TEST_F(hello_script, writes_nothing_for_who_only_reads) {
    const auto reads = [&](script_node::hello_call with) {
        with.records = false;
        return remains(with);
    };
    EXPECT_THAT(reads({}), AllOf(Gt(hour_ms - 60'000), Le(hour_ms)));
    EXPECT_EQ(configuration, "") << "nobody's yet";
    EXPECT_EQ(reads({.remembers_s = 100'000}), 0);
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
    EXPECT_FALSE(node.calls().contains("hset"));
    remains({});
    const auto first = birth();
    EXPECT_GT(reads({.remembers_s = 100'000, .configuration = "nodes=5"}), 0) << "what was left";
    EXPECT_EQ(configuration, "nodes=3");
    EXPECT_EQ(reads({.identity = "restarted:repl", .remembers_s = 100'000}), 0);
    EXPECT_EQ(birth(), first) << "of the server before";
}

TEST_F(hello_script, compares_settings_alone_where_the_identity_is_not_known) {
    EXPECT_EQ(remains({.identity = "", .configuration = "nodes=1"}), 0);
    EXPECT_EQ(remains({.identity = "", .configuration = "nodes=3"}), 0);
    EXPECT_EQ(configuration, "nodes=1");
    EXPECT_EQ(node.server.command({"HKEYS", node.epoch}), "configuration");
    EXPECT_EQ(node.vouch(), "0");
    remains({.identity = "", .configuration = "nodes=3"});
    EXPECT_EQ(configuration, "nodes=3") << "a word makes it forget the others nevertheless";
}

TEST_F(hello_script, fails_where_the_key_is_something_else) {
    node.server.command({"SET", node.epoch, "x"});
    EXPECT_THAT(node.hello({}), HasSubstr("WRONGTYPE"));
}

TEST_F(hello_script, leaves_the_epoch_without_an_end) {
    remains({});
    EXPECT_EQ(node.server.pttl(node.epoch), -1);
}

TEST_F(hello_script, is_overruled_by_a_word_for_this_identity_only) {
    EXPECT_GT(remains({}), 0);
    EXPECT_EQ(node.vouch(), "1");
    EXPECT_EQ(remains({.configuration = "nodes=7"}), 0);
    EXPECT_EQ(configuration, "nodes=7") << "others are vouched to be gone";
    EXPECT_GT(remains({.identity = "restarted:repl"}), 0);
}

TEST_F(hello_script, must_come_before_a_word) {
    EXPECT_EQ(node.vouch(), "0");
    EXPECT_EQ(node.server.command({"EXISTS", node.epoch}), "0");
}

}  // namespace
}  // namespace redlock::scripts
