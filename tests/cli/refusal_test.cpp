// What is said of a lock that was not had, and what is kept from those who expect it.
#include "cli/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(refusal, everything_else_is_news_all_the_same) {
    wait_options no_error;
    no_error.conflict_status = 0;
    no_error.quiet_contention = true;
    for (const errc each : {errc::no_quorum, errc::indeterminate, errc::same_server_twice,
                            errc::different_nodes, errc::invalid_argument, errc::closed}) {
        EXPECT_THAT(refusal_line("a", each, nothing_known, no_error), StartsWith("a: "));
    }
}

}  // namespace
}  // namespace redlock::cli
