// Histories written by hand, each with one thing in it that the judge must condemn, and beside it
// one that it must not.
#include "sim/checker.hpp"

#include <gtest/gtest.h>

namespace redlock::sim {
namespace {

class checker_history : public ::testing::Test {
  protected:
    void SetUp() override { judge.begin({}, 3, seen); }

    checker::hold acquired(std::uint64_t token, std::uint64_t fencing, tick begun, tick until,
                           tick now) {
        return judge.take({.token = token,
                           .fencing = fencing,
                           .begun = begun,
                           .floor = judge.floor(0, false),
                           .votes = 2,
                           .until = until},
                          now);
    }
    checker::hold shared(std::uint64_t token, std::uint64_t fencing, tick begun, tick until,
                         tick now) {
        return judge.take({.token = token,
                           .fencing = fencing,
                           .begun = begun,
                           .floor = judge.floor(0, true),
                           .votes = 2,
                           .until = until,
                           .shared = true},
                          now);
    }
    void expect(check what) const {
        ASSERT_TRUE(judge.found());
        EXPECT_EQ(to_string(judge.found()->what), to_string(what));
    }
    void expect_nothing() const { EXPECT_FALSE(judge.found()) << to_string(judge.found()->what); }

    checker judge;
    coverage seen;
};

TEST_F(checker_history, two_who_are_sure_at_once) {
    acquired(1, 10, 0, 100, 5);
    acquired(2, 20, 90, 200, 99);
    expect(check::exclusion);
}

TEST_F(checker_history, one_after_the_other) {
    acquired(1, 10, 0, 100, 5);
    acquired(2, 20, 90, 200, 100);
    expect_nothing();
}

TEST_F(checker_history, one_who_was_told_of_its_loss_before) {
    judge.ended(acquired(1, 10, 0, 100, 5), 50);
    acquired(2, 20, 40, 200, 60);
    expect_nothing();
}

TEST_F(checker_history, different_resources) {
    acquired(1, 10, 0, 100, 5);
    static_cast<void>(
        judge.take({.resource = 1, .token = 2, .fencing = 10, .votes = 3, .until = 100}, 6));
    expect_nothing();
}

TEST_F(checker_history, overlap_where_it_is_not_promised_is_only_counted) {
    judge.begin({.exclusion = false, .tokens = true, .liveness = true}, 3, seen);
    acquired(1, 10, 0, 100, 5);
    acquired(2, 20, 6, 200, 50);
    expect_nothing();
    EXPECT_EQ(seen.of(rule::overlap_outside_assumptions), 1);
}

TEST_F(checker_history, overlap_after_somebody_took_the_lock_away) {
    acquired(1, 10, 0, 100, 5);
    judge.taken_away(1);
    acquired(2, 20, 6, 200, 50);
    expect_nothing();
}

TEST_F(checker_history, token_not_above_that_of_one_that_was_complete) {
    acquired(1, 10, 0, 20, 5);
    acquired(2, 9, 30, 200, 50);
    expect(check::token_order);
}

TEST_F(checker_history, tokens_of_attempts_that_overlapped_in_any_order) {
    const std::uint64_t floor = judge.floor(0, false);
    acquired(1, 10, 0, 20, 5);
    static_cast<void>(judge.take(
        {.token = 2, .fencing = 9, .begun = 1, .floor = floor, .votes = 2, .until = 200}, 50));
    expect_nothing();
}

TEST_F(checker_history, one_token_for_two) {
    const std::uint64_t floor = judge.floor(0, false);
    acquired(1, 10, 0, 20, 5);
    static_cast<void>(judge.take(
        {.token = 2, .fencing = 10, .begun = 1, .floor = floor, .votes = 2, .until = 200}, 50));
    expect(check::token_twice);
}

TEST_F(checker_history, hand_over_with_the_same_token) {
    acquired(1, 10, 0, 100, 5);
    acquired(1, 10, 0, 100, 20);
    expect(check::token_order);
}

TEST_F(checker_history, hand_over_with_the_next_token) {
    acquired(1, 10, 0, 100, 5);
    acquired(1, 11, 0, 100, 20);
    expect_nothing();
}

TEST_F(checker_history, held_by_votes_of_nodes_in_quarantine) {
    static_cast<void>(judge.take({.token = 1, .fencing = 10, .votes = 1, .until = 100}, 5));
    expect(check::early_vote);
}

TEST_F(checker_history, lock_handed_out_when_it_was_over) {
    acquired(1, 10, 0, 100, 100);
    expect(check::over_already);
}

TEST_F(checker_history, write_of_an_older_holder_after_one_of_a_newer) {
    judge.begin({.exclusion = false, .tokens = true, .liveness = true}, 3, seen);
    const auto old = acquired(1, 10, 0, 20, 5);
    // Such a token is condemned already; the store must notice by itself.
    judge.begin({.exclusion = false, .tokens = true, .liveness = true}, 3, seen);
    const auto older = acquired(1, 10, 0, 20, 5);
    ASSERT_EQ(old, older);
    const auto newer = judge.take(
        {.token = 2, .fencing = 9, .begun = 30, .floor = 0, .votes = 2, .until = 90}, 40);
    EXPECT_TRUE(judge.wrote(newer, true, 50));
    EXPECT_TRUE(judge.wrote(older, true, 60));
    expect(check::store);
}

TEST_F(checker_history, late_write_that_the_store_refuses) {
    const auto older = acquired(1, 10, 0, 20, 5);
    const auto newer = acquired(2, 20, 30, 90, 40);
    EXPECT_TRUE(judge.wrote(newer, true, 50));
    EXPECT_FALSE(judge.wrote(older, true, 60));
    expect_nothing();
}

TEST_F(checker_history, lock_that_appears_after_its_release) {
    judge.gone(7, 1, 100, true);
    judge.planted(7, 2, true, 50);
    judge.planted(8, 1, true, 50);
    expect_nothing();
    judge.planted(7, 1, true, 50);
    expect(check::resurrection);
}

TEST_F(checker_history, holder_that_heals_where_its_grant_did_not_count) {
    judge.gone(7, 1, 100, true);
    judge.gone(8, 1, 100, true);
    acquired(7, 10, 0, 90, 40);
    judge.planted(7, 1, true, 50);
    expect_nothing();
    judge.planted(8, 1, true, 50);
    expect(check::resurrection);
}

TEST_F(checker_history, late_acquisition_after_the_fence_is_gone) {
    judge.gone(7, 1, 100, true);
    judge.planted(7, 1, true, 101);
    expect_nothing();
    EXPECT_EQ(seen.of(rule::heal_after_the_fence), 1);
    judge.planted(7, 1, false, 101);
    expect(check::resurrection);
}

TEST_F(checker_history, late_acquisition_whose_ballot_was_far_ahead) {
    judge.gone(7, 1, 100, false);
    judge.planted(7, 1, false, 101);
    expect_nothing();
    EXPECT_EQ(seen.of(rule::grant_after_the_fence), 1);
    judge.planted(7, 1, false, 99);
    expect(check::resurrection);
}

TEST_F(checker_history, extension_after_validity) {
    judge.extended(acquired(1, 10, 0, 100, 5), 200, 2, 100);
    expect(check::late_extend);
}

TEST_F(checker_history, extension_that_shortens) {
    judge.extended(acquired(1, 10, 0, 100, 5), 99, 2, 50);
    expect(check::shortened);
}

TEST_F(checker_history, extension_without_a_majority_that_held_it) {
    judge.extended(acquired(1, 10, 0, 100, 5), 200, 1, 50);
    expect(check::thin_extend);
}

TEST_F(checker_history, extension_though_another_had_it_in_between) {
    const auto first = acquired(1, 10, 0, 100, 5);
    judge.ended(acquired(2, 20, 6, 8, 7), 8);
    // Condemned for the overlap; what comes first stays.
    expect(check::exclusion);
    judge.extended(first, 200, 2, 50);
    expect(check::exclusion);
}

TEST_F(checker_history, extension_of_what_is_held_all_along) {
    judge.extended(acquired(1, 10, 0, 100, 5), 200, 2, 50);
    expect_nothing();
}

TEST_F(checker_history, readers_at_once_in_any_order_of_tokens) {
    const auto first = shared(1, 10, 0, 100, 5);
    shared(2, 9, 6, 100, 8);
    shared(3, 10, 9, 100, 11);
    judge.extended(first, 200, 2, 50);
    expect_nothing();
}

TEST_F(checker_history, a_reader_beside_a_writer) {
    acquired(1, 10, 0, 100, 5);
    shared(2, 20, 6, 100, 8);
    expect(check::exclusion);
}

TEST_F(checker_history, a_writer_beside_a_reader) {
    shared(1, 10, 0, 100, 5);
    acquired(2, 20, 6, 100, 8);
    expect(check::exclusion);
}

TEST_F(checker_history, a_reader_beside_a_writer_that_is_content_to_share) {
    judge.downgraded(acquired(1, 10, 0, 100, 5));
    shared(2, 20, 6, 100, 8);
    expect_nothing();
}

TEST_F(checker_history, a_reader_with_a_token_below_that_of_a_writer_before) {
    judge.ended(acquired(1, 10, 0, 100, 5), 6);
    shared(2, 9, 7, 100, 8);
    expect(check::token_order);
}

TEST_F(checker_history, a_writer_with_a_token_below_that_of_a_reader_before) {
    judge.ended(shared(1, 10, 0, 100, 5), 6);
    acquired(2, 9, 7, 100, 8);
    expect(check::token_order);
}

TEST_F(checker_history, a_writer_with_the_token_of_a_reader) {
    judge.ended(shared(1, 10, 2, 100, 5), 6);
    static_cast<void>(judge.take(
        {.token = 2, .fencing = 10, .begun = 1, .floor = 0, .votes = 2, .until = 100}, 8));
    expect(check::token_twice);
}

TEST_F(checker_history, a_reader_that_is_extended_over_a_writer) {
    const auto reader = shared(1, 10, 0, 10, 5);
    judge.ended(acquired(2, 20, 6, 30, 12), 15);
    judge.shortened(reader, 200);
    judge.extended(reader, 300, 2, 9);
    expect(check::broken_hold);
}

TEST_F(checker_history, a_write_of_an_older_writer_after_a_newer_reader_has_read) {
    const auto writer = acquired(1, 10, 0, 100, 5);
    judge.ended(writer, 6);
    const auto reader = shared(2, 20, 7, 100, 8);
    EXPECT_TRUE(judge.wrote(reader, false, 9));
    EXPECT_FALSE(judge.wrote(writer, true, 10));
    EXPECT_TRUE(judge.wrote(reader, false, 11));
    expect_nothing();
}

TEST_F(checker_history, a_read_of_an_older_reader_after_a_newer_writer_has_written) {
    const auto reader = shared(1, 10, 0, 100, 5);
    judge.ended(reader, 6);
    EXPECT_TRUE(judge.wrote(acquired(2, 20, 7, 100, 8), true, 9));
    EXPECT_FALSE(judge.wrote(reader, false, 10));
    expect_nothing();
}

}  // namespace
}  // namespace redlock::sim
