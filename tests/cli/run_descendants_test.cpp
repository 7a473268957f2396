// Everything that the command started ends with the lock, however it left the command's group,
// session or parent. Each way of leaving appends to a file, and has ended when redlock has.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

/// Says its number in a file and works until somebody ends it. It hears no SIGTERM.
const std::string deaf_worker =
    "trap '' TERM HUP; echo $$ >\"$NUMBER\"; while :; do sleep 0.01; done";
const std::string worker = "echo $$ >\"$NUMBER\"; while :; do sleep 0.01; done";

struct way_out {
    const char* name;
    const char* line;  ///< A script that starts "$WORKER" and waits.
};

/// So that nobody waits for the end of our output.
const std::string in_background = "setsid sh -c \"$WORKER\" >/dev/null 2>&1 </dev/null & ";
const std::string until_it_works = "until [ -s \"$NUMBER\" ]; do sleep 0.01; done; ";

const std::vector<way_out> ways{
    {"plainly", "sh -c \"$WORKER\""},
    {"timeout", "timeout 60 sh -c \"$WORKER\""},
    {"job_control", "bash -c 'set -m; sh -c \"$WORKER\" & wait'"},
    {"setsid", "setsid -w sh -c \"$WORKER\""},
    {"double_fork", "(setsid sh -c \"$WORKER\" &) ; exec sleep 1000"},
};

class with_worker : public three_nodes {
  protected:
    ~with_worker() override { ::unlink(number_.c_str()); }

    [[nodiscard]] process_options start_worker(std::vector<std::string> options,
                                               const std::string& script,
                                               const std::string& work = worker) const {
        ::unlink(number_.c_str());
        options.insert(options.begin(), "run");
        options.insert(options.end(), {"a", "--", "sh", "-c", script});
        auto line = start(options);
        line.environment["WORKER"] = work;
        line.environment["NUMBER"] = number_;
        return line;
    }
    /// The worker's number, once it works.
    [[nodiscard]] pid_t working() const {
        pid_t number = 0;
        eventually([&] { return (std::ifstream(number_) >> number) && number > 1; },
                   "the worker works");
        EXPECT_TRUE(alive(number));
        return number;
    }
    void lose() {
        for (auto& node : nodes) {
            node.command({"DEL", "a"});
        }
    }

  private:
    std::string number_ = testing::TempDir() + "redlock-worker-" + std::to_string(::getpid());
};

class run_descendants : public with_worker, public testing::WithParamInterface<way_out> {};

TEST_P(run_descendants, end_when_the_lock_is_lost) {
    for (const std::string& work : {worker, deaf_worker}) {
        process runner{start_worker({"--lease-time", "3s"}, GetParam().line, work)};
        const pid_t number = working();
        lose();
        const auto result = runner.wait();
        EXPECT_EQ(result.status, 79) << result.err;
        EXPECT_FALSE(alive(number)) << "by the time that redlock has ended";
    }
}

TEST_P(run_descendants, end_at_max_hold) {
    process runner{start_worker({"--max-hold", "1s"}, GetParam().line, deaf_worker)};
    const pid_t number = working();
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 124) << result.err;
    EXPECT_NE(result.err.find("runs for longer than 1.0s"), std::string::npos) << result.err;
    EXPECT_FALSE(alive(number));
    EXPECT_TRUE(clean("a"));
}

TEST_P(run_descendants, end_when_redlock_is_killed) {
    process runner{start_worker({}, GetParam().line, deaf_worker)};
    const pid_t number = working();
    runner.signal(SIGKILL);
    const auto result = runner.wait_for_the_last_word();  // which is the keeper's
    EXPECT_EQ(result.status, -SIGKILL);
    EXPECT_NE(result.err.find("redlock: a: redlock was killed"), std::string::npos) << result.err;
    eventually([&] { return !alive(number); }, "the worker ends");
}

TEST_P(run_descendants, end_when_redlock_is_stopped_for_too_long) {
    process runner{start_worker({"--lease-time", "1s"}, GetParam().line, deaf_worker)};
    const pid_t number = working();
    runner.signal(SIGSTOP);
    runner.wait_for_err("redlock: a: the lock is lost: redlock could not renew it in time");
    eventually([&] { return !alive(number); }, "the worker ends");
    runner.signal(SIGCONT);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79) << result.err;
}

