// One acquisition from its call to its end: how far it has come, whether it expects to meet others,
// and what each event means for it. When to ask the nodes again is wait_session's. Pure: it is told
// of events, and answers with the next step. Used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - at first it expects nobody else, and spares the nodes and itself the line and the news; what
//   was taken, or a queue before it, teaches it better;
// - the deadline ends it at every stage, and says what is known of the lock by then;
// - once it is cancelled or over, nothing begins any more;
// - it takes over a lease of its process only between two attempts of its own.
#pragma once

#include <cstdint>

#include "core/acquire_round.hpp"
#include "core/instant.hpp"
#include "core/node_set.hpp"
#include "core/wait_session.hpp"

namespace redlock::core {

class acquisition {
  public:
    struct terms {
        wait_session::settings wait;
        bool fair = true;
        /// No lease of its process would do: it has wishes about what the nodes store, and for how
        /// long.
        bool needs_own_lease = false;
    };

    enum class action : std::uint8_t {
        none,
        open,     ///< Wait until the nodes have said who they are, but not beyond `until`.
        ask,      ///< Begin a round.
        wait,     ///< Until `until`, or for news.
        give_up,  ///< `end` says why.
    };

    struct step {
        action what = action::none;
        instant until = never;
        wait_end end = wait_end::none;
    };

    explicit acquisition(const terms& wanted) : session_(wanted.wait), terms_(wanted) {}

    /// An attempt limit counts attempts on the nodes, which a queue would only put off.
    [[nodiscard]] bool joins_queue() const { return session_.attempts_are_unlimited(); }
    /// Others of its process are before it.
    [[nodiscard]] step on_queued();
    /// It may begin: nobody is before it, or the nodes have said who they are.
    [[nodiscard]] step on_turn(bool open);
    /// A round ended without the lock. `random`, `tracking`: as wait_session's.
    [[nodiscard]] step on_round(const acquire_round& round, instant now, double random,
                                node_set tracking);
    /// A node tells that the lock has changed there. `last`: the latest round, if any. When to look
    /// at it; `never`: not because of that.
    [[nodiscard]] instant on_changed(node_index node, const acquire_round* last, instant now,
                                     node_set tracking);
    /// The time of the last step has come. `outcome`: of the round under way, which was told of its
    /// deadline.
    [[nodiscard]] step on_alarm(instant now, acquire_outcome outcome);
    /// It has failed, and only asks who has the lock.
    void find_holder();
    /// False if it is over already, or is being cancelled.
    [[nodiscard]] bool cancel();
    /// `acquired`: by the attempt under way, or taken over. True if by the attempt: its nodes have
    /// taken us out of their line.
    bool complete(bool acquired);

    [[nodiscard]] bool is_asking() const { return stage_ == stage::asking; }
    [[nodiscard]] bool is_over() const { return stage_ == stage::done; }
    [[nodiscard]] bool may_take_over() const;
    /// It asks for the lock from a place in the nodes' line.
    [[nodiscard]] bool stands_in_line() const { return expects_contention_ && terms_.fair; }
    /// It leaves a free lock to those who stand in the nodes' line: it will stand there itself.
    /// Without that it must take what is free.
    [[nodiscard]] bool leaves_it_to_the_line() const { return is_casual() && terms_.fair; }
    [[nodiscard]] bool wants_news() const { return expects_contention_ && session_.wants_news(); }
    [[nodiscard]] instant deadline() const { return session_.deadline(); }

  private:
    enum class stage : std::uint8_t {
        queued,  ///< Not begun: behind others of this process, if any.
        opening,
        asking,
        waiting,
        finding_holder,
        cancelled,  ///< Until the nodes have confirmed that nothing is left.
        done,
    };

    [[nodiscard]] bool is_casual() const;
    [[nodiscard]] step follow(const wait_session::step& next);

    wait_session session_;
    terms terms_;
    bool expects_contention_ = false;
    stage stage_ = stage::queued;
};

}  // namespace redlock::core
