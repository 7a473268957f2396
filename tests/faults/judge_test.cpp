// Hand-written logs: those that the judge must let pass, and those that it must condemn.
#include "faults/judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace redlock::faults {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Columns: at, kind, worker, resource, token, until, value.
verdict judged(const std::string& clients, const std::string& store = {}) {
    evidence seen;
    seen.clients = from_text(clients);
    seen.store = from_text(store);
    seen.calm_begin = 0;
    seen.calm_end = 1'000'000;
    return judge(seen);
}

TEST(judge, lets_one_holder_after_the_other_pass) {
    const verdict found = judged(
        "1 began a r 0 0 0\n"
        "2 asked a r 0 0 0\n"
        "3 asked b r 0 0 0\n"
        "10 acquired a r 5 100 0\n"
        "20 released a r 5 100 0\n"
        "21 acquired b r 6 120 0\n"
        "30 released b r 6 120 0\n");
    EXPECT_EQ(found.acquisitions, 2U);
    EXPECT_EQ(found.overlaps, 0U);
    EXPECT_EQ(found.regressions, 0U);
    EXPECT_EQ(found.stuck, 0U);
    EXPECT_THAT(found.findings, testing::IsEmpty());
}

TEST(judge, condemns_two_holders_at_once) {
    const verdict found = judged(
        "10 acquired a r 5 100 0\n"
        "19 acquired b r 6 120 0\n"
        "20 released a r 5 100 0\n"
        "30 released b r 6 120 0\n");
    EXPECT_EQ(found.overlaps, 1U);
    EXPECT_THAT(found.findings, ElementsAre(StartsWith("overlap: r: a token 5")));
}

TEST(judge, condemns_an_observer_that_sees_an_earlier_leader_after_a_later_one) {
    EXPECT_EQ(judged("10 saw a r 5 0 0\n"
                     "11 saw a r 5 0 0\n"
                     "12 saw a r 7 0 0\n"
                     "13 saw b r 6 0 0\n")
                  .overlaps,
              0U);
    const verdict found = judged(
        "10 saw a r 7 0 0\n"
        "11 saw a r 6 0 0\n");
    EXPECT_EQ(found.overlaps, 1U);
    EXPECT_THAT(found.findings, ElementsAre(StartsWith("former leader: 11 saw a r 6")));
}

TEST(judge, counts_each_holder_that_comes_while_an_earlier_one_lasts) {
    const verdict found = judged(
        "10 acquired a r 5 1000 0\n"
        "20 acquired b r 6 120 0\n"
        "30 released b r 6 120 0\n"
        "40 acquired b r 7 120 0\n"
        "50 released b r 7 120 0\n");
    EXPECT_EQ(found.overlaps, 2U);
}

TEST(judge, knows_that_resources_are_apart) {
    const verdict found = judged(
        "10 acquired a r 5 100 0\n"
        "11 acquired b s 5 100 0\n");
    EXPECT_EQ(found.overlaps, 0U);
    EXPECT_EQ(found.regressions, 0U);
}

TEST(judge, ends_a_hold_with_its_validity) {
    const std::string sleeper =
        "10 acquired a r 5 100 0\n"
        "500 released a r 5 100 0\n";
    EXPECT_EQ(judged(sleeper + "100 acquired b r 6 200 0\n").overlaps, 0U);
    EXPECT_EQ(judged(sleeper + "99 acquired b r 6 200 0\n").overlaps, 1U);
}

TEST(judge, ends_an_extended_hold_with_its_last_validity) {
    EXPECT_EQ(judged("10 acquired a r 5 100 0\n"
                     "300 acquired b r 6 400 0\n"
                     "500 released a r 5 600 0\n")
                  .overlaps,
              1U);
}

TEST(judge, ends_a_hold_with_the_word_of_its_loss) {
    const std::string loser =
        "10 acquired a r 5 100 0\n"
        "50 lost a r 5 50 0\n"
        "90 released a r 5 100 0\n";
    EXPECT_EQ(judged(loser + "60 acquired b r 6 200 0\n").overlaps, 0U);
    EXPECT_EQ(judged(loser + "49 acquired b r 6 200 0\n").overlaps, 1U);
    EXPECT_EQ(judged(loser).lost, 1U);
}

TEST(judge, ignores_a_late_word_of_an_earlier_lock) {
    EXPECT_EQ(judged("10 acquired a r 5 100 0\n"
                     "20 released a r 5 100 0\n"
                     "30 acquired a r 6 130 0\n"
                     "31 lost a r 5 31 0\n"
                     "60 acquired b r 7 200 0\n"
                     "70 released a r 6 130 0\n")
                  .overlaps,
              1U);
}

