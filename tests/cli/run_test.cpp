// `redlock run` on real servers: what the command gets, and every exit status that needs no loss.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <csignal>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using run_command = three_nodes;

TEST_F(run_command, passes_status_on_and_releases) {
    EXPECT_EQ(run({"run", "a", "--", "true"}).status, 0);
    EXPECT_EQ(run({"run", "a", "--", "false"}).status, 1);
    EXPECT_EQ(run({"run", "a", "--", "sh", "-c", "exit 42"}).status, 42);
    EXPECT_TRUE(clean("a"));
}

TEST_F(run_command, tells_the_signal_that_killed_the_command) {
    EXPECT_EQ(run({"run", "a", "--", "sh", "-c", "kill -KILL $$"}).status, 128 + SIGKILL);
    EXPECT_EQ(run({"run", "a", "--", "sh", "-c", "kill -SEGV $$"}).status, 128 + SIGSEGV);
    EXPECT_TRUE(clean("a"));
}

TEST_F(run_command, gives_the_environment) {
    const auto result =
        run({"run", "job {1}", "--", "sh", "-c",
             R"(echo "$REDLOCK_RESOURCE|$REDLOCK_TOKEN|$REDLOCK_FENCING_TOKEN|$REDLOCK_NODES")"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(result.out.starts_with("job {1}|")) << result.out;
    EXPECT_TRUE(result.out.ends_with("|" + urls() + "\n")) << result.out;
    EXPECT_EQ(result.err, "");
}

TEST_F(run_command, the_token_in_the_environment_is_the_key_on_the_nodes) {
    process runner{start({"run", "a", "--", "sh", "-c", "echo $REDLOCK_TOKEN.; read x"})};
    runner.wait_for_out(".\n");
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 1);  // read met the end of the input
    process holder{{.arguments = redlock_line(
                        {"run", "a", "--", "sh", "-c", "echo token=$REDLOCK_TOKEN.; sleep 1000"}),
                    .environment = environment()}};
    holder.wait_for_out(".\n");
    const auto key = nodes[0].get("a");
    ASSERT_TRUE(key);
    holder.wait_for_out("token=" + *key + ".");
}

TEST_F(run_command, fencing_tokens_grow) {
    const std::vector<std::string> line{"run", "a",  "--",
                                        "sh",  "-c", "echo $REDLOCK_FENCING_TOKEN"};
    const auto first = std::stoull(run(line).out);
    const auto second = std::stoull(run(line).out);
    EXPECT_GT(first, 0U);
    EXPECT_GT(second, first);
}

TEST_F(run_command, contended) {
    hold_everywhere("a");
    EXPECT_EQ(run({"run", "-n", "a", "--", "echo", "ran"}).status, 75);
    EXPECT_EQ(run({"run", "-w", "0", "a", "--", "echo", "ran"}).status, 75);
    const auto result = run({"run", "-w", "1s", "a", "--", "echo", "ran"});
    EXPECT_EQ(result.status, 75);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("redlock: a: "), std::string::npos) << result.err;
    EXPECT_EQ(run({"run", "-n", "-E", "3", "a", "--", "true"}).status, 3);
    const auto fine = run({"run", "-n", "--conflict-exit-code=0", "a", "--", "echo", "ran"});
    EXPECT_EQ(fine.status, 0) << fine.err;
    EXPECT_EQ(fine.out, "");
    EXPECT_EQ(run({"run", "-q", "-n", "a", "--", "true"}).err, "");
    EXPECT_EQ(nodes[0].get("a"), "other");
}

TEST_F(run_command, waits_until_the_lock_is_free) {
    hold_everywhere("a");
    process waiter{start({"run", "-v", "a", "--", "echo", "ran"})};
    waiter.wait_for_err("attempt failed");
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    const auto result = waiter.wait();
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "ran\n");
}

TEST_F(run_command, no_quorum) {
    nodes[0].kill();
    EXPECT_EQ(run({"run", "a", "--", "true"}).status, 0);
    nodes[1].kill();
    const auto result = run({"run", "-n", "a", "--", "echo", "ran"});
    EXPECT_EQ(result.status, 69) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("node 0 (" + nodes[0].url()), std::string::npos) << result.err;
    EXPECT_FALSE(nodes[2].get("a"));
}

TEST_F(run_command, same_server_twice) {
    const auto result = redlock(
        {"run", "--nodes", nodes[0].url() + ",redis://localhost:" + std::to_string(nodes[0].port()),
         "a", "--", "echo", "ran"});
    EXPECT_EQ(result.status, 78) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("one and the same server"), std::string::npos) << result.err;
}

TEST_F(run_command, a_command_that_is_not_there_or_no_program) {
    const auto missing = run({"run", "a", "--", "/no/such/program"});
    EXPECT_EQ(missing.status, 127);
    EXPECT_NE(missing.err.find("/no/such/program"), std::string::npos);
    EXPECT_EQ(run({"run", "a", "--", "no-such-program-in-path"}).status, 127);
    EXPECT_EQ(run({"run", "a", "--", "/etc/passwd"}).status, 126);
    EXPECT_EQ(run({"run", "a", "--", "/"}).status, 126);
    EXPECT_TRUE(clean("a"));
}

