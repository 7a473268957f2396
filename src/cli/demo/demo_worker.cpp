// One of the demo's processes: a few workers, each a coroutine that updates the counter in a loop,
// with the lock or without. A hidden subcommand, started by `redlock demo` only.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <redlock/lock_manager.hpp>
#include <redlock/with_lock.hpp>

#include "cli/base/exit_status.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/demo/demo_store.hpp"
#include "cli/options/common_options.hpp"

namespace redlock::cli {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct worker_request {
    int descriptor = -1;
    std::size_t workers = 1;
    bool guarded = false;
};

bool over(const demo_store& store) {
    return store.phase == demo_phase::over;
}

/// Read, think, write: what every lost update in the world looks like. The write and its count
/// stand without a wait between them.
asio::awaitable<void> update(demo_counter& counter) {
    asio::steady_timer think{co_await asio::this_coro::executor, 1ms};
    const auto seen = counter.value.load();
    co_await think.async_wait(asio::use_awaitable);
    counter.value.store(seen + 1);
    counter.written.fetch_add(1);
}

asio::awaitable<void> work_unguarded(demo_store& store) {
    while (!over(store)) {
        co_await update(store.unguarded);
    }
}

asio::awaitable<void> update_guarded(demo_store& store, lock_manager& locks) {
    // Not for ever, so that the end of the demo is noticed.
    co_await with_lock(locks, "redlock-demo:counter",
                       [&store](lock& held) -> asio::awaitable<void> {
                           const auto token = held.fencing_token().value();
                           if (store.last_token.exchange(token) >= token) {
                               store.tokens_out_of_order.fetch_add(1);
                           }
                           co_await update(store.guarded);
                           if (store.phase == demo_phase::degraded) {
                               store.degraded_updates.fetch_add(1);
                           }
                       },
                       {.wait = 1s});
}

asio::awaitable<void> work_guarded(demo_store& store, lock_manager& locks) {
    while (!over(store)) {
        try {
            co_await update_guarded(store, locks);
        } catch (const lock_error&) {  // NOLINT(bugprone-empty-catch)
            // Not had, or lost while it was held: on to the next.
        }
    }
}

int work(const worker_request& request) {
    const shared_store store{request.descriptor};
    asio::io_context loop{1};
    lock_manager locks{loop.get_executor(), node_list{common_options{}.node_urls()}};
    std::size_t working = request.workers;
    std::exception_ptr failure;
    for (std::size_t i = 0; i < request.workers; ++i) {
        asio::co_spawn(loop, request.guarded ? work_guarded(*store, locks) : work_unguarded(*store),
                       [&](const std::exception_ptr& thrown) {
                           failure = failure ? failure : thrown;
                           if (--working == 0) {
                               // Bounded, where the releases owed to a frozen node are not.
                               locks.async_close([](const error_code&) {});
                           }
                       });
    }
    loop.run();
    if (failure) {
        std::rethrow_exception(failure);
    }
    return exit_ok;
}

}  // namespace

void add_demo_worker(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<worker_request>();
    auto* command = root.add_subcommand("demo-worker", "")->group("");
    command->add_option("--store", request->descriptor)->required();
    command->add_option("--workers", request->workers)->required();
    command->add_flag("--guarded", request->guarded);
    command->callback([request, &asked] { asked.action = [request] { return work(*request); }; });
}

}  // namespace redlock::cli
