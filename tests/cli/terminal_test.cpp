// `redlock run` on a terminal: the command is its foreground job, and it is given back afterwards.
#include <gtest/gtest.h>

#include <csignal>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

class on_terminal : public three_nodes {
  protected:
    [[nodiscard]] process_options start_on_terminal(std::vector<std::string> line) const {
        return {.arguments = std::move(line), .environment = environment(), .on_terminal = true};
    }
};

TEST_F(on_terminal, the_command_may_read) {
    process runner{start_on_terminal(
        redlock_line({"run", "a", "--", "sh", "-c", "echo ready; read x; echo \"got $x\""}))};
    runner.wait_for_out("ready");
    runner.type("hello\n");
    runner.wait_for_out("got hello");
    EXPECT_EQ(runner.wait().status, 0);
}

TEST_F(on_terminal, interrupt_reaches_the_command) {
    process runner{start_on_terminal(
        redlock_line({"run", "a", "--", "sh", "-c", "echo ready; exec sleep 1000"}))};
    runner.wait_for_out("ready");
    runner.type("\x03");
    EXPECT_EQ(runner.wait().status, 128 + SIGINT);
    EXPECT_TRUE(clean("a"));
}

TEST_F(on_terminal, the_shell_may_read_again_afterwards) {
    process shell{start_on_terminal(
        {"sh", "-c",
         std::string{REDLOCK_BINARY} + " run a -- true; echo ready; read x; echo \"got $x\""})};
    shell.wait_for_out("ready");
    shell.type("hello\n");
    shell.wait_for_out("got hello");
    EXPECT_EQ(shell.wait().status, 0);
}

TEST_F(on_terminal, a_program_that_cannot_be_executed_leaves_the_terminal_to_us) {
    process shell{start_on_terminal({"sh", "-c",
                                     std::string{REDLOCK_BINARY} +
                                         " run a -- /etc/passwd; echo status $?; read x; "
                                         "echo \"got $x\""})};
    shell.wait_for_out("status 126");
    shell.type("hello\n");
    shell.wait_for_out("got hello");
    EXPECT_EQ(shell.wait().status, 0);
}

TEST_F(on_terminal, stop_and_foreground_as_a_job_of_a_shell) {
    process shell{start_on_terminal({"bash", "--norc", "--noprofile", "-i"})};
    const auto line = std::string{REDLOCK_BINARY} +
                      " run --lease-time 30s a -- sh -c 'echo re''ady; read x; echo \"got $x\"'\n";
    shell.type(line);
    shell.wait_for_out("ready\r\n");
    shell.type("\x1a");
    shell.wait_for_out("Stopped");
    shell.type("echo at the prom''pt\n");
    shell.wait_for_out("at the prompt\r\n");
    shell.type("fg\nhello\n");
    shell.wait_for_out("got hello");
    shell.type("exit\n");
    shell.wait();
    EXPECT_TRUE(clean("a"));
}

TEST_F(on_terminal, the_demo_of_a_bar_is_for_terminals_only) {
    process demo{start_on_terminal(redlock_line({"demo"}))};
    demo.wait_for_out("\r");
    demo.wait_for_out("Without a lock");
    demo.wait_for_out("[#");
    demo.signal(SIGKILL);
}

}  // namespace
}  // namespace redlock::cli_test
