// Who holds the lock, told to those who do not get it and to those who wait for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/base/escape.hpp"
#include "cli/run/wait_report.hpp"
#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

using holder = three_nodes;

TEST_F(holder, is_named_by_host_process_command_and_what_is_left) {
    process busy{start({"run", "orders", "--", "sh", "-c", "echo in; sleep 1000"})};
    busy.wait_for_out("in");
    const std::string who =
        "redlock: orders: held by [^ ]+:" + std::to_string(busy.pid()) + " sh, [0-9.]+s left\n";
    EXPECT_THAT(run({"run", "-n", "orders", "--", "true"}).err, MatchesRegex(who));
    EXPECT_THAT(run({"acquire", "-n", "orders"}).err, MatchesRegex(who));
}

TEST_F(holder, is_named_by_its_label_or_else_its_token) {
    ASSERT_EQ(run({"acquire", "--label", "the\tquarterly report", "a"}).status, 0);
    EXPECT_THAT(run({"run", "-n", "a", "--", "true"}).err,
                HasSubstr("a: held by the\\x09quarterly report, "));
    hold_everywhere("b");
    EXPECT_THAT(run({"run", "-n", "b", "--", "true"}).err, HasSubstr("b: held by other, "));
    EXPECT_THAT(run({"run", "-w", "50ms", "b", "--", "true"}).err,
                HasSubstr("b: still held by other, "));
}

TEST_F(holder, is_shown_on_the_terminal_of_those_who_wait) {
    hold_everywhere("a");
    process waiter{{.arguments = redlock_line({"run", "a", "--", "echo", "ran"}),
                    .environment = environment(),
                    .on_terminal = true}};
    waiter.wait_for_out("\rredlock: a: held by other, ");
    waiter.wait_for_out("; first in line; waited for ");
    process behind{{.arguments = redlock_line({"run", "a", "--", "echo", "ran"}),
                    .environment = environment(),
                    .on_terminal = true}};
    behind.wait_for_out("; 1 before us in line; waited for ");
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    for (process* each : {&waiter, &behind}) {
        const finished result = each->wait();
        EXPECT_EQ(result.status, 0);
        EXPECT_THAT(result.out, HasSubstr("\r\x1b[Kran\r\n")) << "the line is wiped";
    }
}

TEST_F(holder, is_told_in_the_log_of_those_who_wait_and_are_verbose) {
    hold_everywhere("a");
    process waiter{start({"run", "-v", "a", "--", "true"})};
    waiter.wait_for_err("redlock: a: held by other, ");
    waiter.signal(15);
    EXPECT_THAT(waiter.wait().err, Not(HasSubstr("\r")));
}

TEST(wait_report, goes_to_terminals_and_to_verbose_logs_and_nowhere_else) {
    using cli::how_to_report;
    using cli::wait_report;
    EXPECT_EQ(how_to_report(true, false, true), wait_report::line);
    EXPECT_EQ(how_to_report(true, true, true), wait_report::log);
    EXPECT_EQ(how_to_report(true, true, false), wait_report::log);
    EXPECT_EQ(how_to_report(true, false, false), wait_report::none);
    EXPECT_EQ(how_to_report(false, true, true), wait_report::none);
}

TEST(wait_report, says_of_an_outage_that_it_goes_on_only_where_it_does) {
    EXPECT_FALSE(cli::tells_of_outages(manager_options{}.quorum_timeout));
    EXPECT_TRUE(cli::tells_of_outages(10s));
    EXPECT_TRUE(cli::tells_of_outages(manager_options::no_limit));
}

TEST(wait_report, says_what_is_known) {
    EXPECT_EQ(cli::describe("a", {.holder = {}, .ahead = {}, .waited = 1'500ms}),
              "a: waiting for the lock; waited for 1.5s");
    const lock_holder other{
        .token = lock_token{"x"}, .fencing = {}, .label = "web3:812 report", .remaining = 7'120ms};
    EXPECT_EQ(cli::describe("orders", {.holder = other, .ahead = 2, .waited = 12s}),
              "orders: held by web3:812 report, 7.1s left; 2 before us in line; waited for 12.0s");
    EXPECT_EQ(cli::describe("a", {.holder = other, .ahead = 0, .waited = 12s}),
              "a: held by web3:812 report, 7.1s left; first in line; waited for 12.0s");
}

TEST(wait_report, shortens_names_before_the_rest) {
    const std::string half(40, 'x');
    const lock_holder other{
        .token = lock_token{"x"}, .fencing = {}, .label = half + half, .remaining = 7'120ms};
    const cli::wait_view seen{.holder = other, .ahead = 2, .waited = 12s};
    EXPECT_EQ(cli::describe_within(200, "orders", seen), cli::describe("orders", seen));
    EXPECT_EQ(cli::describe_within(79, "orders", seen),
              "orders: held by xxxxxxxxxx..., 7.1s left; 2 before us in line; waited for 12.0s");
    EXPECT_EQ(
        cli::describe_within(85, "orders:" + half, seen),
        "orders:x...: held by xxxxxxxxxxx..., 7.1s left; 2 before us in line; waited for 12.0s");
    EXPECT_EQ(cli::describe_within(58, "orders", seen),
              "orders: held by xxxxxxxxxx..., 7.1s left; waited for 12.0s");
    EXPECT_EQ(cli::describe_within(50, "orders:" + half, seen),
              "orders:x...: held by xxxxxxxx...; waited for 12.0s")
        << "a terminal of 60 columns, behind \"redlock: \"";
    EXPECT_EQ(cli::describe_within(30, "orders", seen), "orders: waited for 12.0s");
    EXPECT_EQ(cli::describe_within(30, "orders:" + half, seen), "orders:xx...: waited for 12.0s");
    EXPECT_EQ(cli::describe_within(20, "orders", seen), "waited for 12.0s");
    EXPECT_EQ(cli::describe_within(10, "orders", seen), "waited for");
    const cli::wait_view unknown{.holder = {}, .ahead = {}, .waited = 12s};
    EXPECT_EQ(cli::describe_within(60, half + half, unknown),
              half.substr(0, 17) + "...: waiting for the lock; waited for 12.0s");
}

TEST(wait_report, counts_columns_and_not_characters) {
    EXPECT_EQ(cli::fitting("\u65e5\u672c", 3), "\u65e5");
    EXPECT_EQ(cli::fitting("e\u0301e", 1), "e\u0301");
    EXPECT_EQ(cli::fitting(cli::printable("a\x1b\\"), 4), "a");
    EXPECT_EQ(cli::fitting(cli::printable("a\x1b\\"), 6), "a\\x1b");
    EXPECT_EQ(cli::fitting(cli::printable("a\x1b\\"), 7), "a\\x1b\\\\");
}

TEST(wait_report, is_cut_to_the_width_between_characters) {
    EXPECT_EQ(cli::fitting("abc", 3), "abc");
    EXPECT_EQ(cli::fitting("abc", 2), "ab");
    EXPECT_EQ(cli::fitting("a\u00e4\u20ac", 2), "a\u00e4");
    EXPECT_EQ(cli::fitting("abc", 0), "");
}

}  // namespace
}  // namespace redlock::cli_test
