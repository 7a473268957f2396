// A lock inside itself: refused, or run under the outer one, where the nodes say that it is that
// very lock; and an ordinary lock everywhere else.
#include "cli/commands/outer_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <algorithm>

#include <csignal>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class outer_lock : public three_nodes {
  protected:
    /// `redlock` is called by its name inside.
    static std::vector<std::string> nested(const std::string& resource, const std::string& inner) {
        return {"run", resource, "--", "sh", "-c", inner};
    }
    const std::string redlock_itself = REDLOCK_BINARY;
    const cli::seen_process us = cli::look_at_process(::getpid());
};

TEST_F(outer_lock, is_refused_inside_itself_with_a_sentence) {
    const finished result = run(nested("a", redlock_itself + " run a -- echo ran"));
    EXPECT_EQ(result.status, 64);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr("redlock: a: this command runs under that lock already"));
    EXPECT_THAT(result.err, HasSubstr("--reentrant"));
}

TEST_F(outer_lock, is_refused_with_advice_that_this_command_line_allows) {
    const auto advice = [this](const std::string& options, const std::string& behind = "") {
        const finished result =
            run(nested("a", redlock_itself + " run " + options + " a" + behind + " -- echo ran"));
        EXPECT_EQ(result.status, 64);
        return result.err.substr(result.err.find(';') + 2);
    };
    EXPECT_EQ(advice(""), "run the inner one with --reentrant, or give it another lock\n");
    EXPECT_EQ(advice("--forever"), "give it another lock\n");
    EXPECT_EQ(
        advice("--min-hold 1s --max-hold 9s"),
        "run the inner one with --reentrant and without --max-hold and --min-hold, or give it "
        "another lock\n");
    EXPECT_EQ(
        advice("--proclaim x"),
        "run the inner one with --reentrant and without --proclaim, or give it another lock\n");
    EXPECT_EQ(advice("", " --also b"),
              "let the outer redlock take all locks, or give this one other names\n");
}

TEST_F(outer_lock, is_refused_however_deep) {
    const finished result = run(
        nested("a", redlock_itself + " run b -- " + redlock_itself + " run -w 30s a -- echo ran"));
    EXPECT_EQ(result.status, 64);
    EXPECT_THAT(result.out, IsEmpty());
}

TEST_F(outer_lock, is_used_by_a_reentrant_run_at_once_and_to_the_end) {
    const std::string env = "echo $REDLOCK_RESOURCE $REDLOCK_TOKEN $REDLOCK_FENCING_TOKEN";
    const finished result =
        run(nested("a", env + "; " + redlock_itself + " run --reentrant a -- sh -c '" + env +
                            "; exit 5'; status=$?; " + env + "; exit $status"));
    EXPECT_EQ(result.status, 5) << result.err;
    EXPECT_THAT(result.err, IsEmpty());
    const std::string line = result.out.substr(0, result.out.find('\n') + 1);
    EXPECT_EQ(result.out, line + line + line)
        << "the lock is the same, and held after the inner run";
    EXPECT_TRUE(clean("a"));
}

TEST_F(outer_lock, is_named_to_the_command_that_uses_it_from_within_another) {
    const finished result =
        run(nested("a", "echo $REDLOCK_TOKEN; " + redlock_itself + " run b -- " + redlock_itself +
                            " run --reentrant a -- sh -c 'echo $REDLOCK_TOKEN'"));
    EXPECT_EQ(result.status, 0) << result.err;
    const std::string line = result.out.substr(0, result.out.find('\n') + 1);
    EXPECT_EQ(result.out, line + line);
}

TEST_F(outer_lock, without_a_fencing_token_is_refused_to_who_wants_one) {
    const std::string inner = redlock_itself + " run --reentrant";
    const std::string print = " a -- sh -c 'echo $REDLOCK_FENCING_TOKEN'";
    const auto within = [this](const std::string& script) {
        std::vector<std::string> line = nested("a", script);
        line.insert(std::find(line.begin(), line.end(), "run") + 1, "--no-fencing");
        return run(line);
    };
    const finished refused = within(inner + print);
    EXPECT_EQ(refused.status, 64);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err, HasSubstr("a is held without a fencing token"));
    EXPECT_EQ(within(inner + " --no-fencing" + print).out, "0\n");
}

