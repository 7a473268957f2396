// Somebody who searches the troubleshooting pages for a message finds it: each message that a page
// shows is what the command prints today, provoked on real servers, with the status that it has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <redlock/error.hpp>
#include <stdexcept>

#include "cli/output/explanations.hpp"
#include "cli/support/three_nodes.hpp"
#include "cli/support/worded.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const cli::explanation& section_about(std::string_view code) {
    static const auto all = cli::explanations_in(cli::troubleshooting_pages);
    const auto* const found = cli::find_explanation(all, code);
    if (found == nullptr) {
        throw std::runtime_error("no section for " + std::string{code});
    }
    return *found;
}

/// All messages of the section, each of which one of these outputs has.
void expect_messages(std::string_view code, const std::vector<std::string>& outputs) {
    for (const cli::explained_point& each : section_about(code).points) {
        EXPECT_TRUE(each.label != "Message" ||
                    std::ranges::any_of(
                        outputs, [&](const std::string& out) { return is_worded(out, each.text); }))
            << code << ": " << each.text << "\nis in none of:\n"
            << testing::PrintToString(outputs);
    }
}

class explained_errors : public three_nodes {
  protected:
    std::string said_by(std::vector<std::string> arguments, int status,
                        std::map<std::string, std::string> environment = {}) const {
        environment.try_emplace("REDLOCK_NODES", urls());
        const finished result = redlock(std::move(arguments), std::move(environment));
        EXPECT_EQ(result.status, status) << result.err;
        return result.err;
    }
    static std::string message(errc code) { return make_error_code(code).message(); }
};

TEST_F(explained_errors, contention_and_loss) {
    hold_everywhere("job");
    expect_messages("contended",
                    {said_by({"run", "-n", "job", "--", "true"}, 75), message(errc::contended)});
    expect_messages("timed_out", {said_by({"run", "-w", "2s", "job", "--", "true"}, 75),
                                  message(errc::timed_out)});
    nodes[0].command({"PERSIST", "job"});
    nodes[1].command({"PERSIST", "job"});
    EXPECT_THAT(said_by({"run", "-n", "job", "--", "true"}, 75), HasSubstr("with no expiry"));
    expect_messages(
        "lost", {said_by({"release", "free", "token"}, 1), message(errc::lost),
                 said_by({"run", "--lease-time", "300ms", "own", "--", "sh", "-c",
                          std::string{REDLOCK_BINARY} + " release own $REDLOCK_TOKEN; sleep 1000"},
                         79)});
}

TEST_F(explained_errors, nodes_that_do_not_do) {
    const std::string down = "redis://127.0.0.1:1";
    const std::string unreachable =
        said_by({"run", "-n", "job", "--nodes", down, "--", "true"}, 69);
    expect_messages("no_quorum", {unreachable, message(errc::no_quorum)});
    expect_messages("not_connected", {unreachable});
    said_by({"run", "job", "--", "true"}, 0);
    expect_messages("different_nodes",
                    {said_by({"run", "-n", "--nodes", nodes[0].url(), "job", "--", "true"}, 78),
                     message(errc::different_nodes)});
    said_by({"run", "--permits", "2", "pool", "--", "true"}, 0);
    expect_messages("permits_mismatch",
                    {said_by({"run", "--permits", "3", "pool", "--", "true"}, 78),
                     message(errc::permits_mismatch)});
    // Last: from here on the nodes know a client with two nodes.
    const std::string same = "redis://localhost:" + std::to_string(nodes[0].port());
    const auto twice = [&](const std::string& other, int status) {
        return said_by({"run", "-n", "--nodes", nodes[0].url() + "," + other, "job", "--", "true"},
                       status);
    };
    expect_messages("same_server_twice",
                    {twice(nodes[0].url(), 64), twice(same, 78), message(errc::same_server_twice)});
}

TEST_F(explained_errors, wrong_usage) {
    expect_messages("usage", {said_by({"run", "job"}, 64)});
    expect_messages("invalid_argument",
                    {said_by({"run", "--lease-time", "70s", "job", "--", "true"}, 64),
                     message(errc::invalid_argument)});
    expect_messages("resource_twice", {said_by({"run", "a", "--also", "a", "--", "true"}, 64),
                                       message(errc::resource_twice)});
    std::vector<std::string> urls;
    for (const char* const each : {"no-scheme", "http://host", "redis://host:99999"}) {
        urls.push_back(said_by({"status", "--nodes", each, "job"}, 64));
    }
    expect_messages("bad_url", urls);
}

TEST_F(explained_errors, ends_of_the_command) {
    expect_messages("124",
                    {said_by({"run", "--max-hold", "20ms", "job", "--", "sleep", "1000"}, 124)});
    expect_messages("126", {said_by({"run", "job", "--", "/"}, 126)});
    expect_messages("127", {said_by({"run", "job", "--", "no-such-program"}, 127)});
    hold_everywhere("held");
    process waiting{start({"acquire", "--json", "-v", "held"})};
    waiting.wait_for_err("attempt");
    waiting.signal(SIGTERM);
    const finished interrupted = waiting.wait();
    EXPECT_EQ(interrupted.status, 128 + SIGTERM);
    expect_messages("interrupted", {interrupted.out});
}

TEST_F(explained_errors, configuration) {
    const std::string path = testing::TempDir() + "explained_errors.toml";
    const auto refusal_of = [&](const std::string& text) {
        std::ofstream{path} << text;
        return said_by({"config", "check", "--config", path}, 64);
    };
    expect_messages("config_unreadable",
                    {said_by({"config", "check", "--config", path + ".none"}, 64)});
    expect_messages("config_not_toml", {refusal_of("nodes = [\"redis://a\" \"b\"]\n"),
                                        refusal_of("label = \u201cx\u201d\n")});
    expect_messages("config_unknown_key",
                    {refusal_of("lease = 1\n"), refusal_of("[acquire]\nx = 1\n")});
    expect_messages("config_wrong_value",
                    {refusal_of("lease_time = 10\n"), refusal_of("lease_time = \"10 parsecs\"\n"),
                     refusal_of("fencing = \"true\"\n"), refusal_of("guard = \"maybe\"\n")});
    expect_messages("config_empty", {refusal_of("nodes = []\n"),
                                     said_by({"status", "job"}, 64, {{"REDLOCK_NODES", ""}}),
                                     said_by({"status", "job"}, 64, {{"REDLOCK_CONFIG", ""}})});
    std::remove(path.c_str());
}

TEST_F(explained_errors, name_their_code_on_a_terminal_only) {
    const std::vector<std::string> line{"release", "--nodes", "redis://127.0.0.1:1", "job",
                                        "token"};
    EXPECT_THAT(said_by(line, 69), Not(HasSubstr("redlock explain")));
    process_options on_terminal = start(line);
    on_terminal.on_terminal = true;
    EXPECT_THAT(process{on_terminal}.wait().out, HasSubstr(" (redlock explain no_quorum)"));
    hold_everywhere("job");
    process_options contended = start({"run", "-n", "job", "--", "true"});
    contended.on_terminal = true;
    EXPECT_THAT(process{contended}.wait().out, Not(HasSubstr("redlock explain")));
}

}  // namespace
}  // namespace redlock::cli_test
