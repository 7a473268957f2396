// Every way in which an attempt over 1 to 5 nodes can go: all answers in all orders, with the end
// of validity, a cancel, the caller's deadline, a late reply or a repeated one at every position.
// Each world is compared after each event with an oracle that keeps nothing but what every node
// last said and works everything out anew from the written rules; it shares no code with the round.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/acquire_round.hpp"
#include "core/small_scope.hpp"

namespace redlock::core::acquire_round_exhaustive_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;
using small_scope::most_nodes;
using small_scope::row;
using small_scope::written;

constexpr std::chrono::milliseconds lease{1'000};
/// A thousand less ten for the hundredth, less two.
constexpr instant validity_ends = at(988ms);

/// The six answers, with two holders that `busy` can name. `silence` is no answer yet.
enum word : std::size_t { granted, busy_a, busy_b, stale, window, refused, unheard, silence };
constexpr std::size_t words = silence;
constexpr const char* letters = "+absw!?.";

struct happening {
    enum class kind { vote, deadline, cancel } what = kind::vote;
    node_index node = 0;
    word said = silence;
    instant when = epoch;
};
using kind = happening::kind;

/// A fixed buffer: millions of these are told.
struct story {
    std::size_t nodes = 0;
    std::size_t length = 0;
    std::array<happening, 2 * most_nodes + 2> events{};

    void add(const happening& event) { events[length++] = event; }
};

std::uint64_t fence_of(node_index node) {
    return 1000 + node;
}

/// What is left of a's lease; b's never ends.
duration rest_of_a(node_index node) {
    return 40ms + std::chrono::milliseconds{static_cast<int>(node)};
}

acquire_vote vote_of(const happening& event) {
    switch (event.said) {
        case granted:
            return {.answer = acquire_answer::granted};
        case busy_a:
            return {.answer = acquire_answer::busy,
                    .holder_remaining = rest_of_a(event.node),
                    .holder = 1};
        case busy_b:
            return {.answer = acquire_answer::busy, .holder_remaining = {}, .holder = 2};
        case stale:
            return {.answer = acquire_answer::stale, .fence = fence_of(event.node)};
        case window:
            return {.answer = acquire_answer::out_of_window, .offset_us = 77};
        case refused:
            return {.answer = acquire_answer::not_executed};
        default:
            return {.answer = acquire_answer::unknown};
    }
}

/// The rules as they are written down, worked out from the full record at every step.
class oracle {
  public:
    explicit oracle(std::size_t nodes) : nodes_(nodes) { said_.fill(silence); }

    void hear(const happening& event) {
        finished_now_ = false;
        if (event.what == kind::cancel) {
            if (outcome_ == acquire_outcome::pending || outcome_ == acquire_outcome::held) {
                finish(acquire_outcome::cancelled);
            }
            return;
        }
        if (event.what == kind::deadline) {
            if (outcome_ == acquire_outcome::pending) {
                std::replace(said_.begin(), said_.begin() + size(), silence, unheard);
                finish(reason());
            }
            return;
        }
        if (said_[event.node] != silence && said_[event.node] != unheard) {
            return;
        }
        said_[event.node] = event.said;
        free_[event.node] = event.said == busy_a   ? event.when + rest_of_a(event.node)
                            : event.said == busy_b ? never
                                                   : epoch;
        if (outcome_ == acquire_outcome::pending) {
            judge(event.when);
        }
    }

    [[nodiscard]] acquire_outcome outcome() const { return outcome_; }
    [[nodiscard]] bool finished_now() const { return finished_now_; }
    [[nodiscard]] bool taken_back_now() const {
        return finished_now_ && outcome_ != acquire_outcome::held;
    }
    [[nodiscard]] word said(node_index node) const { return said_[node]; }
    [[nodiscard]] bool in_doubt(node_index node) const {
        return said_[node] == silence || said_[node] == unheard;
    }
    [[nodiscard]] std::uint64_t largest_fence() const {
        for (node_index node = nodes_; node-- > 0;) {
            if (said_[node] == stale) {
                return fence_of(node);
            }
        }
        return 0;
    }
    /// The first of the leases' ends by which a majority of the nodes is free.
    [[nodiscard]] instant quorum_free_at() const {
        instant earliest = never;
        for (node_index node = 0; node < nodes_; ++node) {
            const auto free_by_then =
                std::count_if(free_.begin(), free_.begin() + size(),
                              [&](instant end) { return end <= free_[node]; });
            if (majority(static_cast<std::size_t>(free_by_then))) {
                earliest = std::min(earliest, free_[node]);
            }
        }
        return earliest;
    }
    /// Clocks are worth learning from when our ballot was the obstacle.
    [[nodiscard]] std::size_t telling_offsets() const {
        const bool obstacle =
            outcome_ == acquire_outcome::stale || !majority(nodes_ - count(window));
        return obstacle ? count(window) : 0;
    }
    [[nodiscard]] std::size_t count(word what) const {
        return static_cast<std::size_t>(std::count(said_.begin(), said_.begin() + size(), what));
    }

  private:
    [[nodiscard]] std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(nodes_); }
    [[nodiscard]] bool majority(std::size_t of) const { return of > nodes_ - of; }

    void judge(instant now) {
        if (majority(count(granted))) {
            finish(now < validity_ends ? acquire_outcome::held : acquire_outcome::too_late);
        } else if (!majority(count(granted) + count(silence))) {
            finish(reason());
        }
    }

    /// Why it is lost: too few nodes to speak of; else somebody who may have a majority; else, if
    /// anybody has anything, a split; else our ballot.
    [[nodiscard]] acquire_outcome reason() const {
        const std::size_t dumb = count(unheard) + count(refused);
        if (!majority(nodes_ - dumb)) {
            return acquire_outcome::unavailable;
        }
        const std::size_t unknown_sides = dumb + count(silence);
        if (count(busy_a) + count(busy_b) == 0) {
            return acquire_outcome::stale;
        }
        return majority(count(busy_a) + unknown_sides) || majority(count(busy_b) + unknown_sides)
                   ? acquire_outcome::contended
                   : acquire_outcome::split;
    }

    void finish(acquire_outcome outcome) {
        outcome_ = outcome;
        finished_now_ = true;
    }

    std::size_t nodes_;
    std::array<word, most_nodes> said_{};
    std::array<instant, most_nodes> free_{epoch, epoch, epoch, epoch, epoch};
    acquire_outcome outcome_ = acquire_outcome::pending;
    bool finished_now_ = false;
};

