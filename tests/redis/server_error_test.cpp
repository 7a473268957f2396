// Error replies: what they mean, and that their text is fit to be shown.
#include "redis/wire/server_error.hpp"
#include "base/shown_text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "redis/server/server_identity.hpp"

namespace redlock::redis::server_error_cases {
namespace {

TEST(server_error, is_known_by_its_code_word) {
    using enum node_errc;
    EXPECT_EQ(classify("NOAUTH Authentication required."), authentication_failed);
    EXPECT_EQ(classify("WRONGPASS invalid username-password pair or user is disabled."),
              authentication_failed);
    EXPECT_EQ(classify("ERR invalid password"), authentication_failed);
    EXPECT_EQ(classify("ERR AUTH <password> called without any password configured for the default "
                       "user. Are you sure your configuration is correct?"),
              authentication_failed);
    EXPECT_EQ(classify("ERR Client sent AUTH, but no password is set"), authentication_failed);
    EXPECT_EQ(classify("NOPERM this user has no permissions to run the 'set' command"),
              permission_denied);
    EXPECT_EQ(classify("DENIED Redis is running in protected mode"), protected_mode);
    EXPECT_EQ(classify("READONLY You can't write against a read only replica."), read_only);
    EXPECT_EQ(classify("OOM command not allowed when used memory > 'maxmemory'."), out_of_memory);
    EXPECT_EQ(classify("LOADING Redis is loading the dataset in memory"), loading);
    EXPECT_EQ(classify("MISCONF Redis is configured to save RDB snapshots"), cannot_persist);
    EXPECT_EQ(classify("OOM"), out_of_memory);
}

TEST(server_error, is_known_inside_what_redis_6_says_of_a_script) {
    using enum node_errc;
    const std::string before =
        "ERR Error running script (call to f_1b936e): @user_script:3: @user_script: 3: ";
    EXPECT_EQ(classify(before + "-READONLY You can't write against a read only replica."),
              read_only);
    EXPECT_EQ(classify(before + "-OOM command not allowed when used memory > 'maxmemory'."),
              out_of_memory);
    EXPECT_EQ(classify(before + "Wrong number of args"), error_reply);
    EXPECT_EQ(classify("ERR Error running scripts: READONLY"), error_reply);
}

TEST(server_error, is_any_other_without_a_known_word) {
    using enum node_errc;
    for (const std::string_view text : {"", "ERR syntax error", "OOMPH", "noauth x", " NOAUTH",
                                        "WRONGTYPE Operation against a "
                                        "key holding the wrong kind"}) {
        EXPECT_EQ(classify(text), error_reply) << text;
    }
}

TEST(server_error, tells_a_missing_script) {
    EXPECT_TRUE(is_noscript("NOSCRIPT No matching script. Please use EVAL."));
    EXPECT_FALSE(is_noscript("ERR NOSCRIPT"));
    EXPECT_FALSE(is_noscript("NOSCRIPTS"));
    EXPECT_FALSE(is_noscript(""));
}

TEST(server_error, is_shown_bounded_and_printable) {
    EXPECT_EQ(base::shown_text("ERR fine"), "ERR fine");
    EXPECT_EQ(base::shown_text("ERR a\r\nb\x1b[31m\xff"), "ERR a??b?[31m?");
    const std::string shown = base::shown_text(std::string(100000, 'x'));
    EXPECT_EQ(shown.size(), 200U);
    EXPECT_TRUE(shown.ends_with("x..."));
    EXPECT_EQ(base::shown_text(std::string(200, 'x')), std::string(200, 'x'));
}

TEST(server_error, never_shows_the_secret) {
    EXPECT_EQ(base::shown_text("ERR no hunter2, hunter2!", "hunter2"), "ERR no ***, ***!");
    EXPECT_EQ(base::shown_text("hunter2", "hunter2"), "***");
    EXPECT_EQ(base::shown_text("ERR unknown command 'AUTH', with args beginning with: 'alice' 'hun",
                               "hunter2"),
              "ERR unknown command 'AUTH'");
    EXPECT_EQ(base::shown_text("a****b", "*"), "a************b");
    // The cut must not save half of a secret from being masked.
    const std::string text = std::string(190, 'x') + "secret-of-some-length";
    EXPECT_EQ(base::shown_text(text, "secret-of-some-length").find("secret"), std::string::npos);
}

constexpr const char* whole_info =
    "# Server\r\nredis_version:7.0.15\r\nrun_id:0123abcd\r\nuptime_in_seconds:3600\r\n\r\n"
    "# Replication\r\nrole:master\r\nmaster_replid:4567\r\nsecond_repl_offset:-1\r\n\r\n"
    "# Commandstats\r\ncmdstat_get:calls=1,usec=2\r\n";

std::string with(std::string info, const std::string& from, const std::string& to) {
    return info.replace(info.find(from), from.size(), to);
}

TEST(server_identity, is_read_from_info) {
    const server_identity found = parse_server_info(whole_info);
    EXPECT_EQ(found.run_id, "0123abcd");
    EXPECT_EQ(found.redis_version, "7.0.15");
    EXPECT_EQ(found.role, "master");
    EXPECT_EQ(found.incarnation(), "0123abcd:4567");
    EXPECT_EQ(found.remembers_for(), std::chrono::seconds{3599}) << "whole seconds, cut off";
    EXPECT_EQ(parse_server_info(with(whole_info, ":3600", ":0")).remembers_for(),
              std::chrono::seconds{0});
}

TEST(server_identity, is_trusted_with_its_memory_only_if_nothing_speaks_against_it) {
    using std::chrono::seconds;
    for (const std::string change :
         {"promoted", "was a replica", "flushall", "flushdb", "swapdb", "no statistics",
          "no uptime", "a negative uptime", "a replica"}) {
        std::string info = whole_info;
        if (change == "promoted") {
            info = with(info, "second_repl_offset:-1", "second_repl_offset:15");
        } else if (change == "was a replica") {
            info = with(info, "second_repl_offset:-1\r\n", "");
        } else if (change == "no statistics") {
            info = with(info, "# Commandstats\r\n", "");
        } else if (change == "no uptime") {
            info = with(info, "uptime_in_seconds:3600\r\n", "");
        } else if (change == "a negative uptime") {
            info = with(info, ":3600", ":-5");
        } else if (change == "a replica") {
            info = with(info, "role:master", "role:slave");
        } else {
            info += "cmdstat_" + change + ":calls=1\r\n";
        }
        EXPECT_EQ(parse_server_info(info).remembers_for(), seconds{0}) << change;
    }
}

TEST(server_identity, tells_by_which_command_a_server_deletes_what_is_equal) {
    using enum conditional_delete;
    const auto of = [](const std::string& lines) { return parse_server_info(lines).deletes; };
    EXPECT_EQ(of("redis_version:7.0.15\r\n"), none);
    EXPECT_EQ(of("redis_version:8.3.9\r\n"), none);
    EXPECT_EQ(of("redis_version:8.4.0\r\n"), delex);
    EXPECT_EQ(of("redis_version:10.0.0\r\n"), delex);
    // Valkey tells a version of Redis as well.
    EXPECT_EQ(of("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.4\r\n"), none);
    EXPECT_EQ(of("valkey_version:9.0.0\r\nredis_version:7.2.4\r\n"), delifeq);
    EXPECT_EQ(of("redis_version:99.0.0\r\nvalkey_version:8.1.4\r\n"), none);
    EXPECT_EQ(of("redis_version:7.4.0\r\ndragonfly_version:df-v1.36.9\r\n"), none);
    EXPECT_EQ(of("redis_version:7.4.0\r\ndragonfly_version:df-v1.37.0\r\n"), delex);
    for (const char* const odd : {"", "8", "8.", "x.y", "eight.four", ".4"}) {
        EXPECT_EQ(of("redis_version:" + std::string{odd} + "\r\n"), none) << odd;
    }
}

TEST(server_identity, without_either_id_is_no_incarnation) {
    EXPECT_EQ(parse_server_info("run_id:1\n").incarnation(), "");
    EXPECT_EQ(parse_server_info("master_replid:1\n").incarnation(), "");
}

TEST(server_identity, is_empty_where_info_says_nothing) {
    EXPECT_EQ(parse_server_info(""), server_identity{});
    EXPECT_EQ(parse_server_info("run_id"), server_identity{});
    EXPECT_EQ(parse_server_info("xrun_id:1\nRUN_ID:2\n"), server_identity{});
    EXPECT_EQ(parse_server_info("run_id:a:b").run_id, "a:b");
    EXPECT_EQ(parse_server_info("run_id:" + std::string(100000, 'r')).run_id.size(), 128U);
}

}  // namespace
}  // namespace redlock::redis::server_error_cases
