// Permits that nobody gets or sees: keys that never expire, and more of them than are listed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class stuck_permits : public three_nodes {
  protected:
    void on_each(const std::vector<std::string>& words) {
        for (auto& node : nodes) {
            node.command(words);
        }
    }
    const std::vector<std::string> quietly{"run", "-n",   "-E", "0",    "--permits",
                                           "2",   "pool", "--", "echo", "in"};
    static constexpr const char* first = "redlock:slot:{pool}:0";
    static constexpr const char* second = "redlock:slot:{pool}:1";
};

TEST_F(stuck_permits, are_told_of_even_where_contention_is_the_usual_case) {
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(run({"acquire", "--permits", "2", "pool", "--lease-time", "60s"}).status, 0);
    }
    const finished usual = run(quietly);
    EXPECT_EQ(usual.status, 0);
    EXPECT_THAT(usual.err, IsEmpty());
    on_each({"PERSIST", second});
    const finished told = run(quietly);
    EXPECT_EQ(told.status, 0);
    EXPECT_THAT(told.out, IsEmpty());
    EXPECT_EQ(told.err,
              "redlock: pool: others hold all permits; the key of slot 1 never expires or is no "
              "lock, so that no client gets that permit: delete it\n");
    on_each({"DEL", first});
    on_each({"RPUSH", first, "x"});
    const finished both = run({"acquire", "-n", "--permits", "2", "pool", "--json"});
    EXPECT_EQ(both.status, 75);
    EXPECT_THAT(both.err, HasSubstr("the key of slots 0, 1 never expires or is no lock"));
    EXPECT_THAT(both.out, HasSubstr("no client gets those permits: delete them"));
    EXPECT_THAT(both.out, HasSubstr("\"code\":\"contended\""));
}

TEST_F(stuck_permits, beyond_those_that_are_looked_for_are_told_of) {
    EXPECT_THAT(run({"list", "--json"}).out, HasSubstr("\"complete\":true"));
    on_each({"EVAL",
             "for i = 0, 10239 do redis.call('SET', 'redlock:slot:{p' .. math.floor(i / 1024) .. "
             "'}:' .. i % 1024, 'x') end return 1",
             "0"});
    const finished listed = run({"list", "--json", "p*"});
    EXPECT_EQ(listed.status, 0);
    EXPECT_THAT(listed.out, HasSubstr("\"complete\":false"));
    EXPECT_EQ(listed.err,
              "redlock: perhaps not all are listed: the search ends after 10000 permits; give a "
              "pattern\n");
    const finished some = run({"list", "--json", "p1"});
    EXPECT_THAT(some.err, IsEmpty());
    EXPECT_THAT(some.out, HasSubstr("\"complete\":true"));
}

TEST_F(stuck_permits, are_no_reason_to_leave_out_locks_without_a_word) {
    on_each({"EVAL", "for i = 1, 10001 do redis.call('SET', 'lock:' .. i, 'x') end return 1", "0"});
    const finished listed = run({"list", "--json", "lock:*"});
    EXPECT_THAT(listed.out, HasSubstr("\"complete\":false"));
    EXPECT_THAT(listed.err, HasSubstr("the search ends after 10000 locks"));
}

}  // namespace
}  // namespace redlock::cli_test
