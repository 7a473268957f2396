// One acquisition from its call to its end: its stage, whether it expects contention, and what each
// event means for it. wait_session decides when to ask the nodes again. Pure: receives events and
// answers with the next step. Used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - at first it expects no contention, and neither stands in the nodes' line nor subscribes to
//   changes; it does both after it found the lock taken, or behind others in the local queue;
// - its deadline ends it at every stage but the last three, with the error that fits what is known
//   by then;
// - after a cancellation or its end no round starts;
// - it takes over the lease of another holder of its process only between two rounds of its own;
// - one that asks the nodes for a permit
//   leaves the leases of its process to those behind it, who do not ask,
//   for a bounded time.
#pragma once

#include <cstdint>

#include "core/acquire_round.hpp"
#include "core/instant.hpp"
#include "core/node_set.hpp"
#include "core/wait_session.hpp"

namespace redlock::core {

/// Where an acquisition waits in an order with others.
enum class queueing : std::uint8_t {
    queue_and_line,
    only_line,  ///< Others of its process may hold the lock as well, so that it need not queue.
    nowhere,
};

class acquisition {
  public:
    struct terms {
        wait_session::settings wait;
        bool fair = true;
        /// It cannot take over a lease of its process, since it determines what the nodes store, or
        /// for how long.
        bool needs_own_lease = false;
        queueing waits = queueing::queue_and_line;
        /// For so long, and at most for half of the time until its deadline, it leaves the leases
        /// of its process to those behind it, once it asks the nodes. For a permit, since the
        /// process may hold several.
        duration leaves_leases{0};
    };

    enum class action : std::uint8_t {
        none,
        open,     ///< Wait until the nodes are connected, but not beyond `until`.
        ask,      ///< Begin a round.
        wait,     ///< Until `until`, or until a node reports a change.
        give_up,  ///< `end` says why.
    };

    struct step {
        action what = action::none;
        instant until = never;
        wait_end end = wait_end::none;
    };

    /// After a round that found its lock taken: another that would do may be free.
    enum class alternative : std::uint8_t {
        none,
        later,    ///< But enough rounds in a row have begun at once.
        at_once,  ///< That is worth a round now.
    };

    /// Whether it takes over a lease that its process gives back.
    enum class taking : std::uint8_t {
        at_once,
        if_nobody_else,  ///< Unless one behind it does.
        not_now,         ///< A round for another permit is under way; one behind it may.
        not_at_all,
    };

    explicit acquisition(const terms& wanted)
        : session_(wanted.wait),
          leaves_leases_(wanted.leaves_leases),
          fair_(wanted.fair),
          needs_own_lease_(wanted.needs_own_lease),
          waits_(wanted.waits) {}

    /// An attempt limit counts attempts on the nodes, which a queue would only put off.
    [[nodiscard]] bool joins_queue() const {
        return waits_ == queueing::queue_and_line && attempts_are_unlimited();
    }
    [[nodiscard]] bool attempts_are_unlimited() const { return session_.attempts_are_unlimited(); }
    /// Others of its process are ahead of it; of a permit also after a round.
    [[nodiscard]] step on_queued();
    /// It may begin: it is the first in the queue, or the nodes are connected.
    [[nodiscard]] step on_turn(bool open);
    /// A round ended without the lock. `random`, `tracking`: as wait_session's.
    [[nodiscard]] step on_round(const acquire_round& round, instant now, double random,
                                node_set tracking, alternative other = alternative::none);
    /// A node reports a change of the lock. `last`: the latest round, if any. `elsewhere`: as
    /// wait_session's. Returns when to ask again; `never` if the change is no reason to.
    [[nodiscard]] instant on_changed(node_index node, const acquire_round* last, instant now,
                                     node_set tracking, bool elsewhere = false);
    /// The `until` of the last step has come. `outcome`: of the round under way, after its own
    /// `on_deadline`.
    [[nodiscard]] step on_alarm(instant now, acquire_outcome outcome);
    /// It has failed, and only reads who has the lock.
    void find_holder();
    /// False if it is over already, or is being cancelled.
    [[nodiscard]] bool cancel();
    /// `acquired`: it won the lock or took it over. True if it won it by the attempt under way: the
    /// nodes that granted have removed it from their line.
    bool complete(bool acquired);

    [[nodiscard]] bool is_asking() const { return stage_ == stage::asking; }
    [[nodiscard]] bool is_queued() const { return stage_ == stage::queued; }
    /// Between two rounds.
    [[nodiscard]] bool is_waiting() const { return stage_ == stage::waiting; }
    [[nodiscard]] bool is_over() const { return stage_ == stage::done; }
    [[nodiscard]] taking takes_over(instant now) const;
    /// Its rounds ask from a place in the nodes' line.
    [[nodiscard]] bool stands_in_line() const {
        return expects_contention_ && fair_ && waits_ != queueing::nowhere;
    }
    /// Its round leaves a free lock to the clients in the nodes' line, since the next one comes
    /// after them, or stands there too. Otherwise a round must take a free lock.
    [[nodiscard]] bool leaves_it_to_the_line() const { return is_casual() && fair_; }
    /// It has no place in the nodes' line, but waits: its rounds go behind those that came before,
    /// and tell later ones that somebody waits.
    [[nodiscard]] bool waits_beside_the_line() const {
        return waits_ == queueing::nowhere && expects_contention_ && fair_ &&
               attempts_are_unlimited();
    }
    [[nodiscard]] bool wants_news() const { return expects_contention_ && session_.wants_news(); }
    [[nodiscard]] instant deadline() const { return session_.deadline(); }

  private:
    enum class stage : std::uint8_t {
        queued,  ///< Not begun; perhaps behind others of this process.
        opening,
        asking,
        waiting,
        finding_holder,
        cancelled,  ///< Until the nodes have confirmed that nothing is left.
        done,
    };

    [[nodiscard]] instant leaves_until() const;
    [[nodiscard]] bool is_casual() const;
    [[nodiscard]] step follow(const wait_session::step& next);

    wait_session session_;
    duration leaves_leases_;
    instant asks_since_ = never;  ///< It is the first of the queue, and its first round is over.
    bool fair_;
    bool needs_own_lease_;
    queueing waits_;
    bool expects_contention_ = false;
    stage stage_ = stage::queued;
};

}  // namespace redlock::core
