// A caller's completion handler on its way through an operation: keeps the caller's executor at
// work, passes cancellation in, and is called once, on that executor, never from inside the
// manager.
//
// Posted, not dispatched: a handler that blocks inside the strand would hold up the watchdog, and
// the lock that it works under could be lost for it.
#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/system_executor.hpp>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/forks.hpp"
#include "base/turn_end.hpp"
#include "manager/home.hpp"
#include "redlock/error.hpp"

namespace redlock::manager {

template <class... Args>
class completion {
  public:
    using handler_type = boost::asio::any_completion_handler<void(Args...)>;

    completion() = default;
    /// In the initiating function. `at`: where to complete if the handler names no executor. If
    /// that is none, the handler is called by whoever completes it, which is the initiating
    /// function.
    completion(handler_type handler, const home_executor& at) : io_(at.io) {
        const auto wanted = boost::asio::get_associated_executor(handler, at.own);
        if (io_ && wanted == at.own) {
            // Nearly always, and much cheaper: no executor is put into one of another type.
            work_ = boost::asio::prefer(io_, boost::asio::execution::outstanding_work.tracked);
        } else if (wanted) {
            elsewhere_ =
                boost::asio::prefer(wanted, boost::asio::execution::outstanding_work.tracked);
        }
        handler_.emplace(std::move(handler));
    }
    completion(completion&& other) noexcept
        : stamp_(other.stamp_),
          io_(std::move(other.io_)),
          strand_(std::move(other.strand_)),
          work_(std::move(other.work_)),
          elsewhere_(std::move(other.elsewhere_)),
          handler_(std::move(other.handler_)) {
        other.handler_.reset();
    }
    completion& operator=(completion&&) = delete;

    /// In the initiating function, before the operation can complete: from now on `cancel()` is
    /// called on `strand` when the caller cancels, as long as `operation` lives, whose `handler()`
    /// this is.
    template <class Operation>
    void on_cancel(const boost::asio::any_io_executor& strand,
                   const std::shared_ptr<Operation>& operation) {
        auto slot = boost::asio::get_associated_cancellation_slot(*handler_);
        if (slot.is_connected()) {
            // Not in the slot itself: the caller's signal may outlive the event loop, which a
            // strand must not.
            strand_ = strand;
            slot.assign(
                [weak = std::weak_ptr<Operation>{operation}](boost::asio::cancellation_type) {
                    if (const auto alive = weak.lock()) {
                        boost::asio::post(alive->handler().strand(), [weak] {
                            if (const auto still_alive = weak.lock()) {
                                still_alive->cancel();
                            }
                        });
                    }
                });
        }
    }
    [[nodiscard]] const boost::asio::any_io_executor& strand() const { return strand_; }

    [[nodiscard]] explicit operator bool() const { return handler_.has_value(); }

    void operator()(Args... args) {
        // What counts as work goes with the handler: once that has run, its loop may be gone.
        call due{std::move(work_), stamp_, std::move(*handler_), {std::move(args)...}};
        handler_.reset();
        if (due.work) {
            base::turn_end::run_or_post(io_, std::move(due));
            return;
        }
        if (!elsewhere_) {
            due();
            return;
        }
        // Out of the strand first, then to where the handler wants to be: an
        // any_completion_executor can be dispatched to, but not posted to.
        if (io_) {
            // Here it counts as work until this thread has left the handler's event loop, as with
            // Asio's own operations: that loop's run() must not return before.
            base::turn_end::run_or_post(
                io_, [elsewhere = std::exchange(elsewhere_, {}), due = std::move(due)]() mutable {
                    dispatch_to(elsewhere, std::move(due));
                });
            return;
        }
        // Only to get out of the initiating function: the handler has an executor of its own.
        auto leaving = std::make_shared<departure>();
        auto run_alone = [leaving, due = std::move(due)]() mutable {
            leaving->wait();
            due();
        };
        boost::asio::post(boost::asio::system_executor{},
                          [leaving, elsewhere = std::exchange(elsewhere_, {}),
                           run_alone = std::move(run_alone)]() mutable {
                              leaving->from = std::this_thread::get_id();
                              dispatch_to(elsewhere, std::move(run_alone));
                              elsewhere = {};
                              leaving->over.count_down();
                          });
    }