// A lease so short that whoever waited for its end would come to it, and say more.
TEST_F(run_command, a_command_that_cannot_be_executed_ends_it_all_at_once) {
    const auto result = run({"run", "--lease-time", "2s", "a", "--", "/no/such/program"});
    EXPECT_EQ(result.status, 127);
    EXPECT_EQ(result.err, "redlock: cannot execute /no/such/program: No such file or directory\n");
    EXPECT_TRUE(clean("a"));
}

TEST_F(run_command, takes_a_name_that_begins_with_a_dash) {
    const auto result =
        run({"run", "-n", "--", "-lead", "--", "sh", "-c", "echo $REDLOCK_RESOURCE $0", "--"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "-lead --\n");
}

TEST_F(run_command, standard_output_is_the_commands_alone) {
    const auto result = run({"run", "-v", "a", "--", "printf", "x"});
    EXPECT_EQ(result.out, "x");
    EXPECT_NE(result.err.find("acquired a"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("released a"), std::string::npos) << result.err;
}

TEST_F(run_command, standard_input_is_passed_on) {
    auto options = start({"run", "a", "--", "cat"});
    options.input = "line\n";
    EXPECT_EQ(process{options}.wait().out, "line\n");
}

TEST_F(run_command, no_shell_and_no_option_of_the_command_is_ours) {
    EXPECT_EQ(run({"run", "a", "--", "echo", "--wait", "$HOME;*", "--", "-n"}).out,
              "--wait $HOME;* -- -n\n");
}

TEST_F(run_command, the_command_gets_the_descriptors_we_were_given_and_none_of_ours) {
    const std::string count = "ls /proc/self/fd | wc -l";
    const auto expected = [&](const std::string& before) {
        return process{{.arguments = {"sh", "-c", before + count}}}.wait().out;
    };
    EXPECT_EQ(run({"run", "a", "--", "sh", "-c", count}).out, expected(""));
    process_options older = start({"run", "a", "--", "sh", "-c", count});
    older.may_not_close_ranges = true;
    EXPECT_EQ(process{older}.wait().out, expected(""));
    const process_options with_one_more{
        .arguments = {"sh", "-c",
                      std::string{"exec 7</dev/null; "} + REDLOCK_BINARY +
                          " run a -- sh -c 'test -e /proc/self/fd/7 && " + count + "'"},
        .environment = environment()};
    EXPECT_EQ(process{with_one_more}.wait().out, expected("exec 7</dev/null; "));
}

TEST_F(run_command, the_command_begins_with_ordinary_signals) {
    // SIGPIPE and SIGTTOU are ignored in redlock itself, and everything is blocked while it forks.
    const auto result = run({"run", "a", "--", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"});
    EXPECT_EQ(result.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(run_command, what_nohup_ignores_stays_ignored) {
    const process_options under_nohup{
        .arguments = {"sh", "-c",
                      std::string{"trap '' HUP; exec "} + REDLOCK_BINARY +
                          " run a -- grep ^SigIgn /proc/self/status"},
        .environment = environment()};
    EXPECT_EQ(process{under_nohup}.wait().out, "SigIgn:\t0000000000000001\n");
}

TEST_F(run_command, nested_in_another_it_can_lock_a_second_resource) {
    const auto result = run({"run", "a", "--", REDLOCK_BINARY, "run", "b", "--", "echo", "both"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "both\n");
}

TEST_F(run_command, max_hold_stops_the_command) {
    const auto polite = run({"run", "--max-hold", "100ms", "a", "--", "sleep", "1000"});
    EXPECT_EQ(polite.status, 124);
    EXPECT_NE(polite.err.find("longer than 100ms"), std::string::npos) << polite.err;
    const auto deaf = run({"run", "--max-hold", "100ms", "--stop-margin", "100ms", "a", "--", "sh",
                           "-c", "trap '' TERM; while :; do sleep 0.01; done"});
    EXPECT_EQ(deaf.status, 124);
    EXPECT_TRUE(clean("a"));
}

TEST_F(run_command, renews_for_as_long_as_the_command_runs) {
    process runner{start({"run", "-v", "--lease-time", "300ms", "a", "--", "sleep", "1000"})};
    runner.wait_for_err("extended a");
    runner.wait_for_err("extended a");
    EXPECT_GE(nodes_holding("a"), 2);
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().status, 128 + SIGTERM);
}

TEST_F(run_command, nodes_come_from_a_file) {
    const std::string path = testing::TempDir() + "redlock-file-" + std::to_string(::getpid());
    FILE* file = ::fopen(path.c_str(), "w");
    std::fprintf(file, "# three\n%s\n\n  %s\n%s\n", nodes[0].url().c_str(), nodes[1].url().c_str(),
                 nodes[2].url().c_str());
    std::fclose(file);
    const auto result =
        redlock({"run", "--nodes-file", path, "a", "--", "sh", "-c", "echo $REDLOCK_NODES"});
    EXPECT_EQ(result.out, urls() + "\n") << result.err;
    ::unlink(path.c_str());
}

TEST_F(run_command, status_shows_who_holds_it) {
    process runner{start({"run", "a", "--", "sh", "-c", "echo up; sleep 1000"})};
    runner.wait_for_out("up");
    const auto status = run({"status", "a"});
    EXPECT_NE(status.out.find(":" + std::to_string(runner.pid()) + " sh"), std::string::npos)
        << status.out;
}

}  // namespace
}  // namespace redlock::cli_test
