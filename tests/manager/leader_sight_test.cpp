// What an observer takes for news of the leader, which nodes it asks when, and when it gives up.
// Pure: no node is there, and time is a number.
#include "manager/leader_sight.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace redlock::manager {
namespace {

using namespace std::chrono_literals;

const core::node_set everywhere = core::node_set::all(3);

core::node_set only(node_index node) {
    core::node_set those;
    those.insert(node);
    return those;
}

node_status view(node_index node, const std::string& token, std::uint64_t edition = 0) {
    node_status seen;
    seen.node = node;
    if (!token.empty()) {
        seen.holder = lock_token{token};
        seen.fencing = fencing_token{7};
        seen.remaining = 10s;
    }
    seen.edition = edition;
    seen.proclaimed = edition == 0 ? "" : "text " + std::to_string(edition);
    return seen;
}

node_status silent(node_index node) {
    node_status seen;
    seen.node = node;
    seen.error = node_errc::no_answer;
    return seen;
}

struct sight : testing::Test {
    leader_sight make(std::optional<leader_view> seen = std::nullopt) {
        return {3, std::move(seen), 5000ms, now};
    }
    /// Asks whom it wants to ask, and has them answer this.
    void answer(leader_sight& of, const std::string& token, std::uint64_t edition = 0) {
        of.take_unseen().for_each(
            [&](node_index node) { of.on_view(view(node, token, edition), now); });
    }
    static leader_view who(const std::string& token, std::uint64_t edition = 0) {
        leader_view leader;
        leader.token = lock_token{token};
        leader.term = token.empty() ? fencing_token{} : fencing_token{7};
        leader.edition = edition;
        return leader;
    }

