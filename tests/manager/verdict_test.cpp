// The verdict over all small worlds, against an oracle that knows no shortcut: it plays every truth
// that silent nodes may hide, and says what all of them have in common.
#include "manager/verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace redlock::manager {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// How a node looks: what it says, that it is silent, or that it is one of several behind one URL,
// whose word is worth as much as silence.
enum class look { free, a, b, c, silent, several };
constexpr std::array looks{look::free, look::a, look::b, look::c, look::silent, look::several};

std::string token_of(look of) {
    return of == look::a ? "a" : of == look::b ? "b" : of == look::c ? "c" : "";
}

bool says_nothing(look of) {
    return of == look::silent || of == look::several;
}

node_status view_of(node_index node, look of) {
    node_status view;
    view.node = node;
    if (says_nothing(of)) {
        view.error = of == look::silent ? node_errc::no_answer : error_code{};
        view.vote_error = of == look::several ? node_errc::several_servers : error_code{};
        // Means nothing then, and must not be looked at.
        view.holder = lock_token{"a"};
        view.fencing = fencing_token{1'000'000};
    } else {
        view.holder = lock_token{token_of(of)};
        view.remaining = view.holder.empty() ? std::nullopt : std::optional{1000ms};
    }
    return view;
}

std::vector<node_status> views_of(const std::vector<look>& world) {
    std::vector<node_status> views;
    for (node_index node = 0; node < world.size(); ++node) {
        views.push_back(view_of(node, world[node]));
    }
    return views;
}

void every_world(std::size_t nodes, const std::function<void(const std::vector<look>&)>& visit) {
    std::vector<look> world(nodes);
    const std::function<void(std::size_t)> fill = [&](std::size_t node) {
        if (node == nodes) {
            visit(world);
            return;
        }
        for (const look each : looks) {
            world[node] = each;
            fill(node + 1);
        }
    };
    fill(0);
}

/// What is true of a world without silent nodes: who has more than half of it, if anybody.
std::string majority(const std::vector<std::string>& truth) {
    std::map<std::string, std::size_t> counts;
    for (const auto& each : truth) {
        if (++counts[each] * 2 > truth.size()) {
            return each;
        }
    }
    return "nobody";
}

struct truths {
    bool held = false;
    bool free = false;
    bool split = false;
};

/// All that may be true, whatever the silent nodes hide; "d" stands for a holder nobody told of.
void play(const std::vector<look>& world, std::vector<std::string>& truth, truths& possible) {
    if (truth.size() == world.size()) {
        const std::string most = majority(truth);
        possible.free = possible.free || most.empty();
        possible.split = possible.split || most == "nobody";
        possible.held = possible.held || (!most.empty() && most != "nobody");
        return;
    }
    const look here = world[truth.size()];
    const std::vector<std::string> candidates =
        says_nothing(here) ? std::vector<std::string>{"", "a", "b", "c", "d"}
                           : std::vector<std::string>{token_of(here)};
    for (const auto& each : candidates) {
        truth.push_back(each);
        play(world, truth, possible);
        truth.pop_back();
    }
}

lock_verdict oracle(const std::vector<look>& world) {
    truths possible;
    std::vector<std::string> truth;
    play(world, truth, possible);
    if (!possible.free && !possible.split) {
        return lock_verdict::held;
    }
    if (!possible.held && !possible.split) {
        return lock_verdict::free;
    }
    return possible.held || possible.free ? lock_verdict::unknown : lock_verdict::split;
}

TEST(verdict, is_right_about_every_world_of_up_to_five_nodes) {
    for (std::size_t nodes = 1; nodes <= 5; ++nodes) {
        every_world(nodes, [&](const std::vector<look>& world) {
            const resource_status status = judge("job", views_of(world));
            std::string shown;
            for (const look each : world) {
                shown += each == look::silent ? "?" : each == look::free ? "-" : token_of(each);
            }
            ASSERT_EQ(to_string(status.verdict), to_string(oracle(world))) << shown;
            ASSERT_EQ(status.holder.empty(), status.verdict != lock_verdict::held) << shown;
            ASSERT_EQ(status.remaining.has_value(), status.verdict == lock_verdict::held) << shown;
            ASSERT_EQ(status.nodes.size(), nodes);
        });
        if (testing::Test::HasFatalFailure()) {
            return;
        }
    }
}

TEST(verdict, names_the_holder_that_has_the_quorum) {
    every_world(3, [&](const std::vector<look>& world) {
        const resource_status status = judge("job", views_of(world));
        if (status.verdict == lock_verdict::held) {
            const auto saying = std::count_if(world.begin(), world.end(), [&](look each) {
                return each != look::silent && token_of(each) == status.holder.str();
            });
            ASSERT_GE(saying, 2);
        }
    });
}

/// How many leases of these last until `moment`.
std::size_t lasting(const std::vector<std::optional<milliseconds>>& leases, milliseconds moment) {
    return static_cast<std::size_t>(
        std::count_if(leases.begin(), leases.end(),
                      [&](const auto& lease) { return !lease || *lease >= moment; }));
}

