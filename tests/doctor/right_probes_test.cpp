// The probes of what a user may do, and what each tells.
#include "doctor/right_probes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "driver/acl_advice.hpp"
#include "scripts/scripts.hpp"

namespace redlock::doctor {
namespace {

using testing::IsSupersetOf;

TEST(right_probe, keeps_to_the_prefix) {
    const driver::key_names team{"team:"};
    for (const right_probe& each :
         right_probes({.keys = team, .unused = "unused", .resource = {}})) {
        for (const std::string& word : each.words) {
            EXPECT_FALSE(word.starts_with("redlock:")) << each.command << ' ' << word;
        }
    }
}

TEST(right_probe, there_is_one_for_each_command_that_is_ever_sent) {
    std::set<std::string> probed;
    for (const right_probe& each : right_probes({.keys = driver::key_names{},
                                   .unused = "unused",
                                   .resource = "orders:1",
                                   .by_sentinel = false,
                                   .cluster = false})) {
        probed.insert(std::string{each.command});
    }
    for (const scripts::script* each : scripts::all) {
        EXPECT_THAT(probed, IsSupersetOf(driver::commands_called_by(*each)))
            << each->name << " calls a command that is not tried: see harmless()";
    }
    EXPECT_THAT(probed, IsSupersetOf(std::set<std::string>{"evalsha", "eval", "client|id",
                                                           "client|tracking", "subscribe", "scan",
                                                           "info", "hdel"}));
}

TEST(right_probe, of_a_script_is_tried_inside_one_too) {
    const right_probe on_key{{"get", "orders:1"}, "get", "locks"};
    EXPECT_THAT(inside_script(on_key),
                testing::ElementsAre("EVAL", "return redis.pcall(unpack(ARGV))", "1", "orders:1",
                                     "get", "orders:1"));
    const right_probe without{{"time"}, "time", "locks"};
    EXPECT_THAT(inside_script(without),
                testing::ElementsAre("EVAL", "return redis.pcall(unpack(ARGV))", "0", "time"));
}

TEST(right_probe, tells_what_is_missing) {
    const right_probe on_fence{{"SET", "redlock:fence:{x}", "1"}, "set", "locks"};
    const right_probe on_resource{{"GET", "orders:1"}, "get", "locks"};
    EXPECT_FALSE(missing_by(on_fence, "OK", driver::key_names{}));
    EXPECT_FALSE(missing_by(on_fence, "ERR syntax error", driver::key_names{}));
    EXPECT_FALSE(missing_by(on_fence, "READONLY You can't write against a read only replica.",
                            driver::key_names{}));
    EXPECT_EQ(missing_by(on_fence, "NOPERM this user has no permissions to run the 'set' command",
                         driver::key_names{})
                  ->rule,
              "+set");
    const auto denied = "This user has no permissions to access the 'redlock:fence:{x}' key";
    EXPECT_EQ(missing_by(on_fence, denied, driver::key_names{})->rule, "~redlock:*");
    EXPECT_EQ(
        missing_by(on_resource, "NOPERM No permissions to access a key", driver::key_names{})->rule,
        "~orders:1");
    const auto unknown =
        missing_by(on_fence, "ERR unknown command 'SET', with args beginning", driver::key_names{});
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->rule, "");
    EXPECT_EQ(unknown->what, "set");
    EXPECT_EQ(missing_by(on_fence, "ERR Command 'SET' not found", driver::key_names{})->rule, "")
        << "as DRYRUN says it";
    EXPECT_EQ(unknown->by, withheld_by::server);
    EXPECT_EQ(missing_by(on_fence, closed_upon, driver::key_names{})->by, withheld_by::hang_up);
    EXPECT_EQ(missing_by(on_fence, "NOPERM not for you", driver::key_names{})->rule, "+set")
        << "whatever the subject";
}

TEST(right_probe, takes_each_error_but_the_expected_one_for_a_refusal) {
    for (const right_probe& each : right_probes({.keys = driver::key_names{},
                                   .unused = "unused",
                                   .resource = "orders:1",
                                   .by_sentinel = true,
                                   .cluster = false})) {
        SCOPED_TRACE(each.command);
        if (!each.refused_with.empty()) {
            EXPECT_FALSE(missing_by_error(each, fmt::format("ERR {} here", each.refused_with),
                                          driver::key_names{}));
        }
        for (const std::string_view words :
             {"ERR command not allowed", "forbidden", "DENIED by a rule", "NOAUTH log in", "ERR"}) {
            const auto missing = missing_by_error(each, words, driver::key_names{});
            ASSERT_TRUE(missing) << words;
            EXPECT_EQ(missing->by, withheld_by::refusal);
            EXPECT_EQ(missing->answer, words);
        }
        for (const std::string_view state :
             {"OOM no memory", "READONLY a replica", "BUSY with a script", "LOADING", "WRONGTYPE x",
              "MOVED 1 a:1", "MISCONF x", "CLUSTERDOWN x"}) {
            EXPECT_FALSE(missing_by_error(each, state, driver::key_names{})) << state;
        }
    }
}

}  // namespace
}  // namespace redlock::doctor