TEST_P(run_descendants, end_when_the_keeper_is_killed) {
    process runner{start_worker({}, GetParam().line, deaf_worker)};
    const pid_t number = working();
    const auto children = children_of(runner.pid());
    ASSERT_EQ(children.size(), 1U);
    ASSERT_EQ(::kill(children[0], SIGKILL), 0);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 70) << result.err;
    EXPECT_NE(result.err.find("the keeper process has ended"), std::string::npos) << result.err;
    EXPECT_FALSE(alive(number));
    EXPECT_TRUE(clean("a"));
}

INSTANTIATE_TEST_SUITE_P(ways, run_descendants, testing::ValuesIn(ways),
                         [](const auto& tried) { return std::string{tried.param.name}; });

using run_background = with_worker;

TEST_F(run_background, ends_before_the_lock_is_released) {
    for (const std::string& work : {worker, deaf_worker}) {
        process runner{start_worker({}, in_background + until_it_works + "exit 3", work)};
        const pid_t number = working();
        const auto result = runner.wait();
        EXPECT_EQ(result.status, 3) << result.err;
        EXPECT_NE(result.err.find("what it left running is ended too"), std::string::npos)
            << result.err;
        EXPECT_FALSE(alive(number));
        EXPECT_TRUE(clean("a"));
    }
}

// As a tee at the end of a pipe does, which still has something to write.
TEST_F(run_background, may_end_by_itself_in_a_moment) {
    const auto result = run({"run", "a", "--", "sh", "-c", "(sleep 0.1; echo written) & exit 0"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "written\n");
    EXPECT_EQ(result.err, "");
}

TEST_F(run_background, is_kept_if_asked_for) {
    process runner{
        start_worker({"--background", "keep"}, in_background + until_it_works + "exit 3")};
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(result.err, "");
    const pid_t number = working();
    EXPECT_TRUE(clean("a"));
    ::kill(number, SIGKILL);
}

TEST_F(run_background, that_was_to_be_kept_ends_all_the_same_while_the_command_runs) {
    process runner{start_worker({"--background", "keep", "--lease-time", "3s"},
                                "(setsid sh -c \"$WORKER\" &) ; exec sleep 1000")};
    const pid_t number = working();
    lose();
    EXPECT_EQ(runner.wait().status, 79);
    EXPECT_FALSE(alive(number));
}

/// The first process of a container gets all orphans, and must take leave of each.
class first_of_a_container : public run_background {
  protected:
    void SetUp() override {
        auto probe = container;
        probe.emplace_back("true");
        if (process{{.arguments = probe}}.wait().status != 0) {
            GTEST_SKIP() << "no namespaces may be made here";
        }
    }

    /// `shell`: begins as the first process, and becomes redlock. `command`: says how many still
    /// are called sleep, as a zombie is that nobody took leave of.
    void expect_no_zombies(const std::string& shell, const std::string& command) {
        auto line = container;
        line.insert(line.end(), {"sh", "-c", shell, "sh"});
        const auto runner = redlock_line({"run", "a", "--", "sh", "-c", command});
        line.insert(line.end(), runner.begin(), runner.end());
        const auto result = process{{.arguments = line, .environment = environment()}}.wait();
        EXPECT_EQ(result.status, 5) << result.err;
        EXPECT_EQ(result.out, "0\n") << "no zombies";
    }

    const std::vector<std::string> container{"unshare", "--map-root-user", "--pid", "--fork",
                                             "--mount-proc"};
};

TEST_F(first_of_a_container, reaps_orphans) {
    // The orphan of the shell that becomes redlock is nobody's descendant but ours; those of the
    // command are the keeper's. Many looks: some take their time.
    expect_no_zombies("(sleep 0.1 &); exec \"$@\"",
                      "for i in 1 2 3 4 5; do (sleep 0.1 &); done; "
                      "n=0; while cat /proc/[0-9]*/stat 2>/dev/null | grep -q '(sleep)' && "
                      "[ $n -lt 5000 ]; do n=$((n + 1)); done; "
                      "cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep)'; exit 5");
}

TEST_F(first_of_a_container, reaps_what_ended_before_it_began) {
    // Not the shell: it might wait for whatever has ended before it becomes redlock.
    expect_no_zombies(R"(exec perl -e '
            my $child = fork // die;
            if ($child == 0) {
                exec "sleep", "0" if fork == 0;
                exit;
            }
            waitpid $child, 0;
            do {
                $all = "";
                for (glob "/proc/[0-9]*/stat") { open F, $_ or next; $all .= <F> // ""; close F }
            } until $all =~ /\(sleep\) Z/;
            exec @ARGV' "$@")",
                      "cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep)'; exit 5");
}

}  // namespace
}  // namespace redlock::cli_test
