// Where a lock lies and until when it is good: the validity in short stories, the nodes in many
// random lives of a lock, in which a truth of its own keeps where the lock is and where a command
// on its way may yet put it.
#include "core/holding.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::holding_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;

constexpr std::chrono::milliseconds lease{10'000};
constexpr instant first_end = at(9'898ms);  // of a lease of 10 s that was asked for at the epoch

/// What is known of three nodes' clocks when the first was set forward by so much.
std::vector<node_clock> clocks(std::chrono::seconds set = 0s) {
    constexpr std::int64_t time_us = 1'700'000'000'000'000;
    std::vector<node_clock> all(3);
    for (node_clock& each : all) {
        each.on_answer(time_us, epoch, epoch);
    }
    all[0].on_answer(time_us + std::chrono::microseconds{set}.count(), epoch, epoch);
    return all;
}

round_ptr<acquire_round> won_round(std::size_t nodes, std::initializer_list<node_index> by) {
    round_ptr<acquire_round> round = new acquire_round{nodes, lease, epoch};
    for (const node_index node : by) {
        static_cast<void>(round->on_vote(node, {.answer = acquire_answer::granted}, at(1ms)));
    }
    return round;
}

round_ptr<extend_round> begun(holding& held, std::size_t nodes, std::chrono::milliseconds wanted,
                              instant when) {
    round_ptr<extend_round> round = new extend_round{nodes, wanted, when, held.valid_until()};
    held.extend(round);
    return round;
}

round_ptr<extend_round> extended(holding& held, instant when, std::chrono::milliseconds wanted) {
    auto round = begun(held, 3, wanted, when);
    static_cast<void>(round->on_vote(0, extend_answer::extended, when));
    static_cast<void>(round->on_vote(1, extend_answer::extended, when));
    return round;
}

TEST(holding, is_good_for_the_lease_that_won_it) {
    const holding held{won_round(3, {0, 1})};
    EXPECT_EQ(held.started(), epoch);
    EXPECT_EQ(held.valid_until(), first_end);
    EXPECT_FALSE(held.attached());
}

TEST(holding, takes_the_lease_of_an_extension) {
    holding held{won_round(3, {0, 1})};
    const auto round = extended(held, at(3s), lease);
    EXPECT_EQ(held.on_decided(*round, clocks(), at(3s)), extend_outcome::extended);
    EXPECT_EQ(held.started(), at(3s));
    EXPECT_EQ(held.valid_until(), first_end + 3s);
}

TEST(holding, is_not_shortened_by_an_extension_that_asked_for_less) {
    holding held{won_round(3, {0, 1})};
    EXPECT_EQ(held.on_decided(*extended(held, at(1s), 2s), clocks(), at(1s)),
              extend_outcome::extended);
    EXPECT_EQ(held.valid_until(), first_end);
    // It still rests on the first lease, and so on its nodes' clocks.
    EXPECT_TRUE(held.on_clocks_set(clocks(4s), 0));
    EXPECT_LE(held.valid_until(), first_end - 4s);
    EXPECT_GT(held.valid_until(), first_end - 4s - 1ms);
}

TEST(holding, outlives_an_extension_that_came_too_late_if_another_prolonged_it) {
    holding held{won_round(3, {0, 1})};
    const auto slow = begun(held, 3, lease, at(1s));
    EXPECT_EQ(held.on_decided(*extended(held, at(5s), lease), clocks(), at(5s)),
              extend_outcome::extended);
    static_cast<void>(slow->on_vote(0, extend_answer::missing, first_end));
    ASSERT_EQ(slow->outcome(), extend_outcome::expired);
    EXPECT_EQ(held.on_decided(*slow, clocks(), first_end), extend_outcome::unavailable);
    EXPECT_EQ(held.on_decided(*slow, clocks(), held.valid_until()), extend_outcome::expired);
}

TEST(holding, ends_early_when_a_clock_was_set_that_it_rests_on) {
    holding held{won_round(3, {0, 1})};
    EXPECT_FALSE(held.on_clocks_set(clocks(), std::nullopt));
    EXPECT_TRUE(held.on_clocks_set(clocks(4s), 0));
    EXPECT_EQ(held.cut_short_by(), 0U);
    EXPECT_LE(held.valid_until(), first_end - 4s);
    EXPECT_FALSE(held.on_clocks_set(clocks(4s), 0)) << "that was known";
    EXPECT_EQ(held.on_decided(*extended(held, at(3s), lease), clocks(4s), at(3s)),
              extend_outcome::extended);
    EXPECT_EQ(held.cut_short_by(), std::nullopt) << "the new lease is whole";
}

TEST(holding, has_an_extension_under_way_know_of_the_earlier_end) {
    holding held{won_round(3, {0, 1})};
    const auto round = begun(held, 3, lease, at(1s));
    ASSERT_TRUE(held.on_clocks_set(clocks(4s), 0));
    static_cast<void>(round->on_vote(0, extend_answer::extended, held.valid_until()));
    EXPECT_EQ(round->outcome(), extend_outcome::expired);
}

TEST(holding, of_an_attached_lock_rests_on_what_was_found) {
    backing found{at(7s), 0s};
    found.add(0, 0s);
    found.add(1, 0s);
    holding held{epoch, found, node_set{} | node_set::only(0) | node_set::only(1),
                 node_set::only(2)};
    EXPECT_TRUE(held.attached());
    EXPECT_EQ(held.valid_until(), at(7s));
    EXPECT_EQ(held.targets().granted.size(), 2U);
    EXPECT_EQ(held.targets().doubtful, node_set::only(2));
    EXPECT_TRUE(held.targets().following.empty());
    EXPECT_TRUE(held.on_clocks_set(clocks(4s), 0));
    EXPECT_LE(held.valid_until(), at(3s));
}

TEST(holding, asks_no_straggler_once_it_is_given_back) {
    const auto won = won_round(3, {0, 1});
    holding held{won};
    const auto decided = extended(held, at(1s), lease);
    const auto undecided = begun(held, 3, lease, at(2s));
    EXPECT_TRUE(won->may_ask_again());
    EXPECT_TRUE(decided->may_ask_again());
    EXPECT_TRUE(undecided->may_ask_again());
    held.close_rounds();
    EXPECT_FALSE(won->may_ask_again());
    EXPECT_FALSE(decided->may_ask_again());
    EXPECT_FALSE(undecided->may_ask_again());
}

// ---- where it lies ----

/// One node as it is, and what may yet happen to it by commands of ours on their way.
struct node {
    bool has_lock = false;
    bool acquire_due = false;
    bool acquired = false;  // the command was carried out
    bool plant_due = false;
    bool acquire_answered = false;
};

/// The life of one lock: random answers, losses, extensions and hand-overs.
class life {
  public:
    life(std::uint32_t seed, std::size_t nodes) : random_(seed), nodes_(nodes) {
        round_ = new acquire_round{nodes, lease, epoch};
        for (node_index each = 0; each < nodes; ++each) {
            nodes_[each].acquire_due = true;
        }
        while (round_->outcome() == acquire_outcome::pending) {
            answer_acquire(below(nodes));
        }
    }

    [[nodiscard]] bool won() const { return round_->outcome() == acquire_outcome::held; }

    /// An empty text, or what is wrong.
    std::string run() {
        held_ = holding{round_};
        for (int steps = 0; steps < 30; ++steps) {
            step();
            if (std::string wrong = check(); !wrong.empty()) {
                return wrong;
            }
        }
        return {};
    }

  private:
    std::size_t below(std::size_t bound) { return random_() % bound; }

    void step() {
        const auto which = static_cast<node_index>(below(nodes_.size()));
        node& at_it = nodes_[which];
        switch (below(8)) {
            case 0:
                answer_acquire(which);
                break;
            case 1:
                begin_extension();
                break;
            case 2:
            case 3:
            case 4:
                answer_extension(which);
                break;
            case 5:  // What was lost on the way arrives.
                at_it.has_lock = at_it.has_lock || at_it.plant_due || at_it.acquire_due;
                at_it.acquired = at_it.acquired || at_it.acquire_due;
                at_it.acquire_due = false;
                at_it.plant_due = at_it.plant_due && below(2) == 0;
                break;
            case 6:
                at_it.has_lock = false;  // Restarted, without its data.
                break;
            default:
                if (below(4) == 0) {
                    for (const auto& each : rounds_) {
                        lost_plants_ = lost_plants_ | each->may_plant();
                    }
                    held_.settle();
                    rounds_.clear();
                }
                break;
        }
    }

    void answer_acquire(std::size_t which) {
        node& asked = nodes_[which];
        if (asked.acquire_answered) {
            return;
        }
        asked.acquire_answered = true;
        switch (below(4)) {
            case 0:
            case 1:
                asked.has_lock = asked.has_lock || asked.acquire_due;
                asked.acquire_due = false;
                vote(which, acquire_answer::granted);
                break;
            case 2:
                vote(which, asked.acquired ? acquire_answer::granted : acquire_answer::busy);
                asked.acquire_due = false;
                break;
            default:  // The answer is lost, or the command is late.
                asked.has_lock = asked.has_lock || (asked.acquire_due && below(2) == 0);
                vote(which, acquire_answer::unknown);
                break;
        }
    }

    void vote(std::size_t which, acquire_answer answer) {
        static_cast<void>(
            round_->on_vote(static_cast<node_index>(which), {.answer = answer}, at(1ms)));
    }

    void begin_extension() {
        rounds_.push_back(begun(held_, nodes_.size(), lease, at(1s)));
        node_set planting;
        for (node_index each = 0; each < nodes_.size(); ++each) {
            if (below(2) == 0) {
                planting.insert(each);
                nodes_[each].plant_due = true;
            }
        }
        rounds_.back()->plant_on(planting);
    }

    void answer_extension(node_index which) {
        if (rounds_.empty()) {
            return;
        }
        extend_round& round = *rounds_[below(rounds_.size())];
        if (!round.pending().contains(which)) {
            return;
        }
        node& asked = nodes_[which];
        const bool plants = round.planting().contains(which);
        if (below(4) == 0) {  // The answer is lost, or the command is late.
            asked.has_lock = asked.has_lock || (plants && below(2) == 0);
            static_cast<void>(round.on_vote(which, extend_answer::unknown, at(2s)));
            return;
        }
        const auto answer = asked.has_lock ? extend_answer::extended
                            : plants       ? extend_answer::replanted
                                           : extend_answer::missing;
        asked.has_lock = asked.has_lock || plants;
        static_cast<void>(round.on_vote(which, answer, at(2s)));
        asked.plant_due = another_may_plant(which);
    }

    [[nodiscard]] bool another_may_plant(node_index which) const {
        bool may = lost_plants_.contains(which);
        for (const auto& each : rounds_) {
            may = may || each->may_plant().contains(which);
        }
        return may;
    }

    [[nodiscard]] std::string check() {
        for (const auto& each : rounds_) {
            lost_plants_ = lost_plants_ | (each->may_plant() - each->pending());
        }
        const release_targets to = held_.targets();
        for (node_index each = 0; each < nodes_.size(); ++each) {
            const node& it = nodes_[each];
            const bool may_get_it = it.acquire_due || it.plant_due;
            const std::string where = "node " + std::to_string(each);
            if ((it.has_lock || may_get_it) && !to.all().contains(each)) {
                return where + " has it or may get it, and is not released";
            }
            if (it.plant_due && (!to.doubtful.contains(each) || to.following.contains(each))) {
                return where + " may be planted late, and a release seems to come behind that";
            }
            if (to.following.contains(each) && it.acquire_answered) {
                return where + " answered the ACQUIRE: nothing is before a release";
            }
        }
        return {};
    }

    std::mt19937 random_;
    std::vector<node> nodes_;
    round_ptr<acquire_round> round_;
    holding held_;
    std::vector<round_ptr<extend_round>> rounds_;
    node_set lost_plants_;  // where a command that plants was not answered
};

TEST(holding, knows_each_node_to_which_a_release_must_go) {
    int lived = 0;
    for (std::uint32_t seed = 1; seed <= 20'000; ++seed) {
        life one{seed, 1 + 2 * (seed % 3)};
        if (one.won()) {
            ++lived;
            ASSERT_EQ(one.run(), "") << "seed " << seed;
        }
    }
    EXPECT_GT(lived, 5'000);
}

TEST(holding, leaves_those_alone_that_surely_have_nothing) {
    const auto round = won_round(3, {0, 1});
    static_cast<void>(round->on_vote(2, {.answer = acquire_answer::busy}, at(2ms)));
    const holding held{round};
    EXPECT_FALSE(held.targets().all().contains(2));
}

}  // namespace
}  // namespace redlock::core::holding_cases