TEST(judge, takes_a_worker_without_an_end_for_a_holder_until_its_validity_ends) {
    EXPECT_EQ(judged("10 acquired a r 5 100 0\n"
                     "60 acquired b r 6 200 0\n")
                  .overlaps,
              1U);
}

TEST(judge, condemns_a_token_that_is_not_larger_than_one_that_was_there_before_it_was_asked_for) {
    const std::string first =
        "10 acquired a r 50 100 0\n"
        "20 released a r 50 100 0\n";
    const auto second = [&](const std::string& asked, const std::string& token) {
        return judged(first + asked + " asked b r 0 0 0\n30 acquired b r " + token + " 200 0\n");
    };
    EXPECT_EQ(second("11", "49").regressions, 1U);
    EXPECT_THAT(second("11", "49").findings, ElementsAre(StartsWith("fencing regression: r: b")));
    EXPECT_EQ(second("11", "50").regressions, 1U);
    EXPECT_EQ(second("11", "51").regressions, 0U);
    // Asked for before the first was complete: any order is allowed, but no token twice.
    EXPECT_EQ(second("9", "49").regressions, 0U);
    EXPECT_EQ(second("9", "50").regressions, 1U);
}

TEST(judge, compares_with_the_largest_token_and_not_with_the_last) {
    EXPECT_EQ(judged("1 asked b r 0 0 0\n"
                     "10 acquired a r 90 20 0\n"
                     "30 acquired b r 50 40 0\n"
                     "40 asked c r 0 0 0\n"
                     "50 acquired c r 70 60 0\n")
                  .regressions,
              1U);
}

TEST(judge, lets_readers_hold_it_together) {
    const verdict found = judged(
        "10 joined a r 5 100 0\n"
        "11 joined b r 4 100 0\n"
        "12 joined c r 4 100 0\n"
        "20 released a r 5 100 0\n"
        "90 released b r 4 100 0\n");
    EXPECT_EQ(found.acquisitions, 3U);
    EXPECT_EQ(found.readers, 3U);
    EXPECT_THAT(found.findings, testing::IsEmpty());
}

TEST(judge, condemns_a_reader_beside_a_writer) {
    EXPECT_EQ(judged("10 acquired a r 5 100 0\n20 joined b r 6 120 0\n").overlaps, 1U);
    EXPECT_EQ(judged("10 joined a r 5 100 0\n20 acquired b r 6 120 0\n").overlaps, 1U);
}

TEST(judge, holds_a_writer_against_the_reader_that_lasts_longest) {
    EXPECT_EQ(judged("10 joined a r 5 100 0\n"
                     "11 joined b r 6 30 0\n"
                     "50 acquired c r 7 60 0\n")
                  .overlaps,
              1U);
    EXPECT_EQ(judged("1 acquired c r 3 9 0\n"
                     "10 joined a r 5 100 0\n"
                     "50 acquired b r 7 60 0\n")
                  .overlaps,
              1U);
}

TEST(judge, makes_a_reader_of_a_writer_that_shares) {
    const std::string writer =
        "10 acquired a r 5 100 0\n"
        "30 shares a r 5 130 0\n"
        "90 released a r 5 150 0\n";
    EXPECT_EQ(judged(writer + "29 joined b r 6 200 0\n").overlaps, 1U);
    EXPECT_EQ(judged(writer + "30 joined b r 6 200 0\n").overlaps, 0U);
    EXPECT_EQ(judged(writer + "89 acquired b r 6 200 0\n").overlaps, 1U);
    EXPECT_EQ(judged(writer + "90 acquired b r 6 200 0\n").overlaps, 0U);
    // Lost before it could share, it holds nothing.
    EXPECT_EQ(judged("10 acquired a r 5 100 0\n"
                     "20 lost a r 5 20 0\n"
                     "30 shares a r 5 100 0\n"
                     "40 acquired b r 6 200 0\n")
                  .overlaps,
              0U);
}

TEST(judge, orders_tokens_of_writers_and_readers_but_not_of_readers) {
    const auto second = [](const std::string& first, const std::string& kind,
                           const std::string& token) {
        return judged("10 " + first + " a r 50 20 0\n21 asked b r 0 0 0\n30 " + kind + " b r " +
                      token + " 200 0\n")
            .regressions;
    };
    EXPECT_EQ(second("joined", "joined", "49"), 0U);
    EXPECT_EQ(second("joined", "joined", "50"), 0U);
    EXPECT_EQ(second("joined", "acquired", "49"), 1U);
    EXPECT_EQ(second("joined", "acquired", "50"), 1U);
    EXPECT_EQ(second("joined", "acquired", "51"), 0U);
    EXPECT_EQ(second("acquired", "joined", "49"), 1U);
    EXPECT_EQ(second("acquired", "joined", "50"), 1U);
    EXPECT_EQ(second("acquired", "joined", "51"), 0U);
}

