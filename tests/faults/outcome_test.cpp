// What makes a scenario fail, and that nothing is lost between the process that played it and the
// table.
#include "faults/outcome.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace redlock::faults {
namespace {

verdict clean() {
    verdict found;
    found.acquisitions = 10;
    return found;
}

TEST(outcome, passes_when_nothing_was_found) {
    EXPECT_EQ(outcome_of("x", true, clean(), 1).end, ending::passed);
}

TEST(outcome, fails_when_nothing_happened) {
    EXPECT_EQ(outcome_of("x", true, clean(), 0).end, ending::failed);
    EXPECT_EQ(outcome_of("x", true, verdict{}, 1).end, ending::failed);
}

TEST(outcome, fails_for_each_finding) {
    for (const auto count : {&verdict::overlaps, &verdict::regressions, &verdict::lost_updates,
                             &verdict::stuck, &verdict::leftovers}) {
        verdict found = clean();
        found.*count = 1;
        EXPECT_EQ(outcome_of("x", true, found, 1).end, ending::failed);
    }
}

TEST(outcome, only_tells_overlaps_outside_the_assumptions) {
    verdict found = clean();
    found.overlaps = 3;
    found.refused = 2;
    const outcome one = outcome_of("x", false, found, 1);
    EXPECT_EQ(one.end, ending::passed);
    EXPECT_EQ(one.overlaps_within, 0U);
    EXPECT_EQ(one.overlaps_outside, 3U);
    EXPECT_EQ(one.refused, 2U);
}

TEST(outcome, comes_back_from_text) {
    verdict found = clean();
    found.overlaps = 3;
    found.findings = {"overlap: a", "overlap: b"};
    const outcome one = outcome_of("x", true, found, 7);
    const outcome back = outcome_from_text(to_text(one));
    EXPECT_EQ(to_text(back), to_text(one));
    EXPECT_EQ(back.remarks.size(), 2U);
}

TEST(outcome, half_a_report_is_none) {
    const std::string whole = to_text(outcome_of("x", true, clean(), 7));
    EXPECT_THROW(static_cast<void>(outcome_from_text("")), std::runtime_error);
    EXPECT_THROW(static_cast<void>(outcome_from_text(whole.substr(0, whole.size() - 3))),
                 std::runtime_error);
}

TEST(outcome, adds_up_and_stays_failed) {
    outcome sum = outcome_of("x", true, clean(), 0);
    add_up(sum, outcome_of("x", true, clean(), 2));
    EXPECT_EQ(sum.runs, 2U);
    EXPECT_EQ(sum.faults, 2U);
    EXPECT_EQ(sum.acquisitions, 20U);
    EXPECT_EQ(sum.end, ending::failed);
}

TEST(outcome, a_scenario_that_was_not_run_is_not_shown_as_passed) {
    outcome one;
    one.name = "drop-packets";
    one.end = ending::not_run;
    one.remarks = {"no namespaces"};
    const std::string table = table_of({one});
    EXPECT_THAT(table, testing::HasSubstr("not run here"));
    EXPECT_THAT(table, testing::HasSubstr("drop-packets: no namespaces"));
    EXPECT_THAT(table, testing::Not(testing::HasSubstr("passed")));
}

}  // namespace
}  // namespace redlock::faults
