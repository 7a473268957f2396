// The first signal cancels the work, which then tells the nodes to forget what it may have left
// there; `async_close` bounds how long that takes, so there is no need for a second, harder one.
#include "cli/commands/session.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "cli/base/exit_status.hpp"
#include "cli/process/signals.hpp"

namespace redlock::cli {

namespace {

asio::awaitable<int> guarded(lock_manager& locks,
                             const std::function<asio::awaitable<int>(lock_manager&)>& work) {
    // A cancelled operation reports its error like any other; nothing is thrown past the close.
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return co_await work(locks);
}

}  // namespace

int run_session(const common_options& options,
                const std::function<asio::awaitable<int>(lock_manager&)>& work) {
    asio::io_context loop{1};
    manager_options settings = options.manager();
    // Nobody waits for the rest of the nodes after us, so the close has to.
    settings.close_timeout = std::max(settings.close_timeout, settings.node_timeout);
    lock_manager locks{loop.get_executor(), node_list{options.node_urls()}, std::move(settings)};
    asio::cancellation_signal cancel;
    int interrupted_by = 0;
    bool done = false;
    signals answered{loop, [&](int number) {
                         if (is_ending_signal(number) && !done && interrupted_by == 0) {
                             interrupted_by = number;
                             cancel.emit(asio::cancellation_type::terminal);
                         }
                     }};

    int status = exit_internal;
    std::exception_ptr failure;
    asio::co_spawn(loop, guarded(locks, work),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&](const std::exception_ptr& thrown, int result) {
                           done = true;
                           failure = thrown;
                           status = result;
                           locks.async_close([&](const error_code&) { answered.stop(); });
                       }));
    loop.run();

    if (interrupted_by != 0) {
        return exit_signal_base + interrupted_by;
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    return status;
}

}  // namespace redlock::cli
