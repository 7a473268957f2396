// A waiter among nodes that tell of a change once, to whoever has read the key since the last one,
// over connections that delay, reorder, repeat and lose what they carry. Whatever happens, a lock
// that is free is looked at within the fallback; and at once if a quorum's news got through. The
// session and the rounds are the real ones; nodes, network and time are modelled here.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <utility>

#include "core/quorum.hpp"
#include "core/small_scope.hpp"
#include "core/wait_session.hpp"

namespace redlock::core::wait_simulation_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::epoch;

constexpr std::chrono::milliseconds lease{10'000};
constexpr duration slowest_message = 5ms;
constexpr duration fallback = 22s;
/// Far above what rounds, news and polls take together, far below the fallback.
constexpr duration without_fallback = 1s;

struct scenario {
    std::size_t nodes = 3;
    node_set tells;    ///< Nodes that can track at all.
    node_set deaf;     ///< Whatever these push is lost.
    node_set freed;    ///< Where the lock is freed in the end: a quorum at least.
    int touches = 0;   ///< How often the key changes somewhere without getting free.
    int breaks = 0;    ///< How often the connection that carries the pushes breaks.
    int phantoms = 0;  ///< How often something is told for no reason.
    duration until_free{0};
    std::uint64_t seed = 0;
};

class simulation {
  public:
    explicit simulation(const scenario& with) : with_(with), random_(with.seed) {
        for (node_index node = 0; node < with.nodes; ++node) {
            nodes_[node].tracks = with.tells.contains(node);
            if (nodes_[node].tracks) {
                tracking_.insert(node);
            }
        }
        for (int i = 0; i < with.touches; ++i) {
            after(up_to(with.until_free), [this, node = any_node()] { changed(node); });
        }
        for (int i = 0; i < with.phantoms; ++i) {
            after(up_to(with.until_free), [this, node = any_node()] { told(node); });
        }
        for (int i = 0; i < with.breaks; ++i) {
            after(up_to(with.until_free), [this, node = any_node()] { break_pushes(node); });
        }
        with.freed.for_each([&](node_index node) {
            after(with.until_free + up_to(slowest_message), [this, node] {
                nodes_[node].held = false;
                free_at_ = now_;  // a quorum was free a moment before the last
                changed(node);
            });
        });
        follow(session_.start());
    }

    /// Until the waiter holds it.
    void run() {
        for (int steps = 0; end_ == wait_end::none; ++steps) {
            RC_ASSERT(steps < 1'000'000);
            RC_ASSERT(!events_.empty() || alarm_ != never);
            if (events_.empty() || alarm_ <= events_.begin()->first) {
                now_ = std::max(now_, std::exchange(alarm_, never));
                if (std::exchange(waiting_, false)) {
                    follow(session_.on_timer(now_));
                }
                continue;
            }
            auto next = events_.extract(events_.begin());
            now_ = next.key();
            next.mapped()();
        }
        RC_ASSERT(to_string(end_) == to_string(wait_end::held));
    }

    [[nodiscard]] duration idle() const { return std::max(duration{0}, now_ - free_at_); }
    [[nodiscard]] duration longest_sleep() const { return longest_sleep_; }

  private:
    struct server {
        bool held = true;
        bool tracks = false;
        bool armed = false;
        int line = 0;  ///< Which connection carries the pushes; those of an earlier one are lost.
    };

    void after(duration time, std::function<void()> what) {
        events_.emplace(now_ + time, std::move(what));
    }
    duration up_to(duration most) {
        return duration{std::uniform_int_distribution<duration::rep>{0, most.count()}(random_)};
    }
    bool one_in(int n) { return std::uniform_int_distribution<int>{1, n}(random_) == 1; }
    node_index any_node() {
        return static_cast<node_index>(
            std::uniform_int_distribution<std::size_t>{0, with_.nodes - 1}(random_));
    }

    // ---- the nodes ----

    void changed(node_index which) {
        server& it = nodes_[which];
        if (!std::exchange(it.armed, false) || with_.deaf.contains(which)) {
            return;
        }
        for (int copies = one_in(4) ? 2 : 1; copies > 0; --copies) {
            after(up_to(slowest_message), [this, which, line = it.line] {
                if (nodes_[which].line == line) {
                    told(which);
                }
            });
        }
    }

    void break_pushes(node_index which) {
        server& it = nodes_[which];
        if (!it.tracks) {
            return;
        }
        it.tracks = it.armed = false;
        ++it.line;
        const duration noticed = up_to(slowest_message);
        after(noticed, [this, which] {
            tracking_.erase(which);
            told(which);
        });
        if (one_in(3)) {
            return;  // for good
        }
        after(noticed + up_to(slowest_message * 4), [this, which] {
            nodes_[which].tracks = true;
            tracking_.insert(which);
            told(which);
        });
    }

    /// The script runs, and its answer leaves.
    void execute(node_index which, const round_ptr<acquire_round>& round) {
        server& it = nodes_[which];
        acquire_vote vote{.answer = acquire_answer::granted};
        if (it.held) {
            it.armed = it.tracks;
            vote = {.answer = acquire_answer::busy,
                    .holder_remaining = std::nullopt,
                    .holder = 1,
                    .ahead = static_cast<std::size_t>(any_node()) * 3};
        }
        after(up_to(slowest_message), [this, which, round, vote] {
            // What a lost round was granted is taken back; our own changes are not told.
            if (round->on_vote(which, vote, now_).finished && round == round_) {
                follow(session_.on_round(*round, now_, fraction(), tracking_));
            }
        });
    }

    // ---- the waiter ----

    double fraction() { return std::uniform_real_distribution<double>{0, 1}(random_); }

    void follow(const wait_session::step& step) {
        end_ = step.end;
        if (step.end != wait_end::none) {
            return;
        }
        if (!step.start_round) {
            waiting_ = true;
            alarm_ = step.wait_until;
            longest_sleep_ = std::max(longest_sleep_, alarm_ - now_);
            return;
        }
        session_.on_round_started();
        round_ = new acquire_round{with_.nodes, lease, now_};
        for (node_index node = 0; node < with_.nodes; ++node) {
            after(up_to(slowest_message), [this, node, round = round_] { execute(node, round); });
        }
    }

    void told(node_index which) {
        const auto step =
            session_.on_changed(which, waiting_ ? round_.get() : nullptr, now_, tracking_);
        RC_ASSERT(!step.start_round);
        if (step.wait_until != never) {
            RC_ASSERT(waiting_);
            RC_ASSERT(step.wait_until <= now_ + 8ms);
            alarm_ = std::min(alarm_, step.wait_until);
        }
    }

    scenario with_;
    std::mt19937_64 random_;
    std::multimap<instant, std::function<void()>> events_;
    std::array<server, small_scope::most_nodes> nodes_{};
    node_set tracking_;
    wait_session session_{{.quorum_timeout = 1h}};
    round_ptr<acquire_round> round_;
    instant now_ = epoch;
    instant free_at_ = epoch;
    instant alarm_ = never;
    duration longest_sleep_{0};
    bool waiting_ = false;
    wait_end end_ = wait_end::none;
};

node_set some_nodes(std::size_t count) {
    node_set those;
    for (node_index node = 0; node < count; ++node) {
        if (*rc::gen::arbitrary<bool>()) {
            those.insert(node);
        }
    }
    return those;
}

/// A quorum, or more.
node_set quorum_or_more(std::size_t count) {
    node_set those = some_nodes(count);
    const auto first = *rc::gen::inRange<std::size_t>(0, count);
    for (std::size_t i = 0; those.size() < quorum_of(count); ++i) {
        those.insert(static_cast<node_index>((first + i) % count));
    }
    return those;
}

scenario any_scenario() {
    scenario with;
    with.nodes = *rc::gen::inRange<std::size_t>(1, small_scope::most_nodes + 1);
    with.tells = *rc::gen::inRange(0, 3) == 0 ? some_nodes(with.nodes) : node_set::all(with.nodes);
    with.deaf = some_nodes(with.nodes);
    with.freed = quorum_or_more(with.nodes);
    with.touches = *rc::gen::inRange(0, 8);
    with.breaks = *rc::gen::inRange(0, 4);
    with.phantoms = *rc::gen::inRange(0, 4);
    // From the middle of the first round to several fallbacks later.
    with.until_free = *rc::gen::element<duration>(1ms, 4ms, 8ms, 15ms, 70ms, 900ms, 50s);
    with.seed = *rc::gen::arbitrary<std::uint64_t>();
    return with;
}

RC_GTEST_PROP(wait_simulation, a_free_lock_is_looked_at_within_the_fallback_whatever_is_lost, ()) {
    simulation world{any_scenario()};
    world.run();
    RC_ASSERT(world.idle() <= fallback + without_fallback);
    RC_CLASSIFY(world.idle() > without_fallback, "needed the fallback");
    RC_CLASSIFY(world.longest_sleep() > without_fallback, "slept");
}

RC_GTEST_PROP(wait_simulation, needs_no_fallback_when_the_news_of_a_freed_quorum_get_through, ()) {
    scenario with = any_scenario();
    node_set lost = with.deaf;
    with.freed.for_each([&](node_index node) {
        if ((with.freed - lost).size() < quorum_of(with.nodes)) {
            lost.erase(node);
        }
    });
    with.deaf = lost;
    simulation world{with};
    world.run();
    RC_ASSERT(world.idle() <= without_fallback);
    RC_CLASSIFY(world.longest_sleep() > without_fallback, "slept");
    RC_CLASSIFY(with.breaks > 0, "broke");
}

}  // namespace
}  // namespace redlock::core::wait_simulation_cases
