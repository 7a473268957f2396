// Stories of votes; see rounds.hpp.
#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

#include "core/acquire_round.hpp"
#include "core/extend_round.hpp"
#include "core/quorum.hpp"
#include "core/release_round.hpp"
#include "fuzz/rounds.hpp"
#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

using core::acquire_answer;
using core::acquire_effects;
using core::acquire_outcome;
using core::acquire_round;
using core::acquire_vote;
using core::extend_answer;
using core::extend_outcome;
using core::instant;
using core::node_set;
using core::quorum_of;
using core::release_answer;
using core::release_outcome;
using std::chrono::milliseconds;

std::size_t node_count(byte_source& source) {
    constexpr std::size_t counts[] = {1, 2, 3, 4, 5, 7, 9, node_set::max_nodes};
    return counts[source.below(8)];
}

/// What is promised of a lease, reckoned once more: less a hundredth of it and 2 ms.
instant usable_until(instant started, milliseconds lease) {
    return started + core::duration{lease} - core::duration{lease} / 100 - milliseconds{2};
}

milliseconds lease_from(byte_source& source) {
    return milliseconds{1 + source.below(4) * 10'000 + source.byte()};
}

acquire_vote vote_from(byte_source& source) {
    acquire_vote vote;
    vote.answer = static_cast<acquire_answer>(source.below(7));
    vote.counts = source.below(8) != 0;
    switch (vote.answer) {
        case acquire_answer::busy: {
            const std::size_t lease = source.below(16);
            if (lease != 0) {
                vote.holder_remaining = lease == 1 ? core::duration::max() : source.span();
            }
            vote.holder = source.below(3) == 0 ? acquire_vote::nobody_yet : source.below(3);
            vote.ahead = source.below(4);
            break;
        }
        case acquire_answer::stale:
            vote.fence = source.any_size();
            break;
        case acquire_answer::out_of_window:
            vote.offset_us = static_cast<std::int64_t>(source.number());
            break;
        default:
            break;
    }
    return vote;
}

/// What an acquisition's account knows of each node.
class acquire_story {
  public:
    explicit acquire_story(byte_source& source)
        : source_(source),
          nodes_(node_count(source)),
          lease_(lease_from(source)),
          round_(nodes_, lease_, clock_.now()),
          started_(clock_.now()) {}

    void tell() {
        while (!source_.empty()) {
            clock_.pass(source_.span());
            const acquire_outcome before = round_.outcome();
            const std::size_t what = source_.below(16);
            if (what == 15) {
                note(before, round_.cancel());
            } else if (what == 14) {
                note(before, round_.on_deadline());
            } else {
                vote();
            }
            check();
        }
        const acquire_outcome before = round_.outcome();
        note(before, round_.on_deadline());
        require(round_.outcome() != acquire_outcome::pending, "a deadline ends every round");
        check();
    }

  private:
    void vote() {
        const auto node = static_cast<node_index>(source_.below(nodes_));
        const acquire_vote vote = vote_from(source_);
        const bool first = !answered_.contains(node);
        // After a deadline or "unknown" a node may still answer, once.
        const acquire_outcome before = round_.outcome();
        const acquire_effects effects = round_.on_vote(node, vote, clock_.now());
        if (first) {
            maybe_there_.erase(node);
            if (vote.answer == acquire_answer::unknown) {
                maybe_there_.insert(node);
            } else {
                answered_.insert(node);
            }
            if (vote.answer == acquire_answer::granted) {
                (vote.counts ? granted_ : given_for_nothing_).insert(node);
            }
            if (vote.answer == acquire_answer::granted && !vote.counts &&
                (before == acquire_outcome::pending || before == acquire_outcome::held)) {
                require(effects.release.contains(node),
                        "what a node without a vote granted is given back at once");
            }
        } else {
            require(
                effects.release.empty() && effects.release_doubtful.empty() && !effects.finished,
                "who has answered says nothing more");
        }
        note(before, effects);
    }

    void note(acquire_outcome before, const acquire_effects& effects) {
        const acquire_outcome after = round_.outcome();
        require(effects.finished == (before != after), "finished is told with the outcome");
        if (before == after) {
            return;
        }
        require(before == acquire_outcome::pending ||
                    (before == acquire_outcome::held && after == acquire_outcome::cancelled),
                "an outcome is final, but that a held lock may be handed back");
        if (after == acquire_outcome::held) {
            require(granted_.size() >= quorum_of(nodes_), "held needs a quorum that may vote");
            require(clock_.now() < usable_until(started_, lease_), "held is still valid");
            require((effects.release & granted_).empty() && effects.release_doubtful.empty(),
                    "what is held is not given back");
            return;
        }
        require(after == acquire_outcome::cancelled || after == acquire_outcome::too_late ||
                    granted_.size() + round_.pending().size() < quorum_of(nodes_),
                "lost only when a quorum cannot be had any more");
        const node_set surely = effects.release;
        const node_set maybe = effects.release_doubtful;
        require((granted_ - surely).empty(), "who granted is released");
        const node_set in_doubt = (node_set::all(nodes_) - answered_) | maybe_there_;
        require((in_doubt - maybe).empty(), "who may have granted is released and barred");
        require((surely & maybe).empty(), "nobody is released twice");
        require(((surely | maybe) - (granted_ | given_for_nothing_ | in_doubt)).empty(),
                "where there is nothing nothing is released");
    }

    void check() {
        require(round_.granted() == granted_, "who granted is known");
        require((round_.granted() & round_.doubtful()).empty(), "nobody is sure and in doubt");
        require((round_.pending() - node_set::all(nodes_)).empty(), "only nodes are asked");
        require(round_.valid_until() == usable_until(started_, lease_),
                "validity counts from the start");
        require(round_.quorum_free_at() >= started_, "nothing is free before it was asked for");
        require(round_.ahead() < 4, "nobody stands behind more than were told");
        require(round_.outcome() != acquire_outcome::pending || granted_.size() < quorum_of(nodes_),
                "a quorum decides at once");
        static_cast<void>(round_.offsets_us());
    }

    byte_source& source_;
    story_clock clock_;
    std::size_t nodes_;
    milliseconds lease_;
    acquire_round round_;
    instant started_;
    node_set answered_;
    node_set maybe_there_;  // said "unknown"
    node_set granted_;
    node_set given_for_nothing_;
};

}  // namespace