  private:
    using executor_type = boost::asio::any_completion_executor;

    /// The handler on its way to where it runs.
    struct call {
        boost::asio::any_io_executor work;
        base::process_stamp stamp;
        handler_type handler;
        std::tuple<Args...> values;

        void operator()() {
            if (stamp.foreign()) {
                std::get<0>(values) = errc::forked;
            }
            // On the caller's executor, where alone its slot may be touched.
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            if (slot.is_connected()) {
                slot.clear();
            }
            // Moved out first, so that its memory is free again when it runs.
            handler_type last = std::move(handler);
            std::apply(std::move(last), std::move(values));
        }
    };

    /// Of a thread that nobody knows, and nobody can wait for: the handler's event loop may end
    /// with the handler, which therefore waits until that thread has left it alone.
    struct departure {
        std::thread::id from;
        std::latch over{1};

        void wait() const {
            if (std::this_thread::get_id() != from) {
                over.wait();
            }
        }
    };

    template <class Run>
    static void dispatch_to(const executor_type& where, Run run) {
        const auto target =
            boost::asio::prefer(where, boost::asio::execution::outstanding_work.untracked);
        boost::asio::dispatch(target, [run = std::move(run)]() mutable { run(); });
    }

    base::process_stamp stamp_;
    boost::asio::any_io_executor io_;
    boost::asio::any_io_executor strand_;  // of a cancellable operation
    // What keeps the caller's executor at work: the first if that is `io_`, else the second.
    boost::asio::any_io_executor work_;
    executor_type elsewhere_;
    std::optional<handler_type> handler_;
};

/// What goes with an error. An empty lock knows where its completions belong, too.
template <class Result, class Home>
[[nodiscard]] Result no_result(const std::shared_ptr<const Home>& at) {
    if constexpr (std::is_constructible_v<Result, const std::shared_ptr<const Home>&>) {
        return Result{at};
    } else {
        return Result{};
    }
}

/// A caller who awaits an outcome without a say in it: a cancellation ends only the waiting.
class outcome_waiter {
  public:
    explicit outcome_waiter(completion<error_code>&& handler) : handler_(std::move(handler)) {}

    [[nodiscard]] completion<error_code>& handler() { return handler_; }
    void finish(error_code error) {
        if (handler_) {
            handler_(error);
        }
    }
    void cancel() { finish(boost::asio::error::operation_aborted); }

  private:
    friend class outcome_waiters;

    completion<error_code> handler_;
    std::shared_ptr<outcome_waiter> self_;  // while it waits with others
    outcome_waiter* next_ = nullptr;
};

/// All who await one outcome, mostly one or none. Each is its own entry.
class outcome_waiters {
  public:
    outcome_waiters() = default;
    outcome_waiters(const outcome_waiters&) = delete;
    outcome_waiters& operator=(const outcome_waiters&) = delete;
    ~outcome_waiters() { forget_all(); }

    void add(std::shared_ptr<outcome_waiter> waiter) {
        outcome_waiter** end = &first_;
        while (*end != nullptr) {
            end = &(*end)->next_;
        }
        *end = waiter.get();
        waiter->self_ = std::move(waiter);
    }
    void finish_all(error_code error) {
        while (const auto first = take_first()) {
            first->finish(error);
        }
    }
    void forget_all() {
        while (take_first()) {
        }
    }

  private:
    std::shared_ptr<outcome_waiter> take_first() {
        if (first_ == nullptr) {
            return nullptr;
        }
        outcome_waiter& first = *std::exchange(first_, first_->next_);
        return std::exchange(first.self_, nullptr);
    }

    outcome_waiter* first_ = nullptr;
};

}  // namespace redlock::manager
