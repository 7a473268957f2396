// Refusals by an ACL, in the words of servers of different versions: recorded from Redis 7.0.15,
// and for others as their sources have them.
#include "redis/wire/acl_error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "redis/wire/server_error.hpp"

namespace redlock::redis::acl_error_cases {
namespace {

constexpr const char* digest = "df8270fdbe359a88ed518e909c7bfddb1fc272b8";

acl_error command(std::string name) {
    return {acl_subject::command, std::move(name), {}, 0};
}

TEST(acl_error, names_the_command) {
    EXPECT_EQ(read_acl_error("NOPERM this user has no permissions to run the 'set' command"),
              command("set"));
    EXPECT_EQ(read_acl_error("NOPERM this user has no permissions to run the 'client|id' command"),
              command("client|id"));
    EXPECT_EQ(read_acl_error("NOPERM this user has no permissions to run the 'client' command or "
                             "its subcommand"),
              command("client"));
    EXPECT_EQ(read_acl_error("NOPERM User app has no permissions to run the 'HSET' command"),
              command("hset"));
    EXPECT_EQ(read_acl_error("This user has no permissions to run the 'ping' command"),
              command("ping"))
        << "as ACL DRYRUN says it";
}

TEST(acl_error, names_the_key_or_channel_where_the_server_does) {
    EXPECT_EQ(
        read_acl_error("NOPERM this user has no permissions to access one of the keys used as "
                       "arguments"),
        (acl_error{acl_subject::key, "", "", 0}));
    EXPECT_EQ(read_acl_error("NOPERM No permissions to access a key"),
              (acl_error{acl_subject::key, "", "", 0}));
    EXPECT_EQ(read_acl_error("This user has no permissions to access the 'a' key' key"),
              (acl_error{acl_subject::key, "a' key", "", 0}));
    EXPECT_EQ(
        read_acl_error("NOPERM this user has no permissions to access one of the channels used as "
                       "arguments"),
        (acl_error{acl_subject::channel, "", "", 0}));
    EXPECT_EQ(read_acl_error("User app has no permissions to access the 'news' channel"),
              (acl_error{acl_subject::channel, "news", "", 0}));
}

TEST(acl_error, inside_a_script_names_script_and_line) {
    const std::string sha1 = digest;
    EXPECT_EQ(read_acl_error("ERR The user executing the script can't run this command or "
                             "subcommand script: " +
                             sha1 + ", on @user_script:12."),
              (acl_error{acl_subject::command, "", sha1, 12}));
    EXPECT_EQ(read_acl_error("ERR The user executing the script can't access at least one of the "
                             "keys mentioned in the command arguments script: " +
                             sha1 + ", on @user_script:3."),
              (acl_error{acl_subject::key, "", sha1, 3}));
    EXPECT_EQ(read_acl_error("ERR Error running script (call to f_" + sha1 +
                             "): @user_script:7: @user_script: 7: The user executing the script "
                             "can't run this command or subcommand"),
              (acl_error{acl_subject::command, "", sha1, 7}));
    EXPECT_EQ(read_acl_error("ERR ACL failure in script: User app has no permissions to run the "
                             "'hset' command script: " +
                             sha1 + ", on @user_script:4."),
              (acl_error{acl_subject::command, "hset", sha1, 4}));
}

TEST(acl_error, is_nothing_else) {
    for (const char* text : {"", "ERR syntax error", "NOPERM no", "NOSCRIPT No matching script.",
                             "WRONGPASS invalid username-password pair or user is disabled.",
                             "READONLY You can't write against a read only replica. script: x",
                             "DENIED Redis is running in protected mode"}) {
        EXPECT_EQ(read_acl_error(text), std::nullopt) << text;
    }
}

TEST(acl_error, of_any_version_counts_as_a_missing_right) {
    EXPECT_EQ(classify("ERR The user executing the script can't run this command or subcommand"),
              node_errc::permission_denied);
    EXPECT_EQ(classify("ERR ACL failure in script: User a has no permissions to run the 'x' "
                       "command"),
              node_errc::permission_denied);
    EXPECT_EQ(classify("ERR Error running script (call to f_x): @user_script:1: -WRONGTYPE"),
              node_errc::error_reply);
}

TEST(missing_command, is_read_from_the_words_of_each_version) {
    const std::string sha1 = digest;
    EXPECT_EQ(read_missing_command("ERR unknown command 'EVALSHA', with args beginning with: 'x'"),
              (missing_command{"evalsha", "", 0}));
    EXPECT_EQ(read_missing_command("ERR unknown command `PTTL`, with args beginning with: `x`, "),
              (missing_command{"pttl", "", 0}));
    EXPECT_EQ(read_missing_command("ERR unknown subcommand 'TRACKING'. Try CLIENT HELP."),
              (missing_command{"tracking", "", 0}));
    EXPECT_EQ(read_missing_command("ERR Command 'EVALSHA' not found"),
              (missing_command{"evalsha", "", 0}));
    EXPECT_EQ(read_missing_command("ERR Unknown command called from script script: " + sha1 +
                                   ", on @user_script:7."),
              (missing_command{"", sha1, 7}))
        << "Valkey 8";
    EXPECT_EQ(read_missing_command("ERR Unknown Redis command called from script script: " + sha1 +
                                   ", on @user_script:7."),
              (missing_command{"", sha1, 7}));
    EXPECT_EQ(read_missing_command("ERR Error running script (call to f_" + sha1 +
                                   "): @user_script:7: @user_script: 7: Unknown Redis command "
                                   "called from Lua script"),
              (missing_command{"", sha1, 7}));
    EXPECT_EQ(read_missing_command("ERR unsupported command 'EVALSHA'"),
              (missing_command{"evalsha", "", 0}));
    EXPECT_EQ(read_missing_command("ERR unknown command"), (missing_command{"", "", 0}));
    for (const char* text : {"", "ERR syntax error", "ERR Command 'x' is odd", "NOPERM unknown",
                             "This user has no permissions to run the 'set' command"}) {
        EXPECT_EQ(read_missing_command(text), std::nullopt) << text;
    }
}

TEST(missing_command, is_no_missing_right) {
    EXPECT_EQ(classify("ERR unknown command 'INFO'"), node_errc::unknown_command);
    EXPECT_EQ(classify("ERR Unknown Redis command called from script"), node_errc::unknown_command);
    EXPECT_EQ(
        advice_for_missing("pttl"),
        "pttl seems to be renamed or disabled there (rename-command), or a proxy does not pass "
        "it; no ACL rule helps");
}

TEST(plain_refusal, has_neither_a_code_word_nor_a_script) {
    for (const char* text : {"ERR command not allowed", "forbidden", "Command refused", "ERR"}) {
        EXPECT_TRUE(is_plain_refusal(text)) << text;
    }
    for (const char* text : {"OOM no memory", "BUSY with a script", "LOADING", "NOPERM not you",
                             "ERR Error running script (call to f_x)"}) {
        EXPECT_FALSE(is_plain_refusal(text)) << text;
    }
    EXPECT_THAT(advice_for_refusal("ERR command not allowed", "info"),
                testing::HasSubstr("does a proxy on the way refuse info?"));
}

TEST(acl_error, leads_to_a_rule) {
    EXPECT_EQ(rule_for_command("HSET"), "+hset");
    EXPECT_EQ(rule_for_command("client|id"), "+client|id");
    EXPECT_EQ(advice_for_command("set"), "allow the user set (ACL SETUSER ... +set)");
}

}  // namespace
}  // namespace redlock::redis::acl_error_cases
