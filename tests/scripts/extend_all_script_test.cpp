// EXTEND ALL on a real server: a lock of several names lives on as a whole, and is planted again as
// a whole or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripts/several_fixture.hpp"

namespace redlock::scripts {
namespace {

class extend_all_script : public several_fixture {
  protected:
    /// All names are held for a while, by this ballot.
    std::int64_t held(const std::string& record = {}) {
        const std::int64_t ballot = node.time_us();
        EXPECT_EQ(acquire({.ballot = ballot, .lease_ms = minute_ms, .record = record}), "TIME");
        return ballot;
    }
};

TEST_F(extend_all_script, resets_the_lease_under_each_name) {
    const std::int64_t ballot = held("record");
    node.server.command({"PEXPIRE", fence_key("b"), "60000"});
    EXPECT_EQ(extend({.last = ballot, .record = "record"}), "TIME");
    for (const std::string& each : names) {
        EXPECT_THAT(node.server.pttl(each), fresh(hour_ms)) << each;
        EXPECT_THAT(node.server.pttl(holder_key(each)), fresh(hour_ms)) << each;
        EXPECT_THAT(node.server.pttl(fence_key(each)), fresh(2 * hour_ms)) << each;
    }
}

TEST_F(extend_all_script, never_shortens_a_lease) {
    const std::int64_t ballot = held();
    EXPECT_EQ(extend({.last = ballot, .lease_ms = 1000}), "TIME");
    for (const std::string& each : names) {
        EXPECT_THAT(node.server.pttl(each), fresh(minute_ms)) << each;
    }
}

TEST_F(extend_all_script, raises_each_fence_and_keeps_its_mark) {
    const std::int64_t ballot = held();
    set_fence("a", ballot - 9, " ");
    set_fence("b", ballot + 9, " ");
    node.server.command({"DEL", fence_key("c")});
    EXPECT_EQ(extend({.last = ballot}), "TIME");
    EXPECT_EQ(fence("a"), std::to_string(ballot) + " ");
    EXPECT_EQ(fence("b"), std::to_string(ballot + 9) + " ");
    EXPECT_EQ(fence("c"), std::to_string(ballot));
}

TEST_F(extend_all_script, counts_nowhere_where_a_name_is_missing) {
    const std::int64_t ballot = held();
    for (const std::string& each : names) {
        node.server.command({"DEL", each});
        const std::string before = everything();
        EXPECT_EQ(extend({.last = ballot}), "-1\nTIME") << each;
        EXPECT_EQ(everything(), before) << each;
        put(each, "me");
    }
}

TEST_F(extend_all_script, counts_nowhere_where_somebody_else_has_a_name) {
    const std::int64_t ballot = held();
    for (const std::string& each : names) {
        put(each, "other");
        const std::string before = everything();
        EXPECT_EQ(extend({.last = ballot, .heals = true}), "0\nTIME") << each;
        EXPECT_EQ(everything(), before) << each;
        put(each, "me");
    }
}

TEST_F(extend_all_script, plants_what_is_missing_and_extends_the_rest) {
    const std::int64_t ballot = held("record");
    node.server.command({"DEL", "b", holder_key("b")});
    EXPECT_EQ(extend({.last = ballot, .heals = true, .record = "record"}), "2\nTIME");
    EXPECT_EQ(holders(), "me me me");
    for (const std::string& each : names) {
        EXPECT_THAT(node.server.pttl(each), fresh(hour_ms)) << each;
        EXPECT_EQ(node.server.get(holder_key(each)), "record") << each;
    }
}

TEST_F(extend_all_script, plants_all_on_a_node_that_has_nothing) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(extend({.last = ballot, .heals = true}), "2\nTIME");
    EXPECT_EQ(holders(), "me me me");
    for (const std::string& each : names) {
        EXPECT_EQ(fence(each), std::to_string(ballot));
        EXPECT_THAT(node.server.pttl(fence_key(each)), fresh(2 * hour_ms));
    }
}

TEST_F(extend_all_script, plants_nothing_where_a_missing_name_has_a_fence_above) {
    const std::int64_t ballot = held();
    node.server.command({"DEL", "a", "c"});
    set_fence("c", ballot + 1);
    const std::string before = everything();
    EXPECT_EQ(extend({.last = ballot, .heals = true}), "-1\nTIME");
    EXPECT_EQ(everything(), before);
    set_fence("c", ballot);
    EXPECT_EQ(extend({.last = ballot, .heals = true}), "2\nTIME");
}

TEST_F(extend_all_script, does_not_mind_the_fence_of_a_name_that_it_has) {
    const std::int64_t ballot = held();
    node.server.command({"DEL", "a"});
    set_fence("b", ballot + 1);
    EXPECT_EQ(extend({.last = ballot, .heals = true}), "2\nTIME");
    EXPECT_EQ(fence("b"), std::to_string(ballot + 1));
}

TEST_F(extend_all_script, writes_no_fence_without_fencing) {
    EXPECT_EQ(acquire({.fenced = false}), "TIME");
    EXPECT_EQ(extend({}), "TIME");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "3");
}

TEST_F(extend_all_script, extends_where_memory_is_full) {
    const std::int64_t ballot = held();
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_EQ(extend({.last = ballot}), "TIME");
    EXPECT_THAT(node.server.pttl("c"), fresh(hour_ms));
}

}  // namespace
}  // namespace redlock::scripts
