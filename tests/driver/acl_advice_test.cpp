// Which rule is missing, where the server tells only a line of a script; and the probes for it.
#include "driver/acl_advice.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "driver/right_probes.hpp"
#include "scripts/scripts.hpp"

namespace redlock::driver {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsSupersetOf;

/// All commands of a script, by asking line by line.
std::set<std::string> commands_of(const scripts::script& script) {
    std::set<std::string> found;
    const auto lines =
        static_cast<std::size_t>(std::count(script.body.begin(), script.body.end(), '\n')) + 1;
    for (std::size_t line = 1; line <= lines; ++line) {
        found.insert(command_in_script(script.sha1, line));
    }
    found.erase("");
    return found;
}

TEST(acl_advice, knows_which_command_stands_where_in_our_scripts) {
    using set = std::set<std::string>;
    EXPECT_EQ(commands_of(scripts::acquire), (set{"time", "set", "get", "pttl"}));
    EXPECT_EQ(commands_of(scripts::extend), (set{"time", "get", "set", "pttl", "pexpire"}));
    EXPECT_EQ(commands_of(scripts::hello), (set{"time", "hmget", "hset"}));
    EXPECT_EQ(commands_of(scripts::vouch), (set{"hexists", "hset", "hdel"}));
    EXPECT_EQ(command_in_script(scripts::hello.sha1, 1), "time");
    EXPECT_EQ(command_in_script(scripts::hello.sha1, 0), "");
    EXPECT_EQ(command_in_script(scripts::hello.sha1, 1'000'000), "");
    EXPECT_EQ(command_in_script("0000", 1), "");
}

TEST(acl_advice, names_the_command_by_the_line_of_the_script) {
    const std::string error = fmt::format(
        "ERR The user executing the script can't run this command or subcommand script: {}, on "
        "@user_script:1.",
        scripts::acquire.sha1);
    EXPECT_EQ(acl_advice(error), "allow the user time (ACL SETUSER ... +time)");
    EXPECT_THAT(shown_with_advice(error), AllOf(HasSubstr("ERR The user"), HasSubstr("+time")));
}

TEST(acl_advice, names_the_subcommand_that_was_sent) {
    const std::string_view error =
        "NOPERM this user has no permissions to run the 'client' command or its subcommand";
    EXPECT_THAT(acl_advice(error, {.command = "client|id"}), HasSubstr("+client|id)"));
    EXPECT_THAT(acl_advice(error), HasSubstr("+client)"));
}

TEST(acl_advice, names_keys_and_channels) {
    const std::string_view keys =
        "NOPERM this user has no permissions to access one of the keys used as arguments";
    EXPECT_THAT(acl_advice(keys, {.key = "redlock:epoch"}),
                AllOf(HasSubstr("key redlock:epoch"), HasSubstr("~redlock:*), or set key_prefix")));
    EXPECT_THAT(acl_advice(keys), AllOf(HasSubstr("~NAME"), HasSubstr("~redlock:*"),
                                        HasSubstr("redlock doctor --resource")));
    EXPECT_THAT(acl_advice("NOPERM User a has no permissions to access the 'orders:1' key"),
                HasSubstr("~orders:1)"));
    EXPECT_THAT(acl_advice("NOPERM No permissions to access a channel"),
                HasSubstr("&__redis__:invalidate"));
}

TEST(acl_advice, names_keys_behind_the_prefix) {
    const key_names team{"team:"};
    const std::string_view keys =
        "NOPERM this user has no permissions to access one of the keys used as arguments";
    EXPECT_THAT(acl_advice(keys, {.key = team.epoch(), .keys = &team}),
                AllOf(HasSubstr("~team:redlock:*)"), Not(HasSubstr("set key_prefix"))));
    EXPECT_THAT(acl_advice(keys, {.keys = &team}), HasSubstr("~NAME ~team:redlock:*)"));
    EXPECT_THAT(wrong_type_advice("WRONGTYPE x", {.resource = "a", .keys = &team}),
                HasSubstr("team:redlock:*:{a}"));
    for (const right_probe& each :
         right_probes({.keys = team, .unused = "unused", .resource = {}})) {
        for (const std::string& word : each.words) {
            EXPECT_FALSE(word.starts_with("redlock:")) << each.command << ' ' << word;
        }
    }
}

TEST(acl_advice, knows_the_script_that_was_sent_where_the_error_does_not_name_it) {
    const std::string body{scripts::release.body};
    const auto at = body.find("redis.call('DEL'");
    ASSERT_NE(at, std::string::npos);
    const auto line = std::to_string(
        std::count(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1);
    const std::string unknown =
        "ERR Unknown command called from script script: on @user_script:" + line + ".";
    EXPECT_THAT(missing_command_advice(unknown, {.script = &scripts::release}),
                HasSubstr("del seems to be renamed"));
    EXPECT_THAT(missing_command_advice(unknown), HasSubstr("a command seems to be renamed"));
    const std::string refused =
        "ERR The user executing the script can't run this command or subcommand script: on "
        "@user_script:" +
        line + ".";
    EXPECT_THAT(acl_advice(refused, {.script = &scripts::release}), HasSubstr("+del"));
}

TEST(acl_advice, is_silent_about_other_errors) {
    EXPECT_EQ(acl_advice("ERR syntax error"), "");
    EXPECT_EQ(shown_with_advice("OOM no memory"), "OOM no memory");
}

TEST(acl_advice, asks_for_a_proxy_where_the_words_are_no_servers) {
    EXPECT_THAT(shown_with_advice("ERR command not allowed"),
                HasSubstr("does a proxy on the way refuse EVALSHA or EVAL?"));
    EXPECT_THAT(shown_with_advice("forbidden", {.command = "scan"}), HasSubstr("refuse scan?"));
    EXPECT_EQ(shown_with_advice("BUSY Redis is busy running a script."),
              "BUSY Redis is busy running a script.");
    EXPECT_EQ(shown_with_advice("ERR Error running script (call to f_0): x"),
              "ERR Error running script (call to f_0): x");
}

TEST(acl_advice, tells_which_key_has_another_type) {
    const std::string of_fence = fmt::format(
        "WRONGTYPE Operation against a key holding the wrong kind of value script: {}, on "
        "@user_script:2.",
        scripts::release.sha1);
    EXPECT_EQ(wrong_type_advice("ERR x"), "");
    EXPECT_THAT(wrong_type_advice("WRONGTYPE x", {.resource = "a"}), HasSubstr("redlock:*:{a}"));
    EXPECT_THAT(wrong_type_advice(of_fence, {.resource = "a"}), HasSubstr("the key a there is no"));
}

TEST(right_probe, there_is_one_for_each_command_that_is_ever_sent) {
    std::set<std::string> probed;
    for (const right_probe& each : right_probes({.keys = key_names{},
                                   .unused = "unused",
                                   .resource = "orders:1",
                                   .by_sentinel = false,
                                   .cluster = false})) {
        probed.insert(std::string{each.command});
    }
    for (const scripts::script* each : scripts::all) {
        EXPECT_THAT(probed, IsSupersetOf(commands_called_by(*each)))
            << each->name << " calls a command that is not tried: see harmless()";
    }
    EXPECT_THAT(probed, IsSupersetOf(std::set<std::string>{"evalsha", "eval", "client|id",
                                                           "client|tracking", "subscribe", "scan",
                                                           "info", "hdel"}));
}

TEST(right_probe, the_commands_of_a_script_are_read_from_its_text) {
    for (const scripts::script* each : scripts::all) {
        const auto commands = commands_called_by(*each);
        EXPECT_EQ((std::set<std::string>{commands.begin(), commands.end()}), commands_of(*each))
            << each->name << " has two calls in one line, so that errors cannot name them";
    }
    const scripts::script made_up{"made_up", "",
                                  "redis.log(1) redis.call('GETEX', k) "
                                  "redis.pcall('TIME') redis.call('getex', k)\n"};
    EXPECT_THAT(commands_called_by(made_up), testing::ElementsAre("getex", "time"));
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
    EXPECT_FALSE(missing_by(on_fence, "OK", key_names{}));
    EXPECT_FALSE(missing_by(on_fence, "ERR syntax error", key_names{}));
    EXPECT_FALSE(
        missing_by(on_fence, "READONLY You can't write against a read only replica.", key_names{}));
    EXPECT_EQ(missing_by(on_fence, "NOPERM this user has no permissions to run the 'set' command",
                         key_names{})
                  ->rule,
              "+set");
    const auto denied = "This user has no permissions to access the 'redlock:fence:{x}' key";
    EXPECT_EQ(missing_by(on_fence, denied, key_names{})->rule, "~redlock:*");
    EXPECT_EQ(missing_by(on_resource, "NOPERM No permissions to access a key", key_names{})->rule,
              "~orders:1");
    const auto unknown =
        missing_by(on_fence, "ERR unknown command 'SET', with args beginning", key_names{});
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->rule, "");
    EXPECT_EQ(unknown->what, "set");
    EXPECT_EQ(missing_by(on_fence, "ERR Command 'SET' not found", key_names{})->rule, "")
        << "as DRYRUN says it";
    EXPECT_EQ(unknown->by, withheld_by::server);
    EXPECT_EQ(missing_by(on_fence, closed_upon, key_names{})->by, withheld_by::hang_up);
    EXPECT_EQ(missing_by(on_fence, "NOPERM not for you", key_names{})->rule, "+set")
        << "whatever the subject";
}

TEST(right_probe, takes_each_error_but_the_expected_one_for_a_refusal) {
    for (const right_probe& each : right_probes({.keys = key_names{},
                                   .unused = "unused",
                                   .resource = "orders:1",
                                   .by_sentinel = true,
                                   .cluster = false})) {
        SCOPED_TRACE(each.command);
        if (!each.refused_with.empty()) {
            EXPECT_FALSE(
                missing_by_error(each, fmt::format("ERR {} here", each.refused_with), key_names{}));
        }
        for (const std::string_view words :
             {"ERR command not allowed", "forbidden", "DENIED by a rule", "NOAUTH log in", "ERR"}) {
            const auto missing = missing_by_error(each, words, key_names{});
            ASSERT_TRUE(missing) << words;
            EXPECT_EQ(missing->by, withheld_by::refusal);
            EXPECT_EQ(missing->answer, words);
        }
        for (const std::string_view state :
             {"OOM no memory", "READONLY a replica", "BUSY with a script", "LOADING", "WRONGTYPE x",
              "MOVED 1 a:1", "MISCONF x", "CLUSTERDOWN x"}) {
            EXPECT_FALSE(missing_by_error(each, state, key_names{})) << state;
        }
    }
}

}  // namespace
}  // namespace redlock::driver
