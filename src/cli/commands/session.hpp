// One short piece of work with the nodes: sets up the loop, the manager and the signals, runs it,
// and closes. Used by every subcommand that does not start a program. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <redlock/lock_manager.hpp>
#include <utility>

#include "cli/options/common_options.hpp"
#include "cli/options/invocation.hpp"

namespace redlock::cli {

namespace asio = boost::asio;

/// Runs `work` and returns its exit status, or 128+n after signal n: the work is then cancelled,
/// and what it had acquired is released. Throws `usage_error`, and `lock_error` if the nodes or
/// options cannot be used.
int run_session(const common_options& options,
                const std::function<asio::awaitable<int>(lock_manager&)>& work);

/// What a subcommand does that is nothing but `work` on its own request, once it was chosen.
template <class Request>
void run_in_session(CLI::App& command, invocation& asked, std::shared_ptr<Request> request,
                    asio::awaitable<int> (*work)(lock_manager&, const Request&)) {
    command.callback([&asked, request = std::move(request), work] {
        asked.action = [request, work] {
            request->common.apply();
            return run_session(request->common,
                               [&](lock_manager& locks) { return work(locks, *request); });
        };
    });
}

}  // namespace redlock::cli
