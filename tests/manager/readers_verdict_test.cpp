// The verdict on shared locks, over all small worlds, against an oracle that knows no shortcut; and
// what is told of the readers.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manager/verdict.hpp"

namespace redlock::manager {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// What a node says: free, a writer's token, readers a or b or both, readers that it does not list,
// or nothing.
enum class node_word { free, writer, a, b, both, unlisted, silent };
constexpr std::array all_words{node_word::free, node_word::writer,   node_word::a,     node_word::b,
                               node_word::both, node_word::unlisted, node_word::silent};

lock_holder reader_of(const std::string& token, milliseconds left = 1000ms) {
    return {lock_token{token}, fencing_token{7}, {}, left, lock_mode::shared, 1};
}

node_status view_with(node_index node, const std::vector<lock_holder>& readers) {
    node_status view;
    view.node = node;
    view.holder = lock_token{"redlock:shared"};
    view.mode = lock_mode::shared;
    view.readers = readers;
    view.reader_count = readers.size();
    for (const auto& each : readers) {
        view.remaining = std::max(view.remaining, each.remaining);
    }
    return view;
}

node_status view_of(node_index node, node_word what) {
    node_status view;
    switch (what) {
        case node_word::a:
            return view_with(node, {reader_of("a")});
        case node_word::b:
            return view_with(node, {reader_of("b")});
        case node_word::both:
            return view_with(node, {reader_of("a"), reader_of("b")});
        case node_word::unlisted:
            return view_with(node, {});
        case node_word::writer:
            view.holder = lock_token{"w"};
            view.mode = lock_mode::exclusive;
            break;
        case node_word::silent:
            view.error = node_errc::no_answer;
            break;
        case node_word::free:
            break;
    }
    view.node = node;
    return view;
}

/// Who is on a node in truth: nobody, a writer, or readers as the bits of a number.
struct truth_of_node {
    bool writer = false;
    unsigned readers = 0;
};

bool on_majority(const std::vector<truth_of_node>& truth,
                 const std::function<bool(const truth_of_node&)>& is) {
    return static_cast<std::size_t>(std::count_if(truth.begin(), truth.end(), is)) * 2 >
           truth.size();
}

bool any_reader_holds(const std::vector<truth_of_node>& truth) {
    for (const unsigned reader : {1U, 2U, 4U}) {
        if (on_majority(truth, [&](const auto& each) { return (each.readers & reader) != 0; })) {
            return true;
        }
    }
    return false;
}

/// The verdict of a world without silent nodes, of which the unlisted ones may have any readers.
lock_verdict verdict_of(std::vector<truth_of_node> truth, const std::vector<bool>& unlisted) {
    if (on_majority(truth, [](const auto& each) { return each.writer; })) {
        return lock_verdict::held;
    }
    const bool theirs = on_majority(truth, [](const auto& each) { return each.readers != 0; });
    const std::function<bool(std::size_t)> some_reader_holds = [&](std::size_t node) {
        if (node == truth.size()) {
            return any_reader_holds(truth);
        }
        if (!unlisted[node]) {
            return some_reader_holds(node + 1);
        }
        for (unsigned readers = 1; readers < 8; ++readers) {
            truth[node].readers = readers;
            if (some_reader_holds(node + 1)) {
                return true;
            }
        }
        return false;
    };
    if (theirs && some_reader_holds(0)) {
        return lock_verdict::held;
    }
    return on_majority(truth, [](const auto& each) { return !each.writer && each.readers == 0; })
               ? lock_verdict::free
               : lock_verdict::split;
}

lock_verdict shared_oracle(const std::vector<node_word>& world) {
    std::vector<truth_of_node> truth(world.size());
    std::vector<bool> unlisted(world.size());
    std::set<lock_verdict> possible;
    const std::function<void(std::size_t)> play_from = [&](std::size_t node) {
        if (node == world.size()) {
            possible.insert(verdict_of(truth, unlisted));
            return;
        }
        std::vector<truth_of_node> candidates;
        switch (world[node]) {
            case node_word::silent:
                candidates = {{}, {true, 0}};
                for (unsigned readers = 1; readers < 8; ++readers) {
                    candidates.push_back({false, readers});
                }
                break;
            case node_word::unlisted:
                unlisted[node] = true;
                candidates = {{false, 1}};
                break;
            default:
                candidates = {{world[node] == node_word::writer, world[node] == node_word::a   ? 1U
                                                                 : world[node] == node_word::b ? 2U
                                                                 : world[node] == node_word::both
                                                                     ? 3U
                                                                     : 0U}};
        }
        for (const auto& each : candidates) {
            truth[node] = each;
            play_from(node + 1);
        }
    };
    play_from(0);
    if (possible.size() == 1) {
        return *possible.begin();
    }
    return lock_verdict::unknown;
}

TEST(verdict, is_right_about_every_world_of_readers_of_up_to_four_nodes) {
    for (std::size_t nodes = 1; nodes <= 4; ++nodes) {
        std::vector<node_word> world(nodes);
        const std::function<void(std::size_t)> fill = [&](std::size_t node) {
            if (node < nodes) {
                for (const node_word each : all_words) {
                    world[node] = each;
                    fill(node + 1);
                }
                return;
            }
            std::vector<node_status> views;
            std::string shown;
            for (node_index each = 0; each < nodes; ++each) {
                views.push_back(view_of(each, world[each]));
                shown += std::to_string(static_cast<int>(world[each]));
            }
            const resource_status status = judge("job", views);
            ASSERT_EQ(to_string(status.verdict), to_string(shared_oracle(world))) << shown;
            ASSERT_EQ(status.mode.has_value(), status.verdict == lock_verdict::held) << shown;
            ASSERT_EQ(status.holder.str() == "redlock:shared", status.mode == lock_mode::shared)
                << shown;
        };
        fill(0);
        if (testing::Test::HasFatalFailure()) {
            return;
        }
    }
}

TEST(verdict, names_the_readers_that_a_quorum_has) {
    auto views = std::vector{
        view_with(0, {reader_of("a", 50ms), reader_of("b", 90ms)}),
        view_with(1, {reader_of("a", 20ms), reader_of("c", 10ms), reader_of("b", 80ms)}),
        view_with(2, {reader_of("a", 30ms), reader_of("d", 70ms)})};
    views[1].readers[0].label = "nightly run";
    views[1].readers[0].fencing = fencing_token{9};
    const resource_status status = judge("job", views);
    EXPECT_EQ(status.mode, lock_mode::shared);
    EXPECT_EQ(status.reader_count, 2U);
    ASSERT_EQ(status.readers.size(), 2U);
    EXPECT_EQ(status.readers[0].token, lock_token{"b"}) << "it lasts longest";
    EXPECT_EQ(status.readers[0].remaining, 80ms);
    EXPECT_EQ(status.readers[1].token, lock_token{"a"});
    EXPECT_EQ(status.readers[1].remaining, 30ms);
    EXPECT_EQ(status.readers[1].label, "nightly run");
    EXPECT_EQ(status.readers[1].fencing, fencing_token{9});
    EXPECT_EQ(status.remaining, 80ms);
    EXPECT_EQ(status.fencing, fencing_token{});
    const auto who = status.held_by();
    ASSERT_TRUE(who);
    EXPECT_EQ(who->mode, lock_mode::shared);
    EXPECT_EQ(who->readers, 2U);
    EXPECT_EQ(who->token, lock_token{"redlock:shared"});
    EXPECT_EQ(who->remaining, 80ms);
}

TEST(verdict, tells_of_a_single_reader_by_its_own_name) {
    auto views = std::vector{view_with(0, {reader_of("a")}), view_with(1, {reader_of("a")}),
                             view_of(2, node_word::free)};
    views[0].readers[0].label = "report";
    const auto who = judge("job", views).held_by();
    ASSERT_TRUE(who);
    EXPECT_EQ(who->token, lock_token{"a"});
    EXPECT_EQ(who->label, "report");
    EXPECT_EQ(who->mode, lock_mode::shared);
    EXPECT_EQ(who->readers, 1U);
}

TEST(verdict, counts_readers_that_are_not_listed) {
    auto views = std::vector{view_with(0, {reader_of("a")}), view_with(1, {reader_of("b")}),
                             view_with(2, {reader_of("c")})};
    EXPECT_EQ(judge("job", views).verdict, lock_verdict::split) << "each is on one node alone";
    views[0].reader_count = 300;
    views[1].reader_count = 200;
    const resource_status status = judge("job", views);
    EXPECT_EQ(status.verdict, lock_verdict::held);
    EXPECT_EQ(status.reader_count, 200U) << "so many at least on a quorum";
    EXPECT_TRUE(status.readers.empty());
    EXPECT_EQ(judge("job", {view_with(0, {})}).reader_count, 0U) << "its list is lost";
}

TEST(verdict, takes_a_writer_that_becomes_a_reader_for_a_reader) {
    auto views = std::vector{view_of(0, node_word::writer), view_with(1, {reader_of("w", 40ms)}),
                             view_of(2, node_word::free)};
    views[0].remaining = 30ms;
    const auto hold = find_token(lock_token{"w"}, views);
    EXPECT_TRUE(hold.has_quorum);
    EXPECT_EQ(hold.mode, lock_mode::shared);
    EXPECT_EQ(hold.remaining, 30ms);
    const resource_status status = judge("job", views);
    EXPECT_EQ(status.verdict, lock_verdict::held);
    EXPECT_EQ(status.mode, lock_mode::shared);
    ASSERT_EQ(status.readers.size(), 1U);
    EXPECT_EQ(status.readers[0].token, lock_token{"w"});
    EXPECT_EQ(status.remaining, 30ms);
    views[1] = view_of(1, node_word::writer);
    EXPECT_EQ(find_token(lock_token{"w"}, views).mode, lock_mode::exclusive);
    EXPECT_EQ(judge("job", views).mode, lock_mode::exclusive);
}

TEST(verdict, does_not_guess_that_a_writer_has_become_a_reader_where_the_marker_is_on_too_few) {
    const std::vector views{view_of(0, node_word::writer), view_with(1, {reader_of("w")}),
                            view_with(2, {}), view_of(3, node_word::free),
                            view_of(4, node_word::free)};
    const resource_status status = judge("job", views);
    EXPECT_EQ(status.verdict, lock_verdict::split);
    EXPECT_EQ(status.mode, std::nullopt);
}

TEST(verdict, finds_no_reader_by_the_marker_and_none_that_is_not_listed) {
    const std::vector views{view_with(0, {reader_of("a")}), view_with(1, {}),
                            view_with(2, {reader_of("b")})};
    EXPECT_TRUE(find_token(lock_token{"redlock:shared"}, views).granted.empty());
    const auto hold = find_token(lock_token{"a"}, views);
    EXPECT_EQ(hold.granted, core::node_set::only(0));
    EXPECT_FALSE(hold.has_quorum || hold.may_have_quorum);
}

}  // namespace
}  // namespace redlock::manager
