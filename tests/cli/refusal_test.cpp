// What is said of a lock that was not had, and what is kept from those who expect it.
#include "cli/commands/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"

namespace redlock::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const diagnostics nothing_known;

TEST(refusal, names_the_lock_and_the_reason) {
    EXPECT_THAT(refusal_line("a\nb", errc::contended, {.message = "some\nbody", .nodes = {}}, {}),
                StartsWith("a\\x0ab: some\\x0abody"));
    EXPECT_THAT(refusal_line("a", errc::no_quorum, nothing_known, {}),
                HasSubstr(make_error_code(errc::no_quorum).message()));
}

TEST(refusal, contention_is_no_news_where_it_is_no_error_or_not_to_be_told) {
    wait_options no_error;
    no_error.conflict_status = 0;
    wait_options hushed;
    hushed.quiet_contention = true;
    for (const errc each : {errc::contended, errc::timed_out}) {
        EXPECT_THAT(refusal_line("a", each, nothing_known, no_error), IsEmpty());
        EXPECT_THAT(refusal_line("a", each, nothing_known, hushed), IsEmpty());
    }
}

TEST(refusal, contention_with_what_will_not_go_away_is_news_all_the_same) {
    wait_options no_error;
    no_error.conflict_status = 0;
    no_error.quiet_contention = true;
    diagnostics without_end;
    without_end.holder.emplace().label = "v";
    EXPECT_EQ(refusal_line("a", errc::contended, without_end, no_error),
              "a: held by v, with no expiry");
    diagnostics no_lock;
    no_lock.nodes.push_back({.node = 0, .cause = node_errc::wrong_type, .message = "a hash"});
    EXPECT_THAT(refusal_line("a", errc::contended, no_lock, no_error), StartsWith("a: "));
    without_end.holder->remaining = std::chrono::seconds{7};
    EXPECT_THAT(refusal_line("a", errc::contended, without_end, no_error), IsEmpty());
}

TEST(refusal, everything_else_is_news_all_the_same) {
    wait_options no_error;
    no_error.conflict_status = 0;
    no_error.quiet_contention = true;
    for (const errc each : {errc::no_quorum, errc::indeterminate, errc::same_server_twice,
                            errc::different_nodes, errc::invalid_argument, errc::closed}) {
        EXPECT_THAT(refusal_line("a", each, nothing_known, no_error), StartsWith("a: "));
    }
}

TEST(errors_of_shapes, have_a_word_each_and_a_status) {
    const std::vector<std::tuple<errc, std::string, int>> expected{
        {errc::no_resource, "no_resource", 64},
        {errc::too_many_resources, "too_many_resources", 64},
        {errc::resource_twice, "resource_twice", 64},
        {errc::different_slots, "different_slots", 64},
        {errc::permits_mismatch, "permits_mismatch", 78}};
    for (const auto& [error, word, status] : expected) {
        EXPECT_EQ(code_of(error), word);
        EXPECT_EQ(status_of(error, 75), status) << word;
    }
}

}  // namespace
}  // namespace redlock::cli