TEST(judge, lets_a_writer_that_shares_keep_its_token) {
    EXPECT_EQ(judged("10 acquired a r 5 100 0\n30 shares a r 5 130 0\n").regressions, 0U);
    // Asked for while the writer was there.
    EXPECT_EQ(judged("10 acquired a r 5 100 0\n"
                     "11 asked b r 0 0 0\n"
                     "30 shares a r 5 130 0\n"
                     "40 joined b r 5 140 0\n")
                  .regressions,
              1U);
}

TEST(judge, holds_the_operations_of_the_store_against_those_of_writers_and_readers) {
    EXPECT_EQ(judged("", "1 looked a r 6 0 0\n2 looked b r 5 0 0\n").lost_updates, 0U);
    EXPECT_EQ(judged("", "1 looked a r 6 0 0\n2 wrote b r 5 0 1\n").lost_updates, 1U);
    EXPECT_EQ(judged("", "1 read a r 6 0 0\n2 looked b r 5 0 0\n").lost_updates, 1U);
    EXPECT_EQ(judged("", "1 looked a r 6 0 0\n2 read b r 5 0 0\n3 looked c r 5 0 0\n").lost_updates,
              1U);
}

TEST(judge, condemns_a_store_that_lost_an_update) {
    const verdict found = judged("",
                                 "1 read a r 5 0 0\n"
                                 "2 read b r 6 0 0\n"
                                 "3 wrote b r 6 0 1\n"
                                 "4 refused a r 5 0 6\n"
                                 "5 read c r 7 0 1\n"
                                 "6 wrote c r 7 0 1\n");
    EXPECT_EQ(found.lost_updates, 1U);
    EXPECT_EQ(found.refused, 1U);
    EXPECT_THAT(found.findings, ElementsAre(HasSubstr("there stood 1")));
}

TEST(judge, condemns_a_store_that_took_an_older_holders_operation) {
    EXPECT_EQ(judged("", "1 read a r 6 0 0\n2 read b r 5 0 0\n").lost_updates, 1U);
}

TEST(judge, condemns_a_waiter_that_got_nothing_in_the_calm) {
    evidence seen;
    seen.calm_begin = 100;
    seen.calm_end = 200;
    const auto stuck = [&](const std::string& records) {
        seen.clients = from_text(records);
        return judge(seen).stuck;
    };
    EXPECT_EQ(stuck("1 began a r 0 0 0\n2 asked a r 0 0 0\n"), 1U);
    EXPECT_EQ(stuck("1 began a r 0 0 0\n99 acquired a r 5 110 0\n"), 1U);
    EXPECT_EQ(stuck("1 began a r 0 0 0\n100 acquired a r 5 110 0\n"), 0U);
    EXPECT_EQ(stuck("1 began a r 0 0 0\n100 joined a r 5 110 0\n"), 0U);
    EXPECT_EQ(stuck("1 began a r 0 0 0\n200 acquired a r 5 300 0\n201 ended a r 0 0 0\n"), 1U);
    EXPECT_EQ(stuck("1 began a r 0 0 0\n150 ended a r 0 0 0\n"), 0U);
}

TEST(judge, tells_each_key_that_was_left) {
    evidence seen;
    seen.leftovers = {"node 0: orders"};
    const verdict found = judge(seen);
    EXPECT_EQ(found.leftovers, 1U);
    EXPECT_THAT(found.findings, ElementsAre("left over: node 0: orders"));
}

TEST(record, comes_back_from_its_line) {
    const record what{5, record_kind::acquired, "c1.w2", "r", 7, 9, 0};
    const auto back = from_line(to_line(what));
    ASSERT_TRUE(back);
    EXPECT_EQ(to_line(*back), to_line(what));
}

TEST(record, half_a_line_at_the_end_is_a_process_that_died) {
    EXPECT_EQ(from_text("1 began a r 0 0 0\n2 asked a r 0 0").size(), 1U);
    EXPECT_THROW(static_cast<void>(from_text("1 bega\n2 asked a r 0 0 0\n")), std::runtime_error);
}

TEST(record, the_kernels_clock_does_not_stand_still) {
    const auto first = kernel_now();
    EXPECT_GT(first, 0);
    EXPECT_GE(kernel_now(), first);
}

}  // namespace
}  // namespace redlock::faults
