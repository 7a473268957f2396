// The way of a completion handler through an operation: called once, where its owner wants it,
// never from inside the call that completes, and with nothing left behind in its cancellation slot.
#include "manager/completion.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace redlock::manager {
namespace {

namespace asio = boost::asio;
using asio::cancellation_type;

/// Counts how often it was cancelled.
struct operation {
    explicit operation(completion<error_code>& its_handler) : handler_(&its_handler) {}
    [[nodiscard]] completion<error_code>& handler() { return *handler_; }
    void cancel() { ++cancelled; }
    int cancelled = 0;

  private:
    completion<error_code>* handler_;
};

/// Runs whatever it is given at once, on the thread that gives it.
struct inline_executor {
    bool operator==(const inline_executor&) const = default;
    template <class What>
    void execute(What what) const {
        what();
    }
};

class completion_test : public testing::Test {
  protected:
    using handler_type = completion<error_code>::handler_type;

    completion<error_code> make(handler_type handler) {
        return {std::move(handler), home_executor{io.get_executor()}};
    }

    asio::io_context io{1};
    asio::io_context callers{1};
    /// Completes on a strand of the loop, as the manager does. The handler's executor would run it
    /// there and then.
    template <class Executor>
    void expect_outside(const Executor& eager) {
        const auto strand = asio::make_strand(io);
        bool inside = false;
        std::thread::id where;
        auto one = make(asio::bind_executor(eager, [&, this](error_code error) {
            inside = strand.running_in_this_thread();
            where = std::this_thread::get_id();
            told = error;
        }));
        asio::post(strand, [&] {
            one(errc::lost);
            EXPECT_FALSE(told.has_value());
        });
        std::thread loop{[this] { io.run(); }};
        const std::thread::id loops = loop.get_id();
        loop.join();
        EXPECT_EQ(told, error_code{errc::lost});
        EXPECT_FALSE(inside);
        EXPECT_EQ(where, loops);
    }

    std::optional<error_code> told;
};

TEST_F(completion_test, is_empty_until_it_is_given_a_handler_and_again_afterwards) {
    completion<error_code> nothing;
    EXPECT_FALSE(nothing);
    auto one = make([](error_code) {});
    EXPECT_TRUE(one);
    one(error_code{});
    EXPECT_FALSE(one);
}

TEST_F(completion_test, is_never_called_from_inside) {
    auto one = make([this](error_code error) { told = error; });
    asio::post(io, [&] {
        one(errc::contended);
        EXPECT_FALSE(told.has_value());
    });
    io.run();
    EXPECT_EQ(told, error_code{errc::contended});
}

TEST_F(completion_test, runs_on_the_executor_that_the_handler_names) {
    auto one = make(
        asio::bind_executor(callers.get_executor(), [this](error_code error) { told = error; }));
    one(errc::lost);
    io.run();
    EXPECT_FALSE(told.has_value());
    callers.run();
    EXPECT_EQ(told, error_code{errc::lost});
}

TEST_F(completion_test, leaves_the_strand_for_an_executor_that_runs_everything_at_once) {
    expect_outside(inline_executor{});
}

TEST_F(completion_test, for_the_systems_executor_runs_on_a_thread_of_the_loop) {
    expect_outside(asio::system_executor{});
}

TEST_F(completion_test, keeps_the_callers_event_loop_at_work_until_it_was_called) {
    auto one = make(
        asio::bind_executor(callers.get_executor(), [this](error_code error) { told = error; }));
    callers.poll();
    EXPECT_FALSE(callers.stopped());
    one(error_code{});
    callers.poll();
    EXPECT_FALSE(callers.stopped());
    io.run();
    callers.run();
    EXPECT_TRUE(told.has_value());
    EXPECT_TRUE(callers.stopped());
}

/// Does something else when it has handed over what it was given, before its `execute` returns.
class dawdling_executor {
  public:
    dawdling_executor(asio::io_context& loop, const std::function<void()>& before_return)
        : inner_(loop.get_executor()), before_return_(&before_return) {}

    template <class What>
    void execute(What what) const {
        inner_.execute(std::move(what));
        (*before_return_)();
    }
    template <class Property>
        requires asio::can_prefer_v<const asio::any_io_executor&, Property>
    [[nodiscard]] dawdling_executor prefer(const Property& property) const {
        dawdling_executor preferred{*this};
        preferred.inner_ = asio::prefer(inner_, property);
        return preferred;
    }
    friend bool operator==(const dawdling_executor&, const dawdling_executor&) noexcept = default;

