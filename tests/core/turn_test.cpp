// One turn of a process at a lock: each of its rules by itself, all of them together against a
// plain retelling in every small world, and many turns of rival processes over nodes that keep
// fences, where the tokens must grow in the order of holding. Time is a number.
#include "core/turn.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/quorum.hpp"
#include "core/small_scope.hpp"

namespace redlock::core::turn_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;

/// So generous that only the rule in question can end the turn.
constexpr turn::limits generous{.count = 1'000, .time = 1h};
constexpr ballot_block wide{100, 2'000};

// ---- one rule at a time ----

TEST(turn, begins_with_the_first_of_its_block) {
    EXPECT_EQ(turn(wide, epoch, generous).fencing(), 100U);
}

TEST(turn, gives_each_token_once_and_each_larger_than_the_one_before) {
    turn mine{wide, epoch, generous};
    std::uint64_t before = mine.fencing();
    for (int i = 0; i < 1'000; ++i) {
        const auto token = mine.pass_on(at(1ms), at(11ms), 10ms);
        ASSERT_TRUE(token);
        ASSERT_GT(*token, before);
        ASSERT_EQ(mine.fencing(), *token);
        before = *token;
    }
}

TEST(turn, leaves_nothing_of_the_block_unused_and_nothing_beyond_it_used) {
    turn mine{{7, 9}, epoch, generous};
    EXPECT_EQ(mine.pass_on(at(1ms), at(11ms), 10ms), 8U);
    EXPECT_EQ(mine.pass_on(at(1ms), at(11ms), 10ms), 9U);
    EXPECT_EQ(mine.pass_on(at(1ms), at(11ms), 10ms), std::nullopt);
    EXPECT_EQ(mine.fencing(), 9U);
}

TEST(turn, does_not_pass_on_a_block_of_one) {
    turn mine{{7, 7}, epoch, generous};
    EXPECT_EQ(mine.pass_on(at(1ms), at(11ms), 10ms), std::nullopt);
}

TEST(turn, passes_on_without_fencing_and_gives_no_token) {
    turn mine{{}, epoch, {.count = 2, .time = 1h}};
    EXPECT_EQ(mine.fencing(), 0U);
    EXPECT_EQ(mine.pass_on(at(1ms), at(11ms), 10ms), 0U);
    EXPECT_EQ(mine.pass_on(at(1ms), at(11ms), 10ms), 0U);
    EXPECT_EQ(mine.pass_on(at(1ms), at(11ms), 10ms), std::nullopt);
}

TEST(turn, ends_after_so_many) {
    for (std::size_t count = 0; count < 4; ++count) {
        turn mine{wide, epoch, {.count = count, .time = 1h}};
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_TRUE(mine.pass_on(at(1ms), at(11ms), 10ms));
        }
        EXPECT_FALSE(mine.pass_on(at(1ms), at(11ms), 10ms));
    }
}

TEST(turn, ends_after_so_long_counted_from_the_acquisition) {
    turn mine{wide, at(5ms), {.count = 1'000, .time = 20ms}};
    EXPECT_TRUE(mine.pass_on(at(5ms), at(1h), 10ms));
    EXPECT_TRUE(mine.pass_on(at(25ms) - 1ns, at(1h), 10ms));
    EXPECT_FALSE(mine.pass_on(at(25ms), at(1h), 10ms));
    EXPECT_FALSE(mine.pass_on(at(26ms), at(1h), 10ms));
}

TEST(turn, passes_on_no_lease_that_is_over) {
    for (const auto wanted : {0ms, 1ms, 10ms}) {
        turn mine{wide, epoch, generous};
        EXPECT_FALSE(mine.pass_on(at(10ms), at(10ms), wanted));
        EXPECT_FALSE(mine.pass_on(at(10ms), at(10ms) - 1ns, wanted));
        EXPECT_FALSE(mine.pass_on(at(10ms), epoch, wanted));
        EXPECT_EQ(mine.fencing(), wide.first);
    }
}

TEST(turn, passes_on_three_quarters_of_the_lease_wanted_at_least) {
    for (const auto wanted : {4ms, 100ms, 60'000ms}) {
        turn mine{wide, epoch, generous};
        EXPECT_FALSE(mine.pass_on(at(1ms), at(1ms) + wanted * 3 / 4 - 1ns, wanted));
        EXPECT_TRUE(mine.pass_on(at(1ms), at(1ms) + wanted * 3 / 4, wanted));
    }
}

TEST(turn, leaves_time_to_work_before_the_margin_of_whoever_is_next) {
    turn mine{wide, epoch, generous};
    // Of a lease of 10 ms with a margin of 8 ms, 2 ms are to work in: 1.5 ms at least.
    EXPECT_FALSE(mine.pass_on(at(0ms), at(9ms), 10ms, 8ms));
    EXPECT_FALSE(mine.pass_on(at(0ms), at(9500us) - 1ns, 10ms, 8ms));
    EXPECT_TRUE(mine.pass_on(at(0ms), at(9500us), 10ms, 8ms));
    EXPECT_TRUE(mine.pass_on(at(0ms), at(9ms), 10ms));
}

TEST(turn, a_refusal_uses_nothing_up) {
    turn mine{{7, 8}, epoch, {.count = 1, .time = 1h}};
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(mine.pass_on(at(1ms), at(2ms), 10ms));
    }
    // Whoever wants less is served all the same.
    EXPECT_EQ(mine.pass_on(at(1ms), at(2ms), 1ms), 8U);
}

TEST(turn, one_that_never_began_never_passes_on) {
    turn none;
    EXPECT_EQ(none.pass_on(epoch, never, 0ms), std::nullopt);
    EXPECT_EQ(none.pass_on(at(1ms), at(1h), 10ms), std::nullopt);
    EXPECT_EQ(none.fencing(), 0U);
}

TEST(turn, reserves_ballots_only_where_they_may_be_used) {
    for (const std::size_t waiting : {0U, 1U, 9U}) {
        for (const std::size_t count : {0U, 1U, 64U}) {
            for (const duration time : {duration{0}, duration{50ms}}) {
                const bool may_pass = waiting > 0 && count > 0 && time > 0ns;
                EXPECT_EQ(turn::block_width(waiting, {.count = count, .time = time}),
                          may_pass ? count + 1 : 1U);
            }
        }
    }
}

TEST(turn, has_a_ballot_for_everybody_it_may_serve) {
    const turn::limits bounds{.count = 5, .time = 1h};
    const auto block = next_block(0, 1'000, 0, turn::block_width(1, bounds));
    ASSERT_TRUE(block);
    turn mine{*block, epoch, bounds};
    for (std::size_t i = 0; i < bounds.count; ++i) {
        EXPECT_TRUE(mine.pass_on(at(1ms), at(11ms), 10ms));
    }
    EXPECT_EQ(mine.fencing(), block->last);
}

// ---- all rules together, in every small world ----

/// What a hand-over is asked to do: how much later than the one before, and for what.
struct request {
    duration later;
    duration left;
    std::chrono::milliseconds wanted;
};
constexpr std::array<request, 8> requests{{{0ns, 0ns, 0ms},
                                           {0ns, -1ns, 4ms},
                                           {0ns, 1ns, 0ms},
                                           {0ns, 3ms, 4ms},
                                           {1ms, 3ms - 1ns, 4ms},
                                           {1ms, 4ms, 4ms},
                                           {2ms, 1h, 4ms},
                                           {1ms, 2ms, 4ms}}};

TEST(turn, keeps_every_rule_in_every_small_world) {
    for (std::uint64_t width = 1; width <= 4; ++width) {
        for (std::size_t count = 0; count <= 3; ++count) {
            for (const duration time : {duration{0}, duration{1ms}, duration{3ms}}) {
                const ballot_block block{50, 50 + width - 1};
                const bool all =
                    small_scope::for_each_row(4, requests.size(), [&](const auto& row) {
                        turn mine{block, epoch, {.count = count, .time = time}};
                        std::vector<std::uint64_t> given{block.first};
                        instant now = epoch;
                        for (std::size_t i = 0; i < 4; ++i) {
                            const request& wish = requests[row[i]];
                            now += wish.later;
                            const bool may = given.size() <= count && now - epoch < time &&
                                             given.size() < width && wish.left > 0ns &&
                                             wish.left * 4 >= duration{wish.wanted} * 3;
                            const auto token = mine.pass_on(now, now + wish.left, wish.wanted);
                            EXPECT_EQ(token.has_value(), may);
                            if (token) {
                                EXPECT_EQ(*token, given.back() + 1);
                                given.push_back(*token);
                            }
                            EXPECT_EQ(mine.fencing(), given.back());
                        }
                        return !testing::Test::HasFailure();
                    });
                ASSERT_TRUE(all) << width << " wide, " << count << " times";
            }
        }
    }
}

// ---- many turns of several processes ----

constexpr std::size_t node_count = 3;
constexpr std::chrono::milliseconds lease{100};

/// One lock on some nodes and the processes that take it in turn. A process believes what its own
/// clock and the fences it has met tell it, and nothing of the others.
class rivals {
  public:
    struct process {
        std::int64_t clock_us = 0;
        std::uint64_t known_fence = 0;
        turn mine;
        instant valid_until{};
        bool thinks_it_holds = false;
    };

    explicit rivals(const std::vector<std::int64_t>& clocks) {
        for (const std::int64_t clock : clocks) {
            processes_.emplace_back().clock_us = clock;
        }
    }

    void let_pass(duration time) { now_ += time; }

    /// ACQUIRE reaches the nodes of `heard`; the rest are silent.
    void acquire(std::size_t who, node_set heard, std::size_t waiting, const turn::limits& bounds) {
        process& it = processes_[who % processes_.size()];
        const auto wall =
            it.clock_us + std::chrono::floor<std::chrono::microseconds>(now_ - epoch).count();
        const auto block = next_block(it.known_fence, wall, 0, turn::block_width(waiting, bounds));
        RC_ASSERT(block.has_value());
        it.known_fence = std::max(it.known_fence, block->last);
        node_set granted;
        for (node_index node = 0; node < node_count; ++node) {
            if (!heard.contains(node) || ends_[node] > now_) {
                continue;
            }
            if (fences_[node] >= block->first) {
                it.known_fence = std::max(it.known_fence, fences_[node]);
                continue;
            }
            fences_[node] = block->last;
            granted.insert(node);
        }
        if (granted.size() < quorum_of(node_count)) {
            return;
        }
        granted.for_each([&](node_index node) {
            ends_[node] = now_ + lease;
            owner_[node] = who % processes_.size();
        });
        it.mine = turn{*block, now_, bounds};
        it.valid_until = now_ + lease;
        it.thinks_it_holds = true;
        holds(it.mine.fencing());
    }

    void pass_on(std::size_t who, std::chrono::milliseconds wanted) {
        process& it = processes_[who % processes_.size()];
        if (!it.thinks_it_holds) {
            return;
        }
        if (const auto token = it.mine.pass_on(now_, it.valid_until, wanted)) {
            ++passed;
            holds(*token);
        }
    }

    void extend(std::size_t who) {
        process& it = processes_[who % processes_.size()];
        if (!it.thinks_it_holds || now_ >= it.valid_until) {
            return;
        }
        for (node_index node = 0; node < node_count; ++node) {
            if (ends_[node] > now_ && owner_[node] == who % processes_.size()) {
                ends_[node] = now_ + lease;
            }
        }
        it.valid_until = now_ + lease;
    }

    /// Given back everywhere. A process that holds nothing any more deletes nothing.
    void release(std::size_t who) {
        process& it = processes_[who % processes_.size()];
        for (node_index node = 0; node < node_count; ++node) {
            if (it.thinks_it_holds && owner_[node] == who % processes_.size()) {
                ends_[node] = now_;
            }
        }
        it.thinks_it_holds = false;
    }

    std::size_t passed = 0;

  private:
    void holds(std::uint64_t token) {
        RC_ASSERT(token > last_);
        last_ = token;
    }

    instant now_ = epoch;
    std::vector<process> processes_;
    std::array<std::uint64_t, node_count> fences_{};
    std::array<instant, node_count> ends_{};
    std::array<std::size_t, node_count> owner_{};
    std::uint64_t last_ = 0;
};

RC_GTEST_PROP(turns, tokens_grow_in_the_order_of_holding_whoever_holds, ()) {
    constexpr std::int64_t today = 1'795'000'000'000'000;
    const auto skews = *rc::gen::container<std::vector<std::int64_t>>(
        3, rc::gen::element<std::int64_t>(0, 0, 3, -3, 40, 250'000, -250'000));
    std::vector<std::int64_t> clocks;
    for (const std::int64_t skew : skews) {
        clocks.push_back(today + skew);
    }
    rivals world{clocks};
    const auto steps = *rc::gen::inRange(20, 120);
    for (int i = 0; i < steps; ++i) {
        const auto who = *rc::gen::inRange<std::size_t>(0, 3);
        switch (*rc::gen::element(0, 0, 0, 1, 1, 1, 1, 2, 3, 4)) {
            case 0: {
                // Mostly all nodes, sometimes only some of them.
                node_set heard = node_set::all(node_count);
                if (*rc::gen::inRange(0, 3) == 0) {
                    heard.erase(*rc::gen::inRange<node_index>(0, node_count));
                }
                world.acquire(who, heard, *rc::gen::inRange<std::size_t>(0, 3),
                              {.count = *rc::gen::inRange<std::size_t>(0, 6), .time = 300ms});
                break;
            }
            case 1:
                world.pass_on(who, *rc::gen::element(lease, 1ms, 50ms));
                break;
            case 2:
                world.extend(who);
                break;
            case 3:
                world.release(who);
                break;
            default:
                world.let_pass(*rc::gen::element<duration>(1us, 10ms, 99ms, 100ms));
                break;
        }
    }
    RC_CLASSIFY(world.passed > 0, "passed on");
    RC_CLASSIFY(world.passed > 5, "passed on often");
}

}  // namespace
}  // namespace redlock::core::turn_cases