void tell_acquire_round(byte_source& source) {
    acquire_story{source}.tell();
}

void tell_extend_round(byte_source& source) {
    story_clock clock;
    const std::size_t nodes = node_count(source);
    const milliseconds lease = lease_from(source);
    const instant started = clock.now();
    const instant old_end = started + source.span() - source.span();
    core::extend_round round{nodes, lease, started, old_end};
    require((round.outcome() == extend_outcome::expired) == (old_end <= started),
            "what is over cannot be extended");
    std::map<node_index, extend_answer> last;
    node_set counted;
    const auto said = [&](auto... answers) {
        node_set those;
        for (const auto& [node, answer] : last) {
            if (((answer == answers) || ...)) {
                those.insert(node);
            }
        }
        return those;
    };
    const auto check = [&](extend_outcome before, bool final) {
        const extend_outcome after = round.outcome();
        require(final == (before != after), "the end is told once");
        require(before == extend_outcome::pending || before == after, "an outcome is final");
        require(round.valid_until() == (after == extend_outcome::extended
                                            ? std::max(old_end, usable_until(started, lease))
                                            : old_end),
                "validity is prolonged by a won round, and by nothing else");
        require((round.holding() & round.doubtful()).empty(), "nobody is sure and in doubt");
        require(round.replanted() == said(extend_answer::replanted), "who planted is known");
        if (before == after) {
            return;
        }
        if (after == extend_outcome::extended) {
            require(counted.size() >= quorum_of(nodes), "extended needs a quorum that may vote");
            require((counted & said(extend_answer::replanted)).empty(),
                    "what is planted again does not count in its round");
            require(clock.now() < old_end, "the hold was never broken");
        } else if (after == extend_outcome::gone) {
            require(nodes - (said(extend_answer::taken, extend_answer::missing) |
                             said(extend_answer::replanted))
                                .size() <
                        quorum_of(nodes),
                    "gone: no quorum held it any more");
        } else if (after == extend_outcome::unavailable) {
            require(said(extend_answer::extended, extend_answer::replanted).empty(),
                    "unavailable: nothing was written");
        }
    };
    while (!source.empty()) {
        clock.pass(source.span());
        const extend_outcome before = round.outcome();
        const auto node = static_cast<node_index>(source.below(nodes));
        const auto answer = static_cast<extend_answer>(source.below(6));
        const bool counts = source.below(8) != 0;
        if (const auto known = last.find(node);
            known == last.end() || known->second == extend_answer::unknown) {
            last[node] = answer;
            if (answer == extend_answer::extended && counts) {
                counted.insert(node);
            }
        }
        check(before, round.on_vote(node, answer, clock.now(), counts));
    }
    for (node_index node = 0; node < nodes; ++node) {
        if (!last.contains(node)) {
            last[node] = extend_answer::not_executed;
            const extend_outcome before = round.outcome();
            check(before, round.on_vote(node, extend_answer::not_executed, clock.now()));
        }
    }
    require(round.outcome() != extend_outcome::pending, "when all have answered it is decided");
}

void tell_release_round(byte_source& source) {
    const std::size_t nodes = node_count(source);
    node_set asked;
    for (node_index node = 0; node < nodes; ++node) {
        if (source.below(4) != 0) {
            asked.insert(node);
        }
    }
    core::release_round round{nodes, {.granted = asked}};
    node_set pending = asked;
    node_set removed;
    node_set absent = node_set::all(nodes) - asked;
    const auto vote = [&](node_index node, release_answer answer) {
        const release_outcome before = round.outcome();
        const bool final = round.on_vote(node, answer);
        require(final == (before != round.outcome()), "the end is told once");
        require(before == release_outcome::pending || !final, "an outcome is final");
        if (before == release_outcome::pending && pending.contains(node)) {
            pending.erase(node);
            if (answer == release_answer::removed) {
                removed.insert(node);
            } else if (answer == release_answer::absent) {
                absent.insert(node);
            }
        }
        const release_outcome after = round.outcome();
        require((after == release_outcome::released) == (removed.size() >= quorum_of(nodes)),
                "released: by a quorum");
        require(after != release_outcome::gone || nodes - absent.size() < quorum_of(nodes),
                "gone: no quorum held it any more");
        require(after != release_outcome::unavailable || removed.empty(),
                "unavailable: nothing was removed");
    };
    while (!source.empty()) {
        vote(static_cast<node_index>(source.below(nodes)),
             static_cast<release_answer>(source.below(4)));
    }
    asked.for_each([&](node_index node) { vote(node, release_answer::not_executed); });
    require(round.outcome() != release_outcome::pending, "when all have answered it is decided");
}

}  // namespace redlock::fuzz