TEST(verdict, knows_when_the_quorum_of_leases_ends) {
    const std::vector<std::optional<milliseconds>> choices{std::nullopt, 10ms, 20ms, 30ms};
    for (std::size_t nodes = 1; nodes <= 5; ++nodes) {
        const std::size_t quorum = nodes / 2 + 1;
        std::size_t combinations = 1;
        for (std::size_t i = 0; i < nodes; ++i) {
            combinations *= choices.size();
        }
        for (std::size_t combination = 0; combination < combinations; ++combination) {
            std::vector<std::optional<milliseconds>> leases;
            std::vector<node_status> views;
            for (std::size_t rest = combination; leases.size() < nodes; rest /= choices.size()) {
                leases.push_back(choices[rest % choices.size()]);
                views.push_back(view_of(views.size(), look::a));
                views.back().remaining = leases.back();
            }
            const auto told = find_token(lock_token{"a"}, views).remaining;
            if (!told) {
                ASSERT_GE(lasting(leases, 24h), quorum);
                continue;
            }
            ASSERT_GE(lasting(leases, *told), quorum);
            ASSERT_LT(lasting(leases, *told + 1ms), quorum);
        }
    }
}

TEST(verdict, does_not_count_leases_of_others) {
    auto views = views_of({look::a, look::b, look::a, look::a, look::free});
    views[0].remaining = 30ms;
    views[1].remaining = 90'000ms;
    views[2].remaining = 20ms;
    views[3].remaining = 10ms;
    EXPECT_EQ(judge("job", views).remaining, 10ms);
}

TEST(verdict, takes_the_largest_fencing_token_and_the_first_label_of_the_holder) {
    auto views = views_of({look::a, look::a, look::b});
    views[0].fencing = fencing_token{5};
    views[1].fencing = fencing_token{7};
    views[1].label = "nightly run";
    views[2].fencing = fencing_token{9};
    views[2].label = "another's";
    const resource_status status = judge("job", views);
    EXPECT_EQ(status.resource, resource_name{"job"});
    EXPECT_EQ(status.holder, lock_token{"a"});
    EXPECT_EQ(status.fencing, fencing_token{7});
    EXPECT_EQ(status.label, "nightly run");
}

TEST(verdict, takes_the_latest_edition_of_what_the_holder_has_proclaimed) {
    auto views = views_of({look::a, look::a, look::a, look::b, look::free});
    views[0].edition = 2;
    views[0].proclaimed = "old";
    views[1].edition = 3;
    views[1].proclaimed = "new";
    views[3].edition = 9;
    views[3].proclaimed = "another's";
    const resource_status status = judge("job", views);
    EXPECT_EQ(status.proclaimed, "new");
    EXPECT_EQ(status.edition, 3U);
}

TEST(verdict, finds_a_token_on_the_nodes_that_hold_it) {
    const auto hold =
        find_token(lock_token{"a"}, views_of({look::a, look::silent, look::b, look::a}));
    EXPECT_TRUE(hold.granted.contains(0) && hold.granted.contains(3));
    EXPECT_EQ(hold.granted.size(), 2U);
    EXPECT_TRUE(hold.silent.contains(1));
    EXPECT_EQ(hold.silent.size(), 1U);
    EXPECT_FALSE(hold.has_quorum);
    EXPECT_TRUE(hold.may_have_quorum);
    EXPECT_EQ(hold.remaining, std::nullopt);
}

TEST(verdict, of_several_names_counts_a_node_only_with_the_token_under_all_of_them) {
    const lock_token token{"a"};
    const auto hold = [&](const std::vector<std::vector<look>>& worlds) {
        std::vector<std::vector<node_status>> of_each;
        for (const auto& world : worlds) {
            of_each.push_back(views_of(world));
        }
        return find_token(token, together(token, of_each));
    };
    using enum look;
    EXPECT_TRUE(hold({{a, a, a}, {a, a, free}}).has_quorum);
    EXPECT_TRUE(hold({{a, b, a}, {a, a, a}}).has_quorum);
    EXPECT_FALSE(hold({{a, a, free}, {a, free, a}}).has_quorum) << "both are on one node only";
    EXPECT_FALSE(hold({{a, a, free}, {a, free, a}}).may_have_quorum);
    EXPECT_FALSE(hold({{free, free, free}, {a, a, a}}).has_quorum);
    const auto silent_for_one = hold({{a, a, free}, {a, silent, free}});
    EXPECT_FALSE(silent_for_one.has_quorum);
    EXPECT_TRUE(silent_for_one.may_have_quorum);
    EXPECT_TRUE(hold({{a, silent, free}, {a, a, free}}).may_have_quorum);
}

TEST(verdict, of_several_names_ends_on_a_node_with_the_first_of_its_leases) {
    const lock_token token{"a"};
    std::vector<std::vector<node_status>> of_each(2, views_of({look::a}));
    of_each[0][0].remaining = std::nullopt;
    of_each[1][0].remaining = 700ms;
    EXPECT_EQ(find_token(token, together(token, of_each)).remaining, 700ms);
    std::swap(of_each[0], of_each[1]);
    EXPECT_EQ(find_token(token, together(token, of_each)).remaining, 700ms);
    of_each[1][0].remaining = 500ms;
    EXPECT_EQ(find_token(token, together(token, of_each)).remaining, 500ms);
}

TEST(verdict, finds_an_empty_token_nowhere) {
    const auto hold = find_token(lock_token{}, views_of({look::free, look::free, look::free}));
    EXPECT_TRUE(hold.granted.empty());
    EXPECT_FALSE(hold.has_quorum || hold.may_have_quorum);
}

}  // namespace
}  // namespace redlock::manager
