// What is going to happen, in the order of true time; what is planned for the same instant happens
// in the order in which it was planned. The memory is kept from one schedule to the next. One
// thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/clocks.hpp"

namespace redlock::sim {

enum class event_kind : std::uint8_t {
    arrival,         ///< The next command of a connection reaches its node.
    answer,          ///< The next reply of a connection reaches its client.
    cut_noticed,     ///< A client learns that its connection is gone.
    connect,         ///< A client tries to connect.
    connect_late,    ///< Connecting has taken too long.
    round_late,      ///< The commands of a round have waited long enough for their answers.
    user_alarm,      ///< A waiter's timer.
    next_want,       ///< A user goes on to what it wants next.
    user_competes,   ///< A waiter has become the first of its process.
    caller_extends,  ///< A holder asks for more time itself.
    hold_alarm,      ///< A holder's timer.
    work_done,       ///< A holder has finished what it needed the lock for.
    store_write,     ///< A holder's write reaches the store.
    news,            ///< A node's word of a changed key reaches a client.
    news_noticed,    ///< A client learns that its channel for news broke, or works again.
    expiry,          ///< A node looks whether a key has expired.
    happening,       ///< Something of the plan begins.
    happening_ends,  ///< It is over.
    calm,            ///< From here on nothing goes wrong any more.
};

struct event {
    tick at = 0;
    std::uint32_t order = 0;
    event_kind kind = event_kind::arrival;
    std::uint8_t client = 0;
    std::uint8_t node = 0;
    std::uint8_t detail = 0;
    std::uint32_t subject = 0;     ///< An index: what it is of depends on the kind.
    std::uint32_t generation = 0;  ///< Timers: an older one than the subject's is void.
};

class event_queue {
  public:
    void clear() {
        heap_.clear();
        order_ = 0;
    }
    void push(event what) {
        what.order = order_++;
        std::size_t hole = heap_.size();
        heap_.push_back(what);
        while (hole > 0) {
            const std::size_t parent = (hole - 1) / arity;
            if (!before(what, heap_[parent])) {
                break;
            }
            heap_[hole] = heap_[parent];
            hole = parent;
        }
        heap_[hole] = what;
    }
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    event pop() {
        const event first = heap_.front();
        const event last = heap_.back();
        heap_.pop_back();
        const std::size_t size = heap_.size();
        std::size_t hole = 0;
        for (std::size_t child = 1; child < size; child = hole * arity + 1) {
            std::size_t least = child;
            for (std::size_t i = child + 1; i < std::min(child + arity, size); ++i) {
                least = before(heap_[i], heap_[least]) ? i : least;
            }
            if (!before(heap_[least], last)) {
                break;
            }
            heap_[hole] = heap_[least];
            hole = least;
        }
        if (size > 0) {
            heap_[hole] = last;
        }
        return first;
    }

  private:
    // A heap of four children a parent: half as deep as one of two, and this is where much of the
    // time goes.
    static constexpr std::size_t arity = 4;
    static bool before(const event& a, const event& b) {
        return a.at != b.at ? a.at < b.at : a.order < b.order;
    }

    std::vector<event> heap_;
    std::uint32_t order_ = 0;
};

}  // namespace redlock::sim
