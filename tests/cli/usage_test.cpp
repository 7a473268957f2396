// Mistakes on the command line: status 64, one clear line on standard error, nothing on standard
// output, and no secret in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "cli/support/process.hpp"

namespace redlock::cli_test {
namespace {

void expect_usage(const std::vector<std::string>& arguments, const std::string& part,
                  const std::map<std::string, std::string>& environment = {}) {
    const finished result = redlock(arguments, environment);
    EXPECT_EQ(result.status, 64) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("s3cret"), std::string::npos) << result.err;
}

TEST(usage, names_what_is_missing_or_unknown) {
    expect_usage({}, "the subcommand is missing; write: redlock run|acquire|");
    expect_usage({"config"}, "config: the subcommand is missing; write: redlock config check");
    expect_usage({"status"}, "status: RESOURCE is missing; write: redlock status RESOURCE");
    expect_usage({"extend", "a"}, "extend: TOKEN is missing; write: redlock extend RESOURCE TOKEN");
    expect_usage({"frobnicate"}, "frobnicate");
    expect_usage({"run"}, "RESOURCE");
    expect_usage({"run", "a"}, "-- COMMAND");
    expect_usage({"run", "a", "--"}, "-- COMMAND");
    expect_usage({"run", "--", "true"}, "RESOURCE");
    expect_usage({"run", "--", "-a", "--"}, "-- COMMAND");
    expect_usage({"run", "--frob", "a", "--", "true"}, "--frob");
    expect_usage({"run", "a", "b", "--", "true"}, "b");
    expect_usage({"release", "a"}, "TOKEN");
    expect_usage({"local", "-n", "0", "--", "true"}, "--servers");
    expect_usage({"local", "--frob", "true"}, "--frob");
    expect_usage({"local", "--"}, "no command");
}

TEST(usage, a_missing_double_dash_is_named_with_the_form_that_was_meant) {
    expect_usage(
        {"run", "job", "./x.sh"},
        "run: \"--\" is missing before the command; write: redlock run job -- ./x.sh; see");
    // What stands behind the command's name is the command's, and no option of ours.
    expect_usage({"run", "-w", "5s", "my job", "sh", "-c", "echo hi", "-n"},
                 "write: redlock run -w 5s 'my job' -- sh -c 'echo hi' -n; see");
    expect_usage({"run", "job", "curl", "redis://u:s3cret@h", "-v"}, "is missing");
    expect_usage({"run", "job"}, "write: redlock run job -- COMMAND [ARG...]");
    expect_usage({"run", "--", "--", "true"}, "write: redlock run RESOURCE -- true; see");
    expect_usage({"run", "--", "--"}, "write: redlock run RESOURCE -- COMMAND [ARG...]; see");
    expect_usage({"run", "--", "./x.sh", "-n"}, "write: redlock run RESOURCE -- ./x.sh -n");
    expect_usage({"run", "job", std::string(10'000, 'x')}, "redlock run job -- COMMAND [ARG...]");
    expect_usage({"--key-prefix", "a:", "run", "-n", "job", "./x", "-v"},
                 "write: redlock run --key-prefix a: -n job -- ./x -v; see");
    expect_usage({"run", "-n", "job"}, "run: no command; write: redlock run -n job -- COMMAND");
    expect_usage({"run", "-n", "--", "./x"}, "write: redlock run -n RESOURCE -- ./x; see");
    expect_usage({"run", "--label", std::string(10'000, 'x'), "job", "./x"},
                 "write: redlock run [OPTIONS] RESOURCE -- ./x; see");
    expect_usage({"local", "-n", "1", "env", "-i"},
                 "local: \"--\" is missing before the command; write: redlock local -n 1 -- env "
                 "-i; see");
    expect_usage({"local", "--server", std::string(10'000, 'x'), "env"},
                 "write: redlock local [OPTIONS] -- env; see");
    expect_usage({"acquire", "a", "--", "true"}, "redlock run RESOURCE -- COMMAND runs a command");
    expect_usage({"run", "-n", "--", "job", "--"}, "write: redlock run -n job -- COMMAND [ARG...]");
    expect_usage({"run", "--", "-job", "--"}, "write: redlock run -- -job -- COMMAND [ARG...]");
}

TEST(usage, what_a_command_without_a_double_dash_is_given_is_not_judged) {
    const std::string missing = "run: \"--\" is missing before the command; write: redlock run ";
    expect_usage({"run", "a", "./prog", "--verbose=3"}, missing + "a -- ./prog --verbose=3; see");
    expect_usage({"run", "-w", "5s", "a", "./prog", "--wait="}, missing + "-w 5s a -- ./prog");
    expect_usage({"run", "a", "-n", "./prog", "-E=3"}, missing + "a -n -- ./prog -E=3; see");
    expect_usage({"run", "a", "./prog", "--label", "--json"}, missing + "a -- ./prog --label");
    expect_usage({"local", "env", "--servers="}, "write: redlock local -- env --servers=; see");
    expect_usage({"run", "a", "--verbose=3", "./prog"}, "--verbose takes no value");
    expect_usage({"run", "--wait=", "a", "./prog"}, "--wait has no value behind the \"=\"");
}

TEST(usage, a_double_dash_of_the_command_is_not_taken_for_ours) {
    expect_usage({"local", "redlock", "run", "job", "--", "x"},
                 "if the command begins there, write: redlock local -- redlock run job -- x; see");
    expect_usage({"run", "job", "git", "checkout", "--", "x"},
                 "there is also git; if the command begins there, write: redlock run job -- git "
                 "checkout -- x; see");
}

TEST(usage, a_form_that_cannot_be_copied_is_not_proposed) {
    // What is quoted for a shell is no more the same once it is made printable, or lacks a login.
    expect_usage({"run", "job", "sh", "-c", "it's"}, "redlock run job -- COMMAND [ARG...]; see");
    expect_usage({"run", "job", "a\\b"}, "redlock run job -- COMMAND [ARG...]; see");
    expect_usage({"run", "job:7@eu", "echo"}, "redlock run [OPTIONS] RESOURCE -- echo; see");
}

TEST(usage, what_is_misspelt_is_answered_with_what_may_be_meant) {
    expect_usage({"relase", "a", "t"}, "unknown subcommand relase; did you mean release?");
    expect_usage({"run", "--lease-tme", "5s", "a", "--", "true"},
                 "run: unknown option --lease-tme; did you mean --lease-time?");
    expect_usage({"run", "a", "--max-hlod", "5s", "--", "true"}, "did you mean --max-hold?");
    expect_usage({"extend", "--nodse=redis://u:s3cret@h"},
                 "extend: unknown option --nodse; did you mean --nodes?");
    expect_usage({"config", "chekc"}, "config: unknown subcommand chekc; did you mean check?");
    expect_usage({"config", "check", "--jason"},
                 "config check: unknown option --jason; did you mean --json?");
    expect_usage({"local", "--serves", "3", "--", "true"}, "did you mean --servers?");
    const finished far_off = redlock({"status", "--frobnicate", "a"});
    EXPECT_THAT(far_off.err, testing::Not(testing::HasSubstr("did you mean")));
    // A subcommand that nobody is meant to call is no suggestion.
    EXPECT_THAT(redlock({"demo-wroker"}).err, testing::Not(testing::HasSubstr("demo-worker")));
}

TEST(usage, options_for_the_nodes_may_stand_before_the_subcommand) {
    expect_usage({"--nodes", "redis://u:s3cret@h:x", "status", "job"}, "--nodes: the port");
    expect_usage({"-q", "--nodse", "redis://u:s3cret@h", "status", "job"},
                 "unknown option --nodse; did you mean --nodes?");
    expect_usage({"--on-lost=kill", "run", "a", "--", "true"},
                 "--on-lost cannot stand before the subcommand");
    const finished tried =
        redlock({"--nodes", "redis://127.0.0.1:1", "--node-timeout=1s", "status", "job"});
    EXPECT_EQ(tried.status, 69) << tried.err;
    EXPECT_THAT(tried.out, testing::HasSubstr("redis://127.0.0.1:1"));
}

TEST(usage, a_value_that_is_missing_or_too_much_is_named) {
    expect_usage({"status", "--nodes=", "a"}, "--nodes has no value behind the \"=\"");
    expect_usage({"acquire", "--lease-time=", "a"}, "--lease-time has no value behind");
    expect_usage({"--key-prefix=", "list", "foo"}, "--key-prefix has no value behind");
    expect_usage({"status", "-q=no", "a"}, "-q takes no value");
    expect_usage({"--quiet=no", "status", "a"}, "--quiet takes no value");
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"status", "--json=false", "a"}, {"--json=x", "status", "a"}}) {
        EXPECT_THAT(redlock(arguments).out,
                    testing::AllOf(testing::HasSubstr("\"error\":\"--json takes no value\""),
                                   testing::HasSubstr("\"code\":\"usage\"")));
    }
    expect_usage({"run", "-w=3", "a", "--", "true"}, "write a blank for the \"=\" behind -w");
    expect_usage({"run", "-w", "forever", "-w", "3", "a", "--", "true"},
                 "--wait is given more than once");
    expect_usage({"acquire", "a", "--label"}, "--label needs a value");
}

TEST(usage, names_the_option_whose_value_is_wrong) {
    expect_usage({"run", "--max-hold", "0", "a", "--", "true"}, "--max-hold: at least one");
    expect_usage({"local", "--server", "", "--", "true"}, "--server: is empty");
    expect_usage({"acquire", "-E", "0", "a"}, "a script would go on as if it had the lock");
    expect_usage({"run", "--lease-time", "soon", "a", "--", "true"}, "--lease-time");
    expect_usage({"run", "--lease-time", "0", "a", "--", "true"}, "--lease-time");
    expect_usage({"run", "-w", "-1", "a", "--", "true"}, "wait");
    expect_usage({"run", "-n", "-w", "1", "a", "--", "true"}, "--wait");
    expect_usage({"run", "-E", "256", "a", "--", "true"}, "256");
    expect_usage({"run", "--on-lost", "explode", "a", "--", "true"},
                 "--on-lost: 'explode' is none of term|kill|warn");
    // Not by what the words are inside.
    expect_usage({"run", "--on-lost", "2", "a", "--", "true"}, "--on-lost: '2' is none of");
    expect_usage({"run", "--restart-guard", "0", "a", "--", "true"},
                 "--restart-guard: '0' is none of auto|on|off");
    expect_usage({"run", "--max-hold", "9999999d", "a", "--", "true"}, "too long");
    expect_usage({"run", "-q", "-v", "a", "--", "true"}, "--quiet");
}

TEST(usage, leases_beyond_the_limit_are_refused) {
    expect_usage({"run", "--lease-time", "61s", "a", "--", "true"}, "max_lease_time");
    expect_usage({"run", "--lease-time", "1us", "a", "--", "true"}, "millisecond");
    expect_usage({"acquire", "--lease-time", "2m", "a"}, "max_lease_time");
    expect_usage({"run", "", "--", "true"}, "empty");
    expect_usage({"run", "--key-prefix", "", "a", "--", "true"}, "--key-prefix");
    expect_usage({"run", "--key-prefix", "{a}", "a", "--", "true"}, "key_prefix has a character");
    expect_usage({"run", "--key-prefix", "a:", "a:redlock:x", "--", "true"}, "reserved");
    for (const std::string command : {"run", "acquire", "status", "extend", "release", "doctor"}) {
        std::vector<std::string> line{command, "redlock:epoch"};
        if (command == "doctor") {
            line.insert(line.begin() + 1, "--resource");
        } else if (command == "extend" || command == "release") {
            line.emplace_back("token");
        } else if (command == "run") {
            line.insert(line.end(), {"--", "true"});
        }
        expect_usage(line, "reserved");
    }
}

TEST(usage, the_own_key_of_any_client_is_no_name) {
    const std::string key = "team:redlock:fence:{a}";
    for (const std::vector<std::string>& line :
         std::vector<std::vector<std::string>>{{"status", key},
                                               {"doctor", "--resource", key},
                                               {"acquire", key},
                                               {"release", key, "token"},
                                               {"run", key, "--", "true"}}) {
        expect_usage(line, "is that of one of redlock's own keys behind a key_prefix");
    }
}

TEST(usage, bad_urls_are_named_without_their_secrets) {
    expect_usage({"run", "--nodes", "redis://user:s3cret@host:notaport", "a", "--", "true"},
                 "port");
    expect_usage({"run", "--nodes", "http://user:s3cret@host", "a", "--", "true"}, "scheme");
    expect_usage({"status", "--nodes", "redis://a,,redis://b", "a"}, "empty");
    expect_usage({"status", "--nodse", "redis://user:s3cret@host", "a"}, "--nodse");
    expect_usage({"status", "redis://user:s3cret@host", "a", "b"}, "b");
    expect_usage({"status", "a"}, "REDLOCK_NODES", {{"REDLOCK_NODES", ""}});
    expect_usage({"status", "a"}, "port", {{"REDLOCK_NODES", "redis://:s3cret@h:99999"}});
}

TEST(usage, the_forms_of_urls_are_shown_whole) {
    expect_usage(
        {"status", "--nodes", "u:s3cret@host", "a"},
        "expected redis://[user[:password]@]host[:port][/db], unix:///path/to.sock[?db=n]");
}

TEST(usage, the_url_of_a_node_is_no_name) {
    for (const std::string url :
         {"redis://u:s3cret@h", "rediss://h", "redis+sentinel://h/m", "unix:///s3cret",
          "redis://:s3cret", "valkey://u:s3cret@h", "Redis://u:s3cret@h", "redis:/:s3cret@h",
          "http://u:s3cret@h", "https://h/?Password=s3cret"}) {
        expect_usage({"status", url}, "nodes are named by --nodes");
        expect_usage({"run", url, "--", "true"}, "nodes are named by --nodes");
        const bool has_password = url.find("s3cret") != std::string::npos;
        expect_usage({"acquire", "--label", has_password ? url : "redis://u:s3cret@h", "a"},
                     "--label: looks like");
    }
    // No node, and nothing secret.
    for (const std::string name : {"redis:orders", "https://git@example.org/a:b", "unix:mail"}) {
        EXPECT_EQ(redlock({"status", "--nodes", "redis://127.0.0.1:1", name}).status, 69) << name;
    }
}

TEST(usage, of_several_urls_the_wrong_one_is_named_with_where_it_stands) {
    const std::string urls = "redis://u:s3cret@a,redis://:s3cret@h:x,redis://c";
    expect_usage({"status", "--nodes", urls, "a"}, "--nodes, URL 2 of 3: the port");
    expect_usage({"status", "a"}, "REDLOCK_NODES, URL 2 of 3: the port", {{"REDLOCK_NODES", urls}});
    expect_usage({"status", "--nodes", "redis://a,", "a"}, "--nodes: URL 2 is empty");
    expect_usage({"run", "--nodes", urls, "a", "--", "true"}, "--nodes, URL 2 of 3: the port");
    expect_usage({"doctor", "--nodes", urls}, "--nodes, URL 2 of 3: the port");
}

TEST(usage, what_is_given_but_empty_is_not_the_default) {
    for (const std::string option : {"--nodes", "--nodes-file", "--config"}) {
        for (const std::string value : {"", " "}) {
            expect_usage({"status", option, value, "a"}, option + ": is empty");
            expect_usage({"run", option, value, "a", "--", "true"}, option + ": is empty");
        }
        expect_usage({"status", option + "=", "a"}, option + " has no value behind");
    }
    expect_usage({"status", "a"}, "REDLOCK_NODES is empty", {{"REDLOCK_NODES", " "}});
}

TEST(usage, names_that_no_lock_can_have_are_refused_in_few_words) {
    const std::string huge(70'000, 'x');
    for (const auto& [name, words] :
         {std::pair<std::string, std::string>{"", "name is empty"},
          std::pair<std::string, std::string>{huge, "has 70000 bytes"}}) {
        for (const std::vector<std::string>& arguments :
             std::vector<std::vector<std::string>>{{"run", name, "--", "true"},
                                                   {"run", "--", name, "--", "true"},
                                                   {"acquire", name},
                                                   {"extend", name, "token"},
                                                   {"release", name, "token"},
                                                   {"status", name},
                                                   {"doctor", "--resource", name}}) {
            const finished result = redlock(arguments);
            EXPECT_EQ(result.status, 64) << arguments.front();
            EXPECT_THAT(result.err, testing::HasSubstr(words)) << arguments.front();
            EXPECT_THAT(result.err, testing::Not(testing::HasSubstr(": :"))) << arguments.front();
            EXPECT_LT(result.err.size(), 400U) << arguments.front();
        }
    }
}

TEST(usage, what_is_no_node_number_is_refused_in_few_words) {
    for (const std::string wrong : {"-1", "abc", "1e3", "99999999999999999999", ""}) {
        const finished result = redlock({"vouch", "--", wrong});
        EXPECT_EQ(result.status, 64) << wrong;
        EXPECT_THAT(result.err, testing::HasSubstr("is not the number of a node")) << wrong;
        EXPECT_LT(result.err.size(), 200U) << wrong;
    }
}

TEST(usage, one_node_given_twice_is_refused) {
    expect_usage({"status", "--nodes", "redis://h:1,redis://h:1", "a"}, "twice");
}

TEST(usage, nodes_file) {
    const std::string path = testing::TempDir() + "redlock-nodes-" + std::to_string(::getpid());
    expect_usage({"status", "--nodes-file", path, "a"}, "cannot read");
    std::ofstream(path) << "# only a comment\n\n";
    expect_usage({"status", "--nodes-file", path, "a"}, "names no node");
    std::ofstream(path) << "# nodes\n  redis://u:s3cret@h:1  \nredis://h:no\n";
    expect_usage({"status", "--nodes-file", path, "a"}, "--nodes-file " + path + ":3: the port");
    expect_usage({"status", "--nodes", "redis://h", "--nodes-file", path, "a"}, "--nodes");
    std::ofstream(path) << "\xEF\xBB\xBFredis://127.0.0.1:1\n";
    EXPECT_EQ(redlock({"status", "--nodes-file", path, "a"}).status, 69);
    std::ofstream(path) << "redis://h:1  # the first\n";
    expect_usage({"status", "--nodes-file", path, "a"}, path + ":1: a comment needs a line of");
    ::unlink(path.c_str());
    expect_usage({"status", "--nodes-file", testing::TempDir(), "a"}, "it is a folder");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    expect_usage({"status", "--nodes-file", path, "a"}, "it is not a regular file but a pipe");
    ::unlink(path.c_str());
}

TEST(usage, json_of_the_command_is_not_ours) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"run", "job", "cmd", "--json"},
                                               {"run", "job", "cmd", "--json", "--", "x"},
                                               {"local", "cmd", "--json"}}) {
        const finished result = redlock(arguments);
        EXPECT_EQ(result.status, 64);
        EXPECT_EQ(result.out, "") << arguments.front();
    }
    EXPECT_THAT(redlock({"run", "--json", "job", "--", "cmd"}).out,
                testing::HasSubstr("\"code\":\"usage\""));
}

TEST(usage, help_and_version_go_to_standard_output) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"--help"},
                                               {"run", "--help"},
                                               {"acquire", "--help"},
                                               {"extend", "--help"},
                                               {"release", "--help"},
                                               {"status", "--help"},
                                               {"leader", "--help"},
                                               {"list", "--help"},
                                               {"local", "--help"},
                                               {"demo", "--help"},
                                               {"--version"}}) {
        const finished result = redlock(arguments);
        EXPECT_EQ(result.status, 0);
        EXPECT_NE(result.out.find("redlock"), std::string::npos);
        EXPECT_EQ(result.err, "");
        EXPECT_EQ(result.out.find("demo-worker"), std::string::npos);
    }
    EXPECT_NE(redlock({"run", "--help"}).out.find("79"), std::string::npos);
}

