// The pieces of code in docs/cpp-interface.md, docs/leadership.md and docs/concepts.md, compiled by
// the tests and never run. What stands between two snippet marks is what a page shows, letter by
// letter; check.sh in this folder sees to that.
#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cstdio>
#include <future>
#include <iostream>
#include <mutex>
#include <redlock/redlock.hpp>
#include <string>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> step(redlock::lock& held);
asio::awaitable<void> next_job(redlock::fencing_token term);
struct bank {
    asio::awaitable<void> add(std::string account, int amount, redlock::fencing_token token);
};
void print_report();

// snippet: tokens
asio::awaitable<void> with_a_coroutine(redlock::lock_manager& locks) {
    redlock::lock held = co_await locks.async_acquire("job");  // throws system_error
    co_await held.async_release();
}

asio::awaitable<void> without_exceptions(redlock::lock_manager& locks) {
    auto [error, held] =
        co_await locks.async_acquire("job", {.wait = 2s}, asio::as_tuple(asio::use_awaitable));
    if (error == redlock::errc::timed_out) {
        std::cout << "somebody else is at it\n";
    }
}

void with_a_callback(redlock::lock_manager& locks) {
    locks.async_acquire("job", {}, [](redlock::error_code error, redlock::lock held) {
        if (!error) {
            std::cout << "held: " << held.resource().str() << '\n';
        }  // Here the lock is destroyed, which starts its release.
    });
}

void with_a_future(redlock::lock_manager& locks) {  // The manager's executor runs elsewhere.
    std::future<redlock::lock> pending = locks.async_acquire("job", {}, asio::use_future);
    redlock::lock held = pending.get();
}
// end of snippet

// snippet: permits
asio::awaitable<void> call_the_slow_service(redlock::lock_manager& locks) {
    // At most 10 calls at once, from all machines together.
    const redlock::semaphore slow_service{"slow-service", 10};
    co_await redlock::with_permit(
        locks, slow_service,
        [](redlock::lock& permit) -> asio::awaitable<void> { co_await step(permit); });
}
// end of snippet

// snippet: errors
asio::awaitable<void> nightly(redlock::lock_manager& locks) {
    redlock::diagnostics why;
    auto [error, held] = co_await locks.async_try_acquire("nightly", {.details = &why},
                                                          asio::as_tuple(asio::use_awaitable));
    if (error == redlock::errc::contended) {
        co_return;  // Another machine does it tonight.
    }
    if (error) {
        std::cerr << error.message() << ": " << why.to_string() << '\n';
        co_return;
    }
    print_report();
    co_await held.async_release(asio::as_tuple(asio::use_awaitable));
}
// end of snippet

// snippet: lost
asio::awaitable<void> long_work(redlock::lock_manager& locks) {
    redlock::lock held = co_await locks.async_acquire("import");
    held.async_wait_lost([](redlock::error_code error) {
        if (error == redlock::errc::lost) {
            std::cerr << "stop: somebody else may hold it soon\n";
        }
    });
    while (held.valid()) {
        co_await step(held);
    }
}
// end of snippet

// snippet: several
asio::awaitable<void> transfer(redlock::lock_manager& locks, bank& accounts, std::string from,
                               std::string to, int amount) {
    co_await redlock::with_locks(locks, {"account:" + from, "account:" + to},
                                 [&](redlock::lock& both) -> asio::awaitable<void> {
                                     // One token for both accounts; the bank refuses a smaller one
                                     // than it has seen.
                                     const auto token = both.fencing_token();
                                     co_await accounts.add(from, -amount, token);
                                     co_await accounts.add(to, amount, token);
                                 });
}
// end of snippet

// snippet: cancel
asio::awaitable<void> impatient(redlock::lock_manager& locks) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer patience{co_await asio::this_coro::executor, 100ms};
    auto first = co_await (locks.async_acquire("job", {}, asio::use_awaitable) ||
                           patience.async_wait(asio::use_awaitable));
    if (first.index() == 1) {
        std::cout << "gave up; nothing is left on the nodes\n";
    }
}
// end of snippet

// snippet: hand_over
redlock::lock_token give_away(redlock::lock held) {
    return held.detach();  // The nodes keep the lock until its lease ends.
}

asio::awaitable<void> take_over(redlock::lock_manager& locks, redlock::lock_token from) {
    redlock::lock held = co_await locks.async_attach("job", from);
    co_await held.async_extend(10s);
    co_await held.async_release();
}
// end of snippet