TEST_F(outer_lock, that_is_lost_ends_what_runs_under_it) {
    process runner{start(nested("a", redlock_itself + " run --reentrant a -- sh -c "
                                                      "'echo pid=$$.; exec sleep 1000'"))};
    runner.wait_for_out(".\n");
    const std::string out = runner.out();
    const pid_t inner = std::stoi(out.substr(out.find("pid=") + 4));
    ASSERT_TRUE(alive(inner));
    for (const auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    EXPECT_EQ(runner.wait().status, 79);
    EXPECT_FALSE(alive(inner));
}

TEST_F(outer_lock, says_what_of_a_reentrant_command_cannot_be_executed) {
    const finished missing =
        run(nested("a", redlock_itself + " run --reentrant a -- /nonexistent"));
    EXPECT_EQ(missing.status, 127);
    EXPECT_THAT(missing.err, HasSubstr("cannot execute /nonexistent"));
    EXPECT_EQ(run(nested("a", redlock_itself + " run --reentrant a -- /etc/passwd")).status, 126);
}

TEST_F(outer_lock, has_nothing_to_do_with_another_one) {
    EXPECT_EQ(run(nested("a", redlock_itself + " run b -- echo ran")).out, "ran\n");
    const support::redis_server elsewhere;
    EXPECT_EQ(
        run(nested("a", redlock_itself + " run --nodes " + elsewhere.url() + " a -- echo ran")).out,
        "ran\n")
        << "the same name on other nodes";
}

TEST_F(outer_lock, that_is_over_is_acquired_as_usual) {
    auto left_over = environment();
    left_over["REDLOCK_OUTER"] =
        cli::with_outer_lock("", "a", "1-00112233445566778899aabbccddeeff", us);
    for (const std::vector<std::string>& how :
         {std::vector<std::string>{"run", "a", "--", "echo", "ran"},
          std::vector<std::string>{"run", "--reentrant", "a", "--", "echo", "ran"}}) {
        const finished result = redlock(how, left_over);
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_EQ(result.out, "ran\n");
    }
    hold_everywhere("a");
    EXPECT_EQ(redlock({"run", "-n", "--reentrant", "a", "--", "echo", "ran"}, left_over).status, 75)
        << "somebody else's is nobody's outer lock";
}

TEST_F(outer_lock, whose_redlock_has_ended_is_none_though_the_nodes_still_keep_it) {
    const finished outer =
        run({"run", "--min-hold", "30s", "a", "--", "sh", "-c", "printf %s \"$REDLOCK_OUTER\""});
    ASSERT_EQ(outer.status, 0) << outer.err;
    auto left_over = environment();
    left_over["REDLOCK_OUTER"] = outer.out;
    EXPECT_EQ(redlock({"run", "-n", "--reentrant", "a", "--", "echo", "ran"}, left_over).status,
              75);
    EXPECT_EQ(redlock({"run", "-n", "a", "--", "echo", "ran"}, left_over).status, 75);
}

TEST_F(outer_lock, is_refused_to_who_acquires_it_inside) {
    const finished result = run(nested("a", redlock_itself + " acquire --json a"));
    EXPECT_EQ(result.status, 64);
    EXPECT_THAT(result.out, HasSubstr("\"code\":\"usage\""));
    EXPECT_THAT(result.err, HasSubstr("a: this command runs under that lock already"));
}

TEST_F(outer_lock, is_none_without_one) {
    EXPECT_EQ(run({"run", "--reentrant", "a", "--", "echo", "ran"}).out, "ran\n");
    EXPECT_EQ(run({"run", "--reentrant", "--max-hold", "1s", "a", "--", "true"}).status, 64);
    EXPECT_EQ(run({"run", "--reentrant", "--min-hold", "1s", "a", "--", "true"}).status, 64);
}

TEST(outer_locks, are_listed_by_name_token_and_renewer) {
    const cli::seen_process first{.number = 7, .started = 70};
    const std::string one = cli::with_outer_lock("", "a b", "1-x", first);
    EXPECT_EQ(one.substr(one.find(':')), ":1-x:7.70");
    EXPECT_EQ(cli::with_outer_lock("", std::string(60'000, 'x'), "1-x", first).size(), one.size())
        << "however long the name is";
    const std::string both = cli::with_outer_lock(one, "c", "2-y", {.number = 8, .started = 80});
    const auto found = cli::outer_locks(both, "a b");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().token, lock_token{"1-x"});
    EXPECT_EQ(found.front().renewer.number, 7);
    EXPECT_EQ(found.front().renewer.started, 70U);
    ASSERT_EQ(cli::outer_locks(both, "c").size(), 1U);
    EXPECT_EQ(cli::outer_locks(both, "c").front().token, lock_token{"2-y"});
    EXPECT_THAT(cli::outer_locks(both, "a"), IsEmpty());
    EXPECT_THAT(cli::outer_locks("", "a"), IsEmpty());
}

TEST(outer_locks, leave_out_what_cannot_be_read) {
    const std::string whole = cli::with_outer_lock("", "a", "z", {.number = 1, .started = 2});
    const std::string name = whole.substr(0, whole.find(':'));
    for (const char* rubbish :
         {":z", ":", ":z:", ":z:1", ":z:.1", ":z:1.", ":z:x.1", ":z:1.x", ":z:-1.1", ":z:0.0",
          ":z:1.1x", ":z:99999999999999999999.1", ":1.1", ":::", "   "}) {
        EXPECT_THAT(cli::outer_locks(name + rubbish, "a"), IsEmpty()) << rubbish;
        EXPECT_THAT(cli::outer_locks(rubbish, "a"), IsEmpty()) << rubbish;
    }
    EXPECT_EQ(cli::outer_locks(" rubbish  " + whole + " " + name, "a").size(), 1U);
}

}  // namespace
}  // namespace redlock::cli_test