TEST(usage, help_that_cannot_be_written_is_no_success) {
    for (const std::string asked : {"--help", "--version", "run --help"}) {
        const std::string line = REDLOCK_BINARY " " + asked + " >/dev/full";
        process shell{{.arguments = {"sh", "-c", line}}};
        const finished result = shell.wait();
        EXPECT_EQ(result.status, 74);
        EXPECT_THAT(result.err, testing::HasSubstr("cannot write to standard output: No space"));
    }
}

TEST(usage, version_and_help_may_stand_beside_other_options) {
    EXPECT_EQ(redlock({"--json", "-V"}).out, redlock({"-V"}).out);
    EXPECT_EQ(redlock({"--json", "help", "run"}).out, redlock({"run", "--help"}).out);
    EXPECT_EQ(redlock({"help", "--json"}).out, redlock({"--help"}).out);
    EXPECT_EQ(redlock({"help", "help"}).out, redlock({"--help"}).out);
}

/// Without its line ends.
std::string help_in_one_line(const std::string& subcommand) {
    std::string help = redlock({subcommand, "--help"}).out;
    std::replace(help.begin(), help.end(), '\n', ' ');
    return help;
}

TEST(usage, help_promises_the_status_of_unusable_nodes_only_where_it_is_given) {
    for (const std::string subcommand : {"run", "acquire", "extend", "release"}) {
        EXPECT_THAT(help_in_one_line(subcommand),
                    testing::AllOf(testing::HasSubstr("78"),
                                   testing::HasSubstr("another number of nodes")));
    }
    EXPECT_THAT(help_in_one_line("doctor"), testing::HasSubstr("another number of nodes"));
    EXPECT_THAT(help_in_one_line("status"),
                testing::AllOf(testing::HasSubstr("78 other clients use another number of permits"),
                               testing::Not(testing::HasSubstr("number of nodes"))));
    EXPECT_EQ(help_in_one_line("list").find("78"), std::string::npos);
}

}  // namespace
}  // namespace redlock::cli_test