// snippet: examine
asio::awaitable<void> look_over(redlock::lock_manager& locks,
                                const redlock::manager_options& options) {
    auto nodes = co_await locks.async_examine({.resource = "orders:42"});
    for (const redlock::finding& each : redlock::diagnose(nodes, options)) {
        std::cout << redlock::to_string(each.level) << ": " << each.what << "\n";
    }
}
// end of snippet

// snippet: blocking
void blocking_code() {
    redlock::mutex_context nodes{{"redis://10.0.0.1", "redis://10.0.0.2", "redis://10.0.0.3"}};
    redlock::mutex accounts{nodes, "accounts"};
    redlock::mutex ledger{nodes, "ledger"};

    {
        const std::scoped_lock both{accounts, ledger};
        print_report();
    }
    if (std::unique_lock guard{accounts, 250ms}; guard.owns_lock() && accounts.valid()) {
        print_report();
    }
}
// end of snippet

// snippet: observer
class log_to_stderr final : public redlock::observer {
  public:
    void on_event(const redlock::event& what) noexcept override {
        const std::string kind{redlock::to_string(what.kind)};
        const std::string about{what.resource.empty() ? what.node_name : what.resource};
        std::fprintf(stderr, "%s %s %s\n", kind.c_str(), about.c_str(),
                     what.error ? what.error.message().c_str() : "");
    }
};
// end of snippet

// snippet: own_thread
class lock_thread {
  public:
    explicit lock_thread(const redlock::node_list& nodes)
        : keep_(asio::make_work_guard(io_)), locks_(io_.get_executor(), nodes) {}
    ~lock_thread() {
        locks_.async_close([](redlock::error_code) {});
        keep_.reset();  // The thread ends when that is done.
    }

    redlock::lock_manager& locks() { return locks_; }

  private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> keep_;
    redlock::lock_manager locks_;
    std::jthread thread_{[this] { io_.run(); }};
};
// end of snippet

asio::awaitable<void> step(redlock::lock& held) {
    co_await held.async_extend();
}
void print_report() {}

int main() {
    asio::io_context io;
    redlock::manager_options options;
    options.events = std::make_shared<log_to_stderr>();
    redlock::lock_manager locks{io.get_executor(), {"redis://localhost"}, options};
    lock_thread own{{"redis://localhost"}};
    with_a_callback(locks);
    with_a_future(own.locks());
    asio::co_spawn(io, with_a_coroutine(locks), asio::detached);
    asio::co_spawn(io, without_exceptions(locks), asio::detached);
    asio::co_spawn(io, nightly(locks), asio::detached);
    asio::co_spawn(io, long_work(locks), asio::detached);
    asio::co_spawn(io, impatient(locks), asio::detached);
    asio::co_spawn(io, take_over(locks, give_away({})), asio::detached);
    blocking_code();
    io.run();
}

// snippet: campaign
asio::awaitable<void> schedule(redlock::term now) {
    co_await now.async_proclaim("http://10.0.0.7:8080", asio::use_awaitable);
    while (now.valid()) {
        co_await next_job(now.number());  // The store refuses a number that is too small.
    }
}

asio::awaitable<void> candidate(redlock::lock_manager& locks) {
    const redlock::acquire_options options{.label = "machine 7"};
    for (;;) {
        try {
            co_await redlock::async_campaign(locks, "scheduler", schedule, options);
            co_return;  // The body has returned: it wants to lead no more.
        } catch (const boost::system::system_error& failure) {
            if (failure.code() == asio::error::operation_aborted) {
                throw;
            }
            std::cerr << failure.what() << '\n';  // No quorum, for instance.
        }
        asio::steady_timer backoff{co_await asio::this_coro::executor, 2s};
        co_await backoff.async_wait(asio::use_awaitable);
    }
}
// end of snippet

// snippet: observe
asio::awaitable<void> follow(redlock::lock_manager& locks) {
    co_await redlock::observe(locks, "scheduler", [](const redlock::leader_view& now) {
        std::cout << (now ? now.label + " at " + now.proclaimed : "nobody leads") << '\n';
    });
}
// end of snippet

// snippet: leader
void candidate_thread(redlock::mutex_context& nodes) {
    redlock::leader scheduler{nodes, "scheduler", {.label = "machine 7"}};
    for (;;) {
        scheduler.campaign();
        while (!scheduler.wait_for(1s)) {
            print_report();
        }
    }
}
// end of snippet
