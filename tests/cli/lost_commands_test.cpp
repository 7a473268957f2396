// Every command that is sent, by every way to lose it: what `redlock run` and its like then say,
// and what `redlock doctor` says. They must agree: where a lock cannot be had, kept or given back
// the doctor finds a problem and names the command, and where it finds none everything works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cli/support/process.hpp"
#include "support/redis_server.hpp"
#include "support/refusing_proxy.hpp"
#include "support/test_authority.hpp"

namespace redlock::cli_test {
namespace {

using support::redis_server;
using support::refusing_proxy;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

enum class verdict { nothing, warning, problem };

std::string lower_case(std::string text) {
    for (char& each : text) {
        each = static_cast<char>(each >= 'A' && each <= 'Z' ? each - 'A' + 'a' : each);
    }
    return text;
}

struct lost_command {
    std::string name;
    verdict expected;

    /// As the doctor calls it.
    [[nodiscard]] std::string word() const {
        return name == "CLIENT" ? "client|id" : lower_case(name);
    }
};
using lost_commands = std::vector<lost_command>;

// What a script calls, and what is sent as it is. CONFIG and ACL are for the doctor alone.
const lost_commands& all_commands() {
    using enum verdict;
    static const lost_commands all{
        {"EVALSHA", problem}, {"EVAL", problem},      {"TIME", problem}, {"SET", problem},
        {"GET", problem},     {"DEL", problem},       {"PTTL", problem}, {"PEXPIRE", problem},
        {"HGETALL", problem}, {"HSET", problem},      {"HDEL", problem}, {"INFO", warning},
        {"CLIENT", warning},  {"SUBSCRIBE", warning}, {"SCAN", warning}};
    return all;
}

template <class Check>
void with_each(const lost_commands& lost, Check check) {
    for (const lost_command& each : lost) {
        SCOPED_TRACE(each.name);
        check(each);
    }
}

redis_server server_with(std::vector<std::string> arguments) {
    return redis_server{{.unix_socket = false, .password = {}, .arguments = std::move(arguments)}};
}

/// A lock is taken and extended, another client begins to wait for it, and it is given back and
/// taken once more: each of it has to end well.
finished use_locks(const std::string& url) {
    const std::string script =
        "held=$($0 acquire -n --lease-time 5s job) || exit; "
        "$0 extend --lease-time 20s job ${held% *} || exit; "
        "$0 run -n -E 0 job -- true || exit; "
        "$0 release job ${held% *} || exit; "
        "$0 run -n job -- true";
    const auto line = redlock_line({});
    process all{{.arguments = {"/bin/sh", "-c", script, line.front()},
                 .environment = {{"REDLOCK_NODES", url}}}};
    return all.wait();
}

/// Of a lock that somebody else holds.
finished wait_in_vain(const std::string& url) {
    return redlock({"run", "-w", "300ms", "-E", "0", "--nodes", url, "held", "--", "true"});
}

finished examine(const std::string& url, std::vector<std::string> more = {}) {
    std::vector<std::string> line{"doctor", "--samples", "1", "--nodes", url};
    line.insert(line.end(), more.begin(), more.end());
    return redlock(std::move(line));
}

/// What the doctor must find, and how it must name it.
void expect_verdict(const finished& examined, verdict expected, const std::string& words) {
    EXPECT_EQ(examined.status, expected == verdict::problem ? 69 : 0) << examined.out;
    if (expected == verdict::nothing) {
        EXPECT_THAT(examined.out, Not(HasSubstr(words)));
        return;
    }
    const std::string level = expected == verdict::problem ? "problem  node 0" : "warning  node 0";
    const auto found = lower_case(examined.out).find(lower_case(words));
    ASSERT_NE(found, std::string::npos) << words << " is not in\n" << examined.out;
    const auto line = examined.out.rfind('\n', found);
    EXPECT_EQ(examined.out.compare(line == std::string::npos ? 0 : line + 1, level.size(), level),
              0)
        << examined.out;
}

/// What cannot be used is a problem, and is named.
void expect_agreement(const std::string& url, const finished& examined, const std::string& name) {
    finished used = use_locks(url);
    if (used.status == 0) {
        used = wait_in_vain(url);
    }
    if (used.status != 0) {
        EXPECT_NE(examined.status, 0) << "it cannot be used: " << used.err << examined.out;
        EXPECT_THAT(lower_case(used.err), HasSubstr(lower_case(name)));
    }
}

/// Whatever the case before has left there.
void hold(const redis_server& server) {
    server.command({"DEL", "job"});
    server.command({"SET", "held", "somebody", "PX", "100000"});
}

/// Before a server that has learned no script. Whether ACL passes, by which the doctor
/// learns what the server itself would take.
struct proxied {
    const redis_server& server;
    refusing_proxy::manner how = refusing_proxy::manner::answers;
    std::string words = {};
    bool acl = true;

