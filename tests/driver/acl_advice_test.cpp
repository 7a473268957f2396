// Which rule is missing, where the server tells only a line of a script.
#include "driver/acl_advice.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "scripts/scripts.hpp"

namespace redlock::driver {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Counted from 1, of the first call of this command.
std::ptrdiff_t line_of_call(const scripts::script& script, const std::string& name) {
    const std::size_t at = script.body.find("call(" + name);
    EXPECT_NE(at, std::string_view::npos);
    return std::ranges::count(script.body.substr(0, at), '\n') + 1;
}

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

TEST(acl_advice, reads_the_commands_of_a_script_from_its_text) {
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

TEST(acl_advice, names_the_command_by_the_line_of_the_script) {
    const std::string error = fmt::format(
        "ERR The user executing the script can't run this command or subcommand script: {}, on "
        "@user_script:{}.",
        scripts::acquire.sha1, line_of_call(scripts::acquire, "'TIME'"));
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
}

TEST(acl_advice, knows_the_script_that_was_sent_where_the_error_does_not_name_it) {
    const auto line = std::to_string(line_of_call(scripts::release, "'DEL'"));
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
        "@user_script:{}.",
        scripts::release.sha1, line_of_call(scripts::release, "'GET'"));
    EXPECT_EQ(wrong_type_advice("ERR x"), "");
    EXPECT_THAT(wrong_type_advice("WRONGTYPE x", {.resource = "a"}), HasSubstr("redlock:*:{a}"));
    EXPECT_THAT(wrong_type_advice(of_fence, {.resource = "a"}), HasSubstr("the key a there is no"));
}

}  // namespace
}  // namespace redlock::driver