    core::instant now{1h};
};

TEST_F(sight, asks_every_node_at_first_and_tells_who_leads_once_a_majority_has_answered) {
    leader_sight of = make();
    EXPECT_EQ(of.next_look(now, {}), now);
    EXPECT_EQ(of.take_unseen(), everywhere);
    EXPECT_TRUE(of.take_unseen().empty()) << "they are being asked";
    of.on_view(view(0, "a"), now);
    EXPECT_FALSE(of.news());
    of.on_view(view(2, "a"), now);
    ASSERT_TRUE(of.news());
    EXPECT_EQ(of.news()->token, lock_token{"a"});
    EXPECT_EQ(of.news()->term, fencing_token{7});
}

TEST_F(sight, tells_that_nobody_leads_once_a_majority_is_free) {
    leader_sight of = make(who("a"));
    static_cast<void>(of.take_unseen());
    of.on_view(view(0, ""), now);
    EXPECT_FALSE(of.news());
    of.on_view(view(1, ""), now);
    ASSERT_TRUE(of.news());
    EXPECT_FALSE(*of.news());
}

TEST_F(sight, tells_nothing_of_an_acquisition_in_progress) {
    leader_sight of = make(who("a"));
    static_cast<void>(of.take_unseen());
    of.on_view(view(0, "a"), now);
    of.on_view(view(1, "b"), now);
    of.on_view(view(2, ""), now);
    EXPECT_FALSE(of.news());
    EXPECT_FALSE(of.out_of_patience(now + 1h)) << "all have answered";
}

TEST_F(sight, takes_what_it_was_told_to_know_for_no_news) {
    leader_sight of = make(who("a"));
    answer(of, "a");
    EXPECT_FALSE(of.news());
    leader_sight nobody = make(leader_view{});
    answer(nobody, "");
    EXPECT_FALSE(nobody.news());
    leader_sight anything = make();
    answer(anything, "");
    EXPECT_TRUE(anything.news()) << "that nobody leads is news, too";
}

TEST_F(sight, takes_a_later_edition_for_news_and_an_earlier_one_for_none) {
    leader_sight later = make(who("a", 3));
    answer(later, "a", 4);
    ASSERT_TRUE(later.news());
    EXPECT_EQ(later.news()->proclaimed, "text 4");
    leader_sight earlier = make(who("a", 3));
    answer(earlier, "a", 2);
    EXPECT_FALSE(earlier.news());
    leader_sight another = make(who("a", 3));
    answer(another, "b", 1);
    EXPECT_TRUE(another.news()) << "another term counts anew";
}

TEST_F(sight, asks_only_where_something_changed) {
    leader_sight of = make(who("a"));
    answer(of, "a");
    of.on_changed(1);
    EXPECT_EQ(of.next_look(now, everywhere), now);
    EXPECT_EQ(of.take_unseen(), only(1));
}

TEST_F(sight, asks_a_node_again_that_changes_while_it_is_asked) {
    leader_sight of = make(who("a"));
    static_cast<void>(of.take_unseen());
    of.on_changed(1);
    EXPECT_TRUE(of.take_unseen().empty()) << "not before it has answered";
    of.on_view(view(1, "a"), now);
    EXPECT_EQ(of.next_look(now, everywhere), now);
    EXPECT_EQ(of.take_unseen(), only(1));
}

TEST_F(sight, does_not_look_again_for_long_while_the_nodes_tell) {
    leader_sight of = make(leader_view{});
    answer(of, "");
    EXPECT_EQ(of.next_look(now, everywhere), now + leader_sight::longest_silence);
    of.on_timer(now + leader_sight::longest_silence);
    EXPECT_EQ(of.take_unseen(), everywhere) << "a change may have got lost";
}

TEST_F(sight, looks_when_a_lease_must_be_over) {
    leader_sight of = make(who("a"));
    answer(of, "a");
    const core::instant end = now + 10s + leader_sight::first_wait;
    EXPECT_EQ(of.next_look(now, everywhere), end);
    of.on_timer(end - 1ns);
    EXPECT_TRUE(of.take_unseen().empty());
    of.on_timer(end);
    EXPECT_EQ(of.take_unseen(), everywhere);
}

TEST_F(sight, relies_on_the_nodes_that_tell_as_long_as_no_majority_can_change_unseen) {
    leader_sight of = make(leader_view{});
    answer(of, "");
    core::node_set two = everywhere - only(2);
    EXPECT_EQ(of.next_look(now, two), now + leader_sight::longest_silence);
    leader_sight blind = make(leader_view{});
    answer(blind, "");
    EXPECT_EQ(blind.next_look(now, only(0)), now + leader_sight::first_wait);
}

// Of four, two that tell are no majority: nothing that they say is a verdict by itself.
TEST_F(sight, does_not_rely_on_half_of_an_even_number) {
    leader_sight of{4, leader_view{}, 5000ms, now};
    answer(of, "");
    EXPECT_EQ(of.next_look(now, only(0) | only(1)), now + leader_sight::first_wait);
    leader_sight enough{4, leader_view{}, 5000ms, now};
    answer(enough, "");
    EXPECT_EQ(enough.next_look(now, core::node_set::all(4) - only(3)),
              now + leader_sight::longest_silence);
}

TEST_F(sight, takes_a_later_term_of_the_same_token_for_news) {
    leader_view before = who("a", 3);
    before.term = fencing_token{6};
    leader_sight of = make(before);
    answer(of, "a", 1);
    ASSERT_TRUE(of.news());
    EXPECT_EQ(of.news()->term, fencing_token{7});
}

TEST_F(sight, looks_ever_more_rarely_where_nobody_tells) {
    leader_sight of = make(leader_view{});
    core::duration last{0};
    for (int times = 0; times < 20; ++times) {
        answer(of, "");
        const core::duration wait = of.next_look(now, {}) - now;
        EXPECT_GE(wait, last);
        last = wait;
        now += wait;
        of.on_timer(now);
    }
    EXPECT_EQ(last, leader_sight::longest_wait);
}

TEST_F(sight, loses_patience_when_too_few_have_answered_for_too_long) {
    leader_sight of = make();
    static_cast<void>(of.take_unseen());
    of.on_view(view(0, ""), now);
    of.on_view(silent(1), now);
    of.on_view(silent(2), now);
    EXPECT_FALSE(of.out_of_patience(now + 5s - 1ns));
    EXPECT_TRUE(of.out_of_patience(now + 5s));
    EXPECT_LE(of.next_look(now + 5s - 1ns, {}), now + 5s);
}

TEST_F(sight, loses_patience_however_often_it_asks_in_vain) {
    leader_sight of = make(leader_view{});
    answer(of, "");
    const core::instant began = now;
    for (; now < began + 5s; now += 100ms) {
        of.on_changed_anywhere();
        of.take_unseen().for_each([&](node_index node) { of.on_view(silent(node), now); });
        EXPECT_FALSE(of.out_of_patience(now));
    }
    EXPECT_TRUE(of.out_of_patience(now));
}

TEST_F(sight, is_patient_anew_once_a_majority_has_answered) {
    leader_sight of = make(leader_view{});
    answer(of, "");
    EXPECT_FALSE(of.out_of_patience(now + 1h));
    of.on_changed_anywhere();
    static_cast<void>(of.take_unseen());
    of.on_view(silent(0), now);
    now += 1h;
    of.on_view(silent(1), now);
    EXPECT_FALSE(of.out_of_patience(now + 5s - 1ns));
    EXPECT_TRUE(of.out_of_patience(now + 5s));
}

}  // namespace
}  // namespace redlock::manager
