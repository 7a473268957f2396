// Commands that a node must still get once it is reachable again: releases that a broken connection
// lost, and places in a line that were given up. In the order in which they came. Pure: somebody
// else sends them, and says when.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "core/instant.hpp"
#include "redis/wire/command.hpp"

namespace redlock::driver {

struct deferred_command {
    std::string encoded;
    std::string key;
    std::shared_ptr<redis::reply_sink> sink;
    core::instant until;     ///< Useless from then on.
    core::duration timeout;  ///< To be answered, once it is sent.
};

/// What was lost with a command that is not sent once more.
enum class worth : std::uint8_t {
    lease,  ///< A lock stays taken until its lease ends.
    grace,  ///< Waiters behind a place of nobody wait once for its grace.
};

class deferred_commands {
  public:
    /// More are left to their leases. The cheap ones never take the room of the dear ones.
    static constexpr std::size_t most = 4096;
    static constexpr std::size_t most_of_grace = most / 2;

    /// What became of one that was to be sent.
    enum class sending : std::uint8_t {
        done,
        not_this,  ///< It stays; others may fare better: each server of a cluster is by itself.
        none,      ///< It stays, and so would all others.
    };

    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const { return waiting_.size(); }

    /// False: there is no room for it.
    bool push(deferred_command&& what, worth lost) {
        if (waiting_.size() >= (lost == worth::lease ? most : most_of_grace)) {
            return false;
        }
        waiting_.push_back(std::move(what));
        return true;
    }

    /// Offers each that is still of use to `send`, which may push. What could not be sent keeps its
    /// order, and stays before what was pushed meanwhile.
    template <class Send>
    void send_all(core::instant now, Send send) {
        std::deque<deferred_command> due = std::exchange(waiting_, {});
        drop_outdated(due, now);
        std::deque<deferred_command> kept;
        auto result = sending::done;
        for (; !due.empty() && result != sending::none; due.pop_front()) {
            result = send(std::as_const(due.front()));
            if (result != sending::done) {
                kept.push_back(std::move(due.front()));
            }
        }
        std::move(due.begin(), due.end(), std::back_inserter(kept));
        std::move(waiting_.begin(), waiting_.end(), std::back_inserter(kept));
        waiting_ = std::move(kept);
    }

    void drop_outdated(core::instant now) { drop_outdated(waiting_, now); }
    void clear() { waiting_.clear(); }

  private:
    static void drop_outdated(std::deque<deferred_command>& from, core::instant now) {
        std::erase_if(from, [now](const deferred_command& each) { return each.until <= now; });
    }

    std::deque<deferred_command> waiting_;
};

}  // namespace redlock::driver
