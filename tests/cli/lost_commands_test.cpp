// Every command that is sent, by every way to lose it: what `redlock run` and its like then say,
// and what `redlock doctor` says. They must agree: where a lock cannot be had, kept or given back
// the doctor finds a problem and names the command, and where it finds none everything works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cli/support/process.hpp"
#include "support/redis_server.hpp"

namespace redlock::cli_test {
namespace {

using support::redis_server;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

enum class verdict { problem, warning };

struct lost_command {
    const char* name;
    verdict expected;
};

// What a script calls, and what is sent as it is. CONFIG and ACL are for the doctor alone.
constexpr std::array<lost_command, 16> commands{{{"EVALSHA", verdict::problem},
                                                 {"EVAL", verdict::problem},
                                                 {"TIME", verdict::problem},
                                                 {"SET", verdict::problem},
                                                 {"GET", verdict::problem},
                                                 {"DEL", verdict::problem},
                                                 {"PTTL", verdict::problem},
                                                 {"PEXPIRE", verdict::problem},
                                                 {"HGETALL", verdict::problem},
                                                 {"HSET", verdict::problem},
                                                 {"HDEL", verdict::problem},
                                                 {"INFO", verdict::warning},
                                                 {"CLIENT", verdict::warning},
                                                 {"SUBSCRIBE", verdict::warning},
                                                 {"SCAN", verdict::warning},
                                                 {"HEXISTS", verdict::warning}}};

/// Whether a lock can be had, waited for, kept and given back: one line of the shell after the
/// other, each of which has to end well.
finished use_locks(const std::string& url) {
    const std::string script =
        "held=$($0 acquire job) && $0 extend --lease-time 20s job ${held% *} && "
        "{ $0 run -w 20s job -- true & } && $0 release job ${held% *} && wait $! && "
        "$0 run -n job -- true";
    const auto line = redlock_line({});
    process all{{.arguments = {"/bin/sh", "-c", script, line.front()},
                 .environment = {{"REDLOCK_NODES", url}}}};
    return all.wait();
}

finished examine(const std::string& url) {
    return redlock({"doctor", "--samples", "1", "--nodes", url});
}

std::string lower_case(std::string text) {
    for (char& each : text) {
        each = static_cast<char>(each >= 'A' && each <= 'Z' ? each - 'A' + 'a' : each);
    }
    return text;
}

void expect_agreement(const lost_command& lost, const std::string& url, std::string_view word) {
    const auto used = use_locks(url);
    const auto examined = examine(url);
    const std::string all = examined.out + examined.err;
    const bool finds_problem = examined.status != 0;
    EXPECT_EQ(finds_problem, lost.expected == verdict::problem) << all;
    if (used.status != 0) {
        EXPECT_TRUE(finds_problem) << "it cannot be used: " << used.err << all;
    }
    EXPECT_THAT(lower_case(all), HasSubstr(lower_case(lost.name)));
    EXPECT_THAT(all, HasSubstr(std::string{word}));
}

TEST(lost_commands, that_are_renamed_away_are_named_by_the_doctor) {
    for (const lost_command& each : commands) {
        SCOPED_TRACE(each.name);
        redis_server server{{.unix_socket = false,
                             .password = {},
                             .arguments = {"--rename-command", each.name, ""}}};
        expect_agreement(each, server.url(), "rename-command");
        const auto examined = examine(server.url());
        EXPECT_THAT(examined.out, AllOf(HasSubstr("the server does not know "),
                                        Not(HasSubstr(lower_case(std::string{"+"} + each.name)))));
    }
}

TEST(lost_commands, that_have_another_name_are_lost_as_well) {
    redis_server server{{.unix_socket = false,
                         .password = {},
                         .arguments = {"--rename-command", "PEXPIRE", "prolong"}}};
    expect_agreement({"PEXPIRE", verdict::problem}, server.url(), "rename-command");
}

TEST(lost_commands, that_a_user_may_not_use_are_mended_by_a_rule) {
    redis_server server;
    for (const lost_command& each : commands) {
        SCOPED_TRACE(each.name);
        server.command({"ACL", "SETUSER", "app", "reset", "on", "nopass", "~*", "&*", "+@all",
                        "-" + lower_case(each.name)});
        const std::string url = "redis://app:any@127.0.0.1:" + std::to_string(server.port());
        expect_agreement(each, url, "ACL SETUSER app +" + lower_case(each.name));
    }
}

TEST(lost_commands, that_a_script_calls_are_named_by_run) {
    for (const char* each : {"TIME", "SET"}) {
        redis_server server{
            {.unix_socket = false, .password = {}, .arguments = {"--rename-command", each, ""}}};
        const auto used = redlock({"run", "-n", "--nodes", server.url(), "job", "--", "true"});
        EXPECT_EQ(used.status, 69) << each;
        EXPECT_THAT(used.err, HasSubstr(lower_case(each) + " seems to be renamed or disabled"));
    }
}

}  // namespace
}  // namespace redlock::cli_test
