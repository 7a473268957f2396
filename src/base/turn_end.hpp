// What is left to do at the end of a turn of the event loop in which an answer was read. A
// completion that becomes due in it need not queue up behind the reactor: it runs on the same
// thread once the strand is left and the next read is under way, as it would after a post. Only one
// does: several are posted, since the first might block and others of the loop's threads must get
// the rest. One turn a thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/recycled.hpp"
#include "base/strand.hpp"

namespace redlock::base {

class turn_end {
  public:
    /// `where`: the executor on which this turn runs.
    explicit turn_end(const boost::asio::any_io_executor& where)
        : where_(where), outer_(std::exchange(innermost, this)) {}
    /// Posts what was not run, because the turn ended by an exception.
    ~turn_end() {
        leave_scope();
        if (left_) {
            left_->post(where_);
        }
    }
    turn_end(const turn_end&) = delete;
    turn_end& operator=(const turn_end&) = delete;

    /// Runs `what()` at the end of this thread's turn if that is one of `where`'s, else posts it
    /// there. It may be another's: an observer hears of one manager, and asks one of another event
    /// loop, or of a strand of the user's, for something that is over at once.
    template <class What>
    static void run_or_post(const boost::asio::any_io_executor& where, What&& what) {
        turn_end* const turn = innermost;
        if (turn == nullptr || turn->where_ != where) {
            post_to(where, std::forward<What>(what));
        } else {
            turn->take(std::forward<What>(what));
        }
    }

    /// The last thing done in a turn.
    void run() {
        leave_scope();
        if (const auto last = std::move(left_)) {
            last->run();
        }
    }

  private:
    struct work : in_recycled_memory {
        virtual ~work() = default;
        virtual void run() = 0;
        virtual void post(const boost::asio::any_io_executor& where) = 0;
    };
    template <class What>
    struct work_of final : work {
        explicit work_of(What&& its) : what(std::move(its)) {}
        void run() override { what(); }
        void post(const boost::asio::any_io_executor& where) override {
            post_to(where, std::move(what));
        }

        What what;
    };

    template <class What>
    void take(What&& what) {
        if (!several_ && !left_) {
            left_ = std::make_unique<work_of<std::decay_t<What>>>(std::forward<What>(what));
            return;
        }
        several_ = true;
        if (const auto first = std::move(left_)) {
            first->post(where_);
        }
        post_to(where_, std::forward<What>(what));
    }
    void leave_scope() {
        if (innermost == this) {
            innermost = outer_;
        }
    }

    static inline thread_local turn_end* innermost = nullptr;

    boost::asio::any_io_executor where_;
    turn_end* outer_;
    std::unique_ptr<work> left_;
    bool several_ = false;
};

}  // namespace redlock::base