/// What is wrong with the round after an event, or null.
const char* complaint(const acquire_round& round, const acquire_effects& effects,
                      const oracle& expected, std::size_t count) {
    if (round.outcome() != expected.outcome()) {
        return "outcome";
    }
    if (effects.finished != expected.finished_now()) {
        return "finished at another event";
    }
    for (node_index node = 0; node < count; ++node) {
        const bool ours = expected.said(node) == granted;
        const bool doubt = expected.in_doubt(node);
        if (round.granted().contains(node) != ours || round.doubtful().contains(node) != doubt) {
            return "who granted, who is in doubt";
        }
        if (effects.release.contains(node) != (expected.taken_back_now() && ours)) {
            return "plain release";
        }
        if (effects.release_doubtful.contains(node) != (expected.taken_back_now() && doubt)) {
            return "barred release";
        }
    }
    if (round.valid_until() != validity_ends) {
        return "validity moved";
    }
    if (round.largest_fence() != expected.largest_fence() ||
        round.offsets_us().size() != expected.telling_offsets()) {
        return "fence or offsets";
    }
    return round.quorum_free_at() == expected.quorum_free_at() ? nullptr : "quorum free at";
}

std::string transcript(const story& told) {
    std::string text = std::to_string(told.nodes) + " nodes:";
    for (std::size_t i = 0; i < told.length; ++i) {
        const happening& event = told.events[i];
        text += event.when >= validity_ends ? " (late)" : " ";
        text += event.what == kind::cancel     ? std::string{"cancel"}
                : event.what == kind::deadline ? std::string{"deadline"}
                                               : std::to_string(event.node) + letters[event.said];
    }
    return text;
}