    /// `check(command, url, examined)` for each command that the proxy lets not pass.
    template <class Check>
    void with_each(const lost_commands& lost, Check check) const {
        SCOPED_TRACE((acl ? "" : "without ACL ") + words);
        cli_test::with_each(lost, [&](const lost_command& each) {
            server.command({"SCRIPT", "FLUSH"});
            std::set<std::string> refused{each.name};
            if (!acl) {
                refused.insert("ACL");
            }
            const refusing_proxy proxy{server.port(), refused, how, words};
            check(each, proxy.url(), examine(proxy.url()));
        });
    }
};

TEST(lost_commands, that_are_renamed_away_or_have_another_name) {
    with_each(all_commands(), [](const lost_command& each) {
        // SET is needed to hold the lock.
        const std::string other_name = each.name == "SET" ? "" : "other-" + each.name;
        const redis_server server = server_with({"--rename-command", each.name, other_name});
        hold(server);
        const finished examined = examine(server.url());
        expect_verdict(examined, each.expected, "the server does not know " + each.word());
        EXPECT_THAT(examined.out,
                    AllOf(HasSubstr("undo its rename-command"), Not(HasSubstr("ACL SETUSER"))));
        expect_agreement(server.url(), examined, each.name);
    });
}

TEST(lost_commands, that_a_user_may_not_use_are_mended_by_a_rule) {
    const redis_server server;
    for (const bool dry : {true, false}) {
        with_each(all_commands(), [&](const lost_command& each) {
            hold(server);
            server.command({"ACL", "SETUSER", "app", "reset", "on", "nopass", "~*", "&*", "+@all",
                            dry ? "+acl" : "-acl", "-" + lower_case(each.name)});
            const std::string url = "redis://app:any@127.0.0.1:" + std::to_string(server.port());
            const finished examined = examine(url);
            if (!dry && each.name == "SUBSCRIBE") {
                expect_verdict(examined, each.expected, "it does not tell of changed keys");
            } else {
                expect_verdict(examined, each.expected, "the user app may not use ");
            }
            EXPECT_THAT(examined.out, AllOf(HasSubstr("+" + lower_case(each.name)),
                                            Not(HasSubstr("rename-command"))));
            expect_agreement(url, examined, each.name);
        });
    }
}

TEST(lost_commands, keys_and_channels_are_mended_by_a_rule) {
    const redis_server server;
    struct lost_key {
        std::vector<std::string> rules;
        verdict expected;
        std::string rule;
    };
    const std::string url = "redis://app:any@127.0.0.1:" + std::to_string(server.port());
    for (const lost_key& each :
         {lost_key{{"~job", "&*"}, verdict::problem, "~redlock:*"},
          lost_key{{"~redlock:*", "&*"}, verdict::problem, "~job"},
          lost_key{{"~*", "resetchannels"}, verdict::warning, "&__redis__:invalidate"}}) {
        SCOPED_TRACE(each.rule);
        std::vector<std::string> command{"ACL", "SETUSER", "app", "reset", "on", "nopass", "+@all"};
        command.insert(command.end(), each.rules.begin(), each.rules.end());
        server.command(command);
        const finished examined = examine(url, {"--resource", "job"});
        expect_verdict(examined, each.expected, "the user app may not use " + each.rule.substr(1));
        EXPECT_THAT(examined.out, HasSubstr("ACL SETUSER app " + each.rule));
        const finished used = redlock({"run", "-n", "--nodes", url, "job", "--", "true"});
        EXPECT_EQ(used.status, each.expected == verdict::problem ? 69 : 0) << used.err;
        if (used.status != 0) {
            EXPECT_THAT(used.err, AllOf(HasSubstr("~redlock:*"), HasSubstr("lacks a right")));
        }
    }
}

// What scripts call is carried out in the server, where no proxy sees it.
TEST(lost_commands, that_a_proxy_answers_for_the_server) {
    const redis_server server;
    hold(server);
    using enum verdict;
    for (const bool dry : {true, false}) {
        const proxied behind{.server = server, .acl = dry};
        behind.with_each(
            {{"EVALSHA", problem},
             {"EVAL", problem},
             {"HDEL", warning},
             {"INFO", warning},
             {"CLIENT", warning},
             {"SUBSCRIBE", warning},
             {"SCAN", warning},
             {"TIME", nothing},
             {"PTTL", nothing},
             {"SET", nothing},
             {"GET", nothing},
             {"HGETALL", nothing},
             {"CONFIG", nothing},
             {"PING", nothing}},
            [&](const lost_command& each, const std::string& url, const finished& examined) {
                expect_verdict(examined, each.expected,
                               each.name == "SUBSCRIBE"   ? "it does not tell of changed keys"
                               : each.expected == nothing ? each.word() + "\n"
                               : dry ? "something before the server refuses " + each.word()
                                     : "the server does not know " + each.word());
                EXPECT_THAT(examined.out, Not(HasSubstr("ACL SETUSER")));
                expect_agreement(url, examined, each.name);
            });
    }
}

// Each proxy has words of its own. Whatever is no answer that the server itself would give counts.
TEST(lost_commands, that_a_proxy_refuses_in_other_words) {
    const redis_server server;
    hold(server);
    using enum verdict;
    const lost_commands needed{{"EVALSHA", problem}, {"EVAL", problem},   {"HDEL", warning},
                               {"INFO", warning},    {"CLIENT", warning}, {"SUBSCRIBE", warning},
                               {"SCAN", warning}};
    const lost_commands not_needed{{"PTTL", nothing},
                                   {"SET", nothing},
                                   {"HSET", nothing},
                                   {"PEXPIRE", nothing},
                                   {"CONFIG", nothing}};
    for (const bool dry : {true, false}) {
        const auto check = [&](const lost_command& each, const std::string& url,
                               const finished& examined) {
            expect_verdict(examined, each.expected,
                           each.name == "SUBSCRIBE"   ? "it does not tell of changed keys"
                           : each.expected == nothing ? each.word() + "\n"
                           : dry ? "something before the server refuses " + each.word()
                                 : each.word());
            expect_agreement(url, examined, each.name);
        };
        for (const std::string words : {"ERR command not allowed", "ERR unsupported command",
                                        "forbidden by the proxy", "NOPERM not for you"}) {
            const proxied behind{.server = server, .words = words, .acl = dry};
            behind.with_each(needed, check);
        }
        const proxied behind{.server = server, .words = "ERR command not allowed", .acl = dry};
        behind.with_each(not_needed, check);
    }
}

// A majority of the nodes decides; one of them is a problem all the same.
TEST(lost_commands, behind_one_of_three_nodes_are_a_problem_of_that_node) {
    const redis_server a;
    const redis_server b;
    const redis_server c;
    for (const redis_server* each : {&a, &b, &c}) {
        each->vouch();
    }
    const refusing_proxy proxy{
        c.port(), {"EVALSHA"}, refusing_proxy::manner::answers, "ERR command not allowed"};
    const finished examined = examine(a.url() + "," + b.url() + "," + proxy.url());
    EXPECT_EQ(examined.status, 1) << examined.out;
    EXPECT_THAT(examined.out, AllOf(HasSubstr("something before the server refuses evalsha"),
                                    HasSubstr("2 of 3 nodes give votes")));
}

TEST(lost_commands, that_a_proxy_hangs_up_on) {
    const redis_server server;
    hold(server);
    using enum verdict;
    const proxied behind{.server = server, .how = refusing_proxy::manner::hangs_up};
    behind.with_each(
        {{"EVALSHA", problem},
         {"EVAL", problem},
         {"HDEL", warning},
         {"CLIENT", warning},
         {"SCAN", warning},
         {"CONFIG", nothing},
         {"ACL", nothing},
         {"TIME", nothing},
         {"PTTL", nothing}},
        [](const lost_command& each, const std::string& url, const finished& examined) {
            // Without EVAL not even the greeting gets through.
            expect_verdict(examined, each.expected,
                           each.name == "EVAL"
                               ? "while greeting; does a proxy on the way refuse EVAL?"
                               : "the connection is closed upon " + each.word());
            expect_agreement(url, examined, each.name);
        });
    const refusing_proxy proxy{server.port(), {"INFO"}, refusing_proxy::manner::hangs_up};
    const finished examined = examine(proxy.url());
    expect_verdict(examined, problem, "does a proxy on the way refuse INFO?");
    EXPECT_THAT(examined.out, AllOf(HasSubstr("PING is answered"), Not(HasSubstr("TLS"))));
    EXPECT_EQ(use_locks(proxy.url()).status, 69) << "as the doctor says";
    expect_agreement(proxy.url(), examined, "INFO");
}

// It is named, and not the one whose answer is missing in the end.
TEST(lost_commands, that_a_proxy_swallows) {
    const redis_server server;
    using enum verdict;
    hold(server);
    const proxied behind{.server = server, .how = refusing_proxy::manner::swallows};
    behind.with_each(
        {{"EVALSHA", problem},
         {"EVAL", problem},
         {"HDEL", warning},
         {"SCAN", warning},
         {"ACL", warning},
         {"CONFIG", warning},
         {"TIME", warning},
         {"PING", nothing}},
        [&](const lost_command& each, const std::string& url, const finished& examined) {
            expect_verdict(examined, each.expected,
                           each.name == "EVAL" ? "no answer"
                           : each.expected == problem
                               ? "no answer within the node timeout: to " + each.word()
                               : "nothing answers to " + each.word());
            const finished used = redlock({"run", "-n", "--nodes", url, "job", "--", "true"});
            EXPECT_EQ(used.status, each.expected == problem ? 69 : 0) << used.err;
            hold(server);
        });
}

TEST(lost_commands, that_are_needed_to_connect) {
    for (const std::string name : {"AUTH", "SELECT"}) {
        const redis_server server = server_with({"--rename-command", name, ""});
        const std::string url = "redis://" + std::string{name == "AUTH" ? ":secret@" : ""} +
                                "127.0.0.1:" + std::to_string(server.port()) +
                                (name == "SELECT" ? "/1" : "");
        const finished examined = examine(url);
        const std::string words = lower_case(name) + " seems to be renamed or disabled";
        expect_verdict(examined, verdict::problem, words);
        const finished used = redlock({"run", "-n", "--nodes", url, "job", "--", "true"});
        EXPECT_EQ(used.status, 69);
        EXPECT_THAT(used.err, HasSubstr(words));
        EXPECT_THAT(used.err + examined.out, Not(HasSubstr("secret")));
    }
}

TEST(lost_commands, of_the_restart_guard) {
    using enum verdict;
    const auto check = [](const lost_command& each) {
        const redis_server server = server_with({"--rename-command", each.name, ""});
        if (each.name != "INFO") {  // which vouching needs
            server.vouch();
        }
        const finished examined = examine(server.url(), {"--restart-guard", "on"});
        expect_verdict(examined, each.expected, "the server does not know " + each.word());
        EXPECT_THAT(examined.out, Not(HasSubstr("ACL SETUSER")));
        const finished used = redlock(
            {"run", "-n", "--restart-guard", "on", "--nodes", server.url(), "job", "--", "true"});
        EXPECT_EQ(used.status, each.expected == problem ? 69 : 0) << used.err;
        if (used.status != 0) {
            EXPECT_THAT(used.err, AllOf(HasSubstr(each.word() + " seems to be renamed"),
                                        Not(HasSubstr("+" + each.word()))));
        }
    };
    with_each({{"INFO", problem}, {"HMGET", problem}, {"HEXISTS", warning}}, check);
}

TEST(lost_connections, by_protected_mode_are_no_missing_right) {
    const refusing_proxy server{0, {}, refusing_proxy::manner::denies};
    const finished examined = examine(server.url());
    expect_verdict(examined, verdict::problem, "protected mode");
    EXPECT_THAT(examined.out, AllOf(HasSubstr("requirepass"), Not(HasSubstr("lacks a right")),
                                    Not(HasSubstr("docs/keys-and-acl.md"))));
    const finished used = redlock({"run", "-n", "--nodes", server.url(), "job", "--", "true"});
    EXPECT_EQ(used.status, 69);
    EXPECT_THAT(used.err, AllOf(HasSubstr("protected-mode no"), Not(HasSubstr("lacks a right"))));
}

TEST(lost_connections, by_the_wrong_scheme_are_named_as_such) {
    const support::test_authority authority;
    const redis_server server{{.unix_socket = false,
                               .password = {},
                               .arguments = {},
                               .tls = {{.files = authority.issue(), .ca = authority.file()}}}};
    struct wrong_url {
        std::string url;
        std::string words;
    };
    for (const wrong_url& each :
         {wrong_url{"rediss://127.0.0.1:" + std::to_string(server.port()),
                    "does this port speak TLS? If not, use redis://"},
          wrong_url{"redis://127.0.0.1:" + std::to_string(server.tls_port()),
                    "does this port speak TLS? Then use rediss://"}}) {
        SCOPED_TRACE(each.url);
        expect_verdict(examine(each.url), verdict::problem, each.words);
        for (const std::vector<std::string>& patience :
             {std::vector<std::string>{"-n"}, std::vector<std::string>{"-w", "600ms"}}) {
            std::vector<std::string> line{"run"};
            line.insert(line.end(), patience.begin(), patience.end());
            line.insert(line.end(), {"--nodes", each.url, "job", "--", "true"});
            const finished used = redlock(line);
            EXPECT_EQ(used.status, 69);
            EXPECT_THAT(used.err, HasSubstr(each.words));
        }
    }
}

}  // namespace
}  // namespace redlock::cli_test
