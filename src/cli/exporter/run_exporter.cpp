// Two loops on one thread: one asks the nodes from time to time, the other answers what was seen
// last. So no scrape waits for a node, and scrapes more or less often change nothing for the nodes.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/exporter/exporter.hpp"
#include "cli/exporter/http_server.hpp"
#include "cli/exporter/survey.hpp"

namespace redlock::cli {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

asio::awaitable<bool> is_cancelled() {
    co_return (co_await asio::this_coro::cancellation_state).cancelled() !=
        asio::cancellation_type::none;
}

asio::awaitable<void> look_again_and_again(lock_manager& locks, const exporter_request& request,
                                           std::shared_ptr<exporter_state> state) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const survey_options options{.settings = request.common.manager(),
                                 .patterns = request.patterns,
                                 .most_locks = request.most_locks};
    const auto interval = request.interval.value_or(std::chrono::seconds{10});
    asio::steady_timer next{co_await asio::this_coro::executor};
    while (!co_await is_cancelled()) {
        next.expires_after(interval);
        sighting seen = co_await take_survey(locks, options);
        if (!seen.nodes.empty()) {
            state->latest = std::move(seen);
            ++state->surveys;
        }
        // A signal that came during the survey would not end a wait that begins after it.
        if (!co_await is_cancelled()) {
            co_await next.async_wait(awaited);
        }
    }
}

/// Nothing, after it was said why, if it cannot listen.
std::optional<tcp::acceptor> listen(const asio::any_io_executor& executor,
                                    const std::string& where) {
    const tcp::endpoint address = listening_address(where);
    tcp::acceptor acceptor{executor};
    boost::system::error_code error;
    acceptor.open(address.protocol(), error);
    if (!error) {
        acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    }
    if (!error) {
        acceptor.bind(address, error);
    }
    if (!error) {
        acceptor.listen(tcp::acceptor::max_listen_connections, error);
    }
    if (error) {
        say({.event = events::failed,
             .text = fmt::format("exporter: cannot listen on {}: {}", where, error.message())});
        return std::nullopt;
    }
    const tcp::endpoint bound = acceptor.local_endpoint();
    const std::string host = bound.address().to_string();
    say({.level = severity::notice,
         .event = events::serving,
         .text = fmt::format("exporter: metrics at http://{}:{}/metrics",
                             bound.address().is_v6() ? "[" + host + "]" : host, bound.port())});
    return acceptor;
}

}  // namespace

asio::awaitable<int> run_exporter(lock_manager& locks, const exporter_request& request) {
    using namespace asio::experimental::awaitable_operators;
    auto acceptor = listen(co_await asio::this_coro::executor, request.listen);
    if (!acceptor) {
        co_return exit_usage;
    }
    // Shared with the connections, which may outlive this by the moment in which they end.
    const auto state = std::make_shared<exporter_state>();
    http_handler answer = [state](std::string_view method, std::string_view target) {
        return answer_to(method, target, *state);
    };
    co_await (look_again_and_again(locks, request, state) && serve_http(*acceptor, answer));
    co_return exit_ok;
}

}  // namespace redlock::cli