/// Plays the story on the round and on paper. True when they agree at every step.
bool plays_by_the_book(const story& told) {
    acquire_round round{told.nodes, lease, epoch};
    oracle expected{told.nodes};
    for (std::size_t i = 0; i < told.length; ++i) {
        const happening& event = told.events[i];
        const acquire_effects effects = event.what == kind::cancel ? round.cancel()
                                        : event.what == kind::deadline
                                            ? round.on_deadline()
                                            : round.on_vote(event.node, vote_of(event), event.when);
        expected.hear(event);
        if (const char* what = complaint(round, effects, expected, told.nodes)) {
            ADD_FAILURE() << transcript(told) << "\nafter event " << i << ": " << what << "; is "
                          << to_string(round.outcome()) << ", ought to be "
                          << to_string(expected.outcome()) << ", releases "
                          << written(effects.release) << ", barred "
                          << written(effects.release_doubtful);
            return false;
        }
    }
    return true;
}

story votes(std::size_t nodes, const row& order, const row& said) {
    story told{.nodes = nodes};
    for (std::size_t i = 0; i < nodes; ++i) {
        told.add(
            {kind::vote, order[i], static_cast<word>(said[i]), at(1ms * static_cast<int>(i + 1))});
    }
    return told;
}

story inserted(const story& into, std::size_t position, happening event) {
    story told{.nodes = into.nodes};
    event.when = position == 0 ? epoch : into.events[position - 1].when;
    for (std::size_t i = 0; i <= into.length; ++i) {
        if (i == position) {
            told.add(event);
        }
        if (i < into.length) {
            told.add(into.events[i]);
        }
    }
    return told;
}

story delayed(story told, std::size_t from, instant until) {
    for (std::size_t i = from; i < told.length; ++i) {
        told.events[i].when = until;
    }
    return told;
}

/// The story itself and with one thing more at each position.
bool all_turns_by_the_book(const story& plain) {
    for (std::size_t position = 0; position <= plain.length; ++position) {
        const story with_cancel = inserted(plain, position, {.what = kind::cancel});
        const story with_deadline = inserted(plain, position, {.what = kind::deadline});
        if (!plays_by_the_book(with_cancel) || !plays_by_the_book(with_deadline) ||
            !plays_by_the_book(inserted(with_deadline, position, {.what = kind::cancel})) ||
            !plays_by_the_book(delayed(plain, position, validity_ends)) ||
            !plays_by_the_book(delayed(plain, position, validity_ends - 1ns))) {
            return false;
        }
    }
    return true;
}

/// A second answer of each node at each later position: the late reply of one that was given up, a
/// mere repetition of any other. At the end of such a story it is cancelled or not.
bool all_late_replies_by_the_book(const story& plain) {
    for (std::size_t first = 0; first < plain.length; ++first) {
        for (std::size_t position = first + 1; position <= plain.length; ++position) {
            for (std::size_t said = 0; said < words; ++said) {
                story told = inserted(
                    plain, position,
                    {kind::vote, plain.events[first].node, static_cast<word>(said), epoch});
                if (!plays_by_the_book(told)) {
                    return false;
                }
                told.add({.what = kind::cancel, .when = told.events[told.length - 1].when});
                if (!plays_by_the_book(told)) {
                    return false;
                }
            }
        }
    }
    return true;
}

class every_acquire_of : public testing::TestWithParam<std::size_t> {
  protected:
    /// Nodes are alike, and that they are is shown by the plain stories in all orders. The richer
    /// ones of five nodes are told in one order only, all answers included.
    bool for_each_story(std::size_t all_orders_up_to, bool (*check)(const story&)) {
        const std::size_t nodes = GetParam();
        return small_scope::for_each_order(nodes, [&](const row& order) {
            const bool told = small_scope::for_each_row(
                nodes, words, [&](const row& said) { return check(votes(nodes, order, said)); });
            return told && nodes <= all_orders_up_to;
        });
    }
};

TEST_P(every_acquire_of, answers_in_every_order) {
    for_each_story(5, plays_by_the_book);
}

TEST_P(every_acquire_of, answers_with_a_cancel_a_deadline_or_the_end_of_validity_anywhere) {
    for_each_story(4, all_turns_by_the_book);
}

TEST_P(every_acquire_of, answers_with_a_second_answer_anywhere) {
    for_each_story(3, all_late_replies_by_the_book);
}

INSTANTIATE_TEST_SUITE_P(nodes, every_acquire_of, testing::Values(1U, 2U, 3U, 4U, 5U),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace redlock::core::acquire_round_exhaustive_cases