  private:
    asio::any_io_executor inner_;
    const std::function<void()>* before_return_;
};

// Or the callers' run() might return, and they destroy their event loop, while this is at it.
TEST_F(completion_test, keeps_the_callers_event_loop_at_work_until_it_has_left_it_alone) {
    bool stopped = true;
    const std::function<void()> run_it = [&] {
        callers.poll();
        stopped = callers.stopped();
    };
    auto one = make(asio::bind_executor(dawdling_executor{callers, run_it},
                                        [this](error_code error) { told = error; }));
    one(errc::lost);
    io.run();
    EXPECT_EQ(told, error_code{errc::lost});
    EXPECT_FALSE(stopped);
    callers.poll();
    EXPECT_TRUE(callers.stopped());
}

TEST_F(completion_test, of_a_lock_that_knows_no_manager_waits_until_its_thread_has_left_the_loop) {
    std::atomic<bool> ran = false;
    bool ran_inside = true;
    const std::function<void()> give_it_time = [&] {
        for (int i = 0; i < 10'000 && !ran; ++i) {
            std::this_thread::yield();
        }
        ran_inside = ran;
    };
    completion<error_code> one{asio::bind_executor(dawdling_executor{callers, give_it_time},
                                                   [&](error_code) { ran = true; }),
                               {}};
    one(errc::lost);
    callers.run();
    EXPECT_TRUE(ran);
    EXPECT_FALSE(ran_inside);
}

TEST_F(completion_test, keeps_the_managers_event_loop_at_work_when_the_handler_names_none) {
    {
        auto one = make([this](error_code error) { told = error; });
        io.poll();
        EXPECT_FALSE(io.stopped());
    }
    // Given up uncalled, it holds nothing up.
    io.poll();
    EXPECT_TRUE(io.stopped());
    EXPECT_FALSE(told.has_value());
}

TEST_F(completion_test, of_a_lock_that_knows_no_manager_runs_on_the_handlers_executor) {
    completion<error_code> one{
        asio::bind_executor(callers.get_executor(), [this](error_code error) { told = error; }),
        {}};
    one(errc::lost);
    EXPECT_FALSE(told.has_value());
    callers.run();
    EXPECT_EQ(told, error_code{errc::lost});
}

TEST_F(completion_test, that_has_no_place_at_all_runs_where_it_is_completed) {
    std::thread::id where;
    completion<error_code> one{[&](error_code) { where = std::this_thread::get_id(); }, {}};
    one(errc::lost);
    EXPECT_EQ(where, std::this_thread::get_id());
}

TEST_F(completion_test, hands_over_what_can_only_be_moved) {
    std::unique_ptr<int> got;
    completion<error_code, std::unique_ptr<int>> one{
        [&](error_code, std::unique_ptr<int> value) { got = std::move(value); },
        home_executor{io.get_executor()}};
    one(error_code{}, std::make_unique<int>(7));
    io.run();
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(*got, 7);
}

TEST_F(completion_test, survives_the_operation_that_called_it) {
    auto owner =
        std::make_unique<completion<error_code>>(make([this](error_code error) { told = error; }));
    (*owner)(errc::closed);
    owner.reset();
    io.run();
    EXPECT_EQ(told, error_code{errc::closed});
}

TEST_F(completion_test, may_start_anew_from_its_handler) {
    int calls = 0;
    std::optional<completion<error_code>> second;
    auto first = make([&](error_code error) {
        ++calls;
        second.emplace(make([&](error_code) { ++calls; }));
        (*second)(error);
    });
    first(error_code{});
    io.run();
    EXPECT_EQ(calls, 2);
}

TEST_F(completion_test, passes_a_cancellation_in_through_the_strand) {
    asio::cancellation_signal signal;
    auto one = make(asio::bind_cancellation_slot(signal.slot(), [](error_code) {}));
    const auto worked_on = std::make_shared<operation>(one);
    one.on_cancel(io.get_executor(), worked_on);
    EXPECT_TRUE(signal.slot().has_handler());
    signal.emit(cancellation_type::terminal);
    // The signal may come from any thread: the operation hears of it on its strand only.
    EXPECT_EQ(worked_on->cancelled, 0);
    io.poll();
    EXPECT_EQ(worked_on->cancelled, 1);
}

TEST_F(completion_test, honours_every_type_of_cancellation) {
    for (const auto type :
         {cancellation_type::terminal, cancellation_type::partial, cancellation_type::total}) {
        asio::cancellation_signal signal;
        auto one = make(asio::bind_cancellation_slot(signal.slot(), [](error_code) {}));
        const auto worked_on = std::make_shared<operation>(one);
        one.on_cancel(io.get_executor(), worked_on);
        signal.emit(type);
        io.restart();
        io.poll();
        EXPECT_EQ(worked_on->cancelled, 1);
    }
}

TEST_F(completion_test, clears_its_cancellation_slot_before_the_handler_runs) {
    asio::cancellation_signal signal;
    auto one = make(asio::bind_cancellation_slot(signal.slot(), [&, this](error_code error) {
        told = error;
        signal.emit(cancellation_type::terminal);
    }));
    const auto worked_on = std::make_shared<operation>(one);
    one.on_cancel(io.get_executor(), worked_on);
    one(error_code{});
    io.run();
    EXPECT_TRUE(told.has_value());
    signal.emit(cancellation_type::terminal);
    io.restart();
    io.poll();
    EXPECT_EQ(worked_on->cancelled, 0);
}

TEST_F(completion_test, cancels_nothing_that_is_gone) {
    asio::cancellation_signal signal;
    auto one = make(asio::bind_cancellation_slot(signal.slot(), [](error_code) {}));
    auto worked_on = std::make_shared<operation>(one);
    one.on_cancel(io.get_executor(), worked_on);
    const std::weak_ptr<operation> watched = worked_on;
    worked_on.reset();
    EXPECT_TRUE(watched.expired());
    signal.emit(cancellation_type::terminal);
    io.poll();
}

TEST_F(completion_test, needs_no_cancellation_slot) {
    auto one = make([this](error_code error) { told = error; });
    one.on_cancel(io.get_executor(), std::make_shared<operation>(one));
    one(error_code{});
    io.run();
    EXPECT_TRUE(told.has_value());
}

TEST_F(completion_test, of_a_waiter_is_told_once_whatever_comes_first) {
    int calls = 0;
    outcome_waiter finished{make([&](error_code error) {
        ++calls;
        told = error;
    })};
    finished.finish(errc::lost);
    finished.cancel();
    io.run();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(told, error_code{errc::lost});

    outcome_waiter cancelled{make([&](error_code error) {
        ++calls;
        told = error;
    })};
    cancelled.cancel();
    cancelled.finish(errc::lost);
    io.restart();
    io.run();
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(told, error_code{asio::error::operation_aborted});
}

}  // namespace
}  // namespace redlock::manager
