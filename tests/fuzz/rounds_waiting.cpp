// Stories of waiting; see rounds.hpp.
#include <chrono>
#include <optional>

#include "core/acquire_round.hpp"
#include "core/quorum.hpp"
#include "core/wait_session.hpp"
#include "core/warm_up.hpp"
#include "fuzz/rounds.hpp"
#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

using core::acquire_answer;
using core::acquire_outcome;
using core::acquire_round;
using core::acquire_vote;
using core::instant;
using core::never;
using core::node_set;
using core::wait_end;
using core::wait_session;

constexpr std::size_t nodes = 3;
constexpr std::chrono::milliseconds lease{10'000};
/// How often nodes are asked again at once: a raised ballot, three times.
constexpr int most_at_once = 3;

/// A waiter from its first attempt to its end, as the manager leads it.
class waiter {
  public:
    explicit waiter(byte_source& source)
        : source_(source), with_(settings_from(source)), session_(with_) {}

    void tell() {
        act_on(session_.start());
        while (end_ == wait_end::none && !source_.empty()) {
            if (in_round_) {
                run_round();
            } else {
                wait();
            }
        }
        check_end();
    }

  private:
    wait_session::settings settings_from(byte_source& source) {
        wait_session::settings with;
        if (source.flag()) {
            with.deadline = clock_.now() + source.span();
        }
        with.attempt_limit = source.below(4);
        if (source.below(4) == 0) {
            with.delay_min = source.span();
            with.delay_max = with.delay_min + source.span();
        }
        with.quorum_timeout = source.span();
        return with;
    }

    void act_on(const wait_session::step& step) {
        require(step.start_round + (step.end != wait_end::none) + (step.wait_until != never) == 1,
                "there is one thing to do");
        end_ = step.end;
        wait_until_ = step.wait_until;
        in_round_ = step.start_round;
        if (in_round_) {
            require(clock_.now() < with_.deadline || session_.attempts() == 0,
                    "no round begins after the deadline");
            at_once_ = clock_.now() == began_ ? at_once_ + 1 : 0;
            require(at_once_ <= most_at_once || !session_.wants_news(),
                    "nodes are not asked in a tight loop, unless the caller says so");
            began_ = clock_.now();
            last_.emplace(nodes, lease, began_);
            session_.on_round_started();
            told_ = {};
        }
    }

    void run_round() {
        clock_.pass(source_.span());
        const auto tracking = tracking_from();
        while (last_->outcome() == acquire_outcome::pending && !source_.empty()) {
            const std::size_t what = source_.below(12);
            const auto node = static_cast<node_index>(source_.below(nodes));
            if (what == 11) {
                tell_change(node, nullptr, tracking);
            } else if (what == 10) {
                last_->on_deadline();
            } else {
                last_->on_vote(node, vote_from(), clock_.now());
            }
        }
        last_->on_deadline();
        if (last_->outcome() != acquire_outcome::held && clock_.now() >= with_.deadline) {
            end_ = session_.on_deadline(last_->outcome());
            require(end_ != wait_end::none && end_ != wait_end::held, "a deadline is an end");
            return;
        }
        const std::size_t before = session_.attempts();
        // Zero would be drawn once in a lifetime, and is no wait at all.
        const double random = (source_.fraction() + 1.0 / 256) / 2;
        const auto step = session_.on_round(*last_, clock_.now(), random, tracking);
        require((step.end == wait_end::held) == (last_->outcome() == acquire_outcome::held),
                "held is held");
        require(session_.attempts() - before <= 1, "a round is one attempt at most");
        in_round_ = false;
        act_on(step);
    }

    void wait() {
        if (source_.below(4) == 0) {
            clock_.pass(source_.span());
            tell_change(static_cast<node_index>(source_.below(nodes)), &*last_, tracking_from());
        }
        require(wait_until_ != never, "nobody waits for ever");
        clock_.pass_to(wait_until_);
        act_on(session_.on_timer(clock_.now()));
    }

    void tell_change(node_index node, const acquire_round* round, node_set tracking) {
        const bool news = !told_.contains(node);
        told_.insert(node);
        const auto step = session_.on_changed(node, round, clock_.now(), tracking);
        require(!step.start_round && step.end == wait_end::none, "news only shorten a wait");
        if (step.wait_until != never) {
            require(news && round != nullptr, "what is known is no news");
            require(step.wait_until >= clock_.now() &&
                        step.wait_until - clock_.now() <= std::chrono::milliseconds{8},
                    "others are given a moment, no more");
            wait_until_ = std::min(wait_until_, step.wait_until);
            at_once_ = -1;  // a round for its own sake
        }
    }

    acquire_vote vote_from() {
        acquire_vote vote;
        // Rarely granted, or no story would be long.
        const std::size_t answer = source_.below(16);
        vote.answer = answer < 7 ? static_cast<acquire_answer>(answer) : acquire_answer::busy;
        if (answer % 2 == 0) {
            vote.holder_remaining = source_.span();
        }
        vote.holder = answer % 3;
        vote.ahead = source_.any_size();
        return vote;
    }
    node_set tracking_from() {
        const std::uint8_t bits = source_.byte();
        node_set set;
        for (node_index node = 0; node < nodes; ++node) {
            if ((bits >> node & 1U) != 0) {
                set.insert(node);
            }
        }
        return set;
    }

    void check_end() const {
        if (end_ == wait_end::none) {
            return;
        }
        require(end_ != wait_end::timed_out || clock_.now() >= with_.deadline,
                "nobody is timed out before the deadline");
        require(end_ != wait_end::contended ||
                    (with_.attempt_limit != 0 && session_.attempts() >= with_.attempt_limit),
                "nobody gives up before the last attempt");
        require(with_.attempt_limit == 0 || session_.attempts() <= with_.attempt_limit,
                "nobody tries more often than allowed");
    }

    byte_source& source_;
    story_clock clock_;
    wait_session::settings with_;
    wait_session session_;
    std::optional<acquire_round> last_;
    instant wait_until_ = never;
    instant began_ = never;
    node_set told_;
    int at_once_ = 0;
    bool in_round_ = false;
    wait_end end_ = wait_end::none;
};

}  // namespace

void tell_wait_session(byte_source& source) {
    waiter{source}.tell();
}

void tell_warm_up(byte_source& source) {
    story_clock clock;
    const std::size_t count = 1 + source.below(7);
    const core::duration longest = source.span();
    const instant started = clock.now();
    core::warm_up warm{count, started, longest};
    require(warm.over_at() == started + longest, "it takes no longer than it may");
    node_set known;
    node_set connected;
    while (!source.empty()) {
        clock.pass(source.span());
        const auto node = static_cast<node_index>(source.below(count));
        const instant before = warm.over_at();
        known.insert(node);
        if (source.flag()) {
            connected.insert(node);
            warm.on_connected(node, clock.now());
        } else {
            warm.on_failed(node, clock.now());
        }
        require(warm.over_at() <= before, "the end moves only to earlier");
        require(known.size() < count || warm.over_at() <= clock.now(),
                "when all is known nobody is waited for");
        require(warm.over_at() == before || known.size() == count ||
                    (connected.size() >= core::quorum_of(count) &&
                     warm.over_at() >= clock.now() + core::warm_up::grace),
                "before all is known only a quorum shortens it, and the others get their time");
    }
}

}  // namespace redlock::fuzz
