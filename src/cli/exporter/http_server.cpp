#include "cli/exporter/http_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "cli/commands/awaited.hpp"

namespace redlock::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

using response = http::response<http::string_body>;

/// What the connections share: it goes when the last of them has ended.
struct site {
    http_handler answer;
    std::list<asio::cancellation_signal> open;
};

response respond(const http_answer& answer, bool keeps_alive, bool head) {
    response out{static_cast<http::status>(answer.status), 11};
    out.set(http::field::content_type, answer.type);
    out.set(http::field::cache_control, "no-store");
    if (out.result() == http::status::method_not_allowed) {
        out.set(http::field::allow, "GET, HEAD");
    }
    out.keep_alive(keeps_alive);
    out.content_length(answer.body.size());
    if (!head) {
        out.body() = answer.body;
    }
    return out;
}

asio::awaitable<bool> write(beast::tcp_stream& stream, const response& out) {
    http::response_serializer<http::string_body> serializer{out};
    const auto [error, size] = co_await http::async_write(stream, serializer, awaited);
    co_return !error && out.keep_alive();
}

/// What to say to a request that cannot be read; empty if nobody is there to hear it.
std::optional<http_answer> complaint_about(const beast::error_code& error) {
    if (error.category() != http::make_error_code(http::error::bad_method).category() ||
        error == http::error::end_of_stream || error == http::error::partial_message) {
        return std::nullopt;
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return http_answer{.status = 431, .body = "the header is too large\n"};
    }
    if (error == http::error::body_limit || error == http::error::unexpected_body) {
        return http_answer{.status = 413, .body = "no body is expected\n"};
    }
    return http_answer{.status = 400, .body = "this is no HTTP request\n"};
}

/// One request and its answer. False: the connection is over.
asio::awaitable<bool> serve_one(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                const site& at) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(8 * 1024);
    stream.expires_after(std::chrono::seconds{30});
    const auto [error, size] = co_await http::async_read(stream, buffer, parser, awaited);
    if (const auto complaint = complaint_about(error)) {
        const response out = respond(*complaint, false, false);
        co_return co_await write(stream, out);
    }
    if (error) {
        co_return false;
    }
    const auto& request = parser.get();
    const response out = respond(at.answer(request.method_string(), request.target()),
                                 request.keep_alive(), request.method() == http::verb::head);
    co_return co_await write(stream, out);
}

asio::awaitable<void> serve_connection(tcp::socket socket, std::shared_ptr<site> at) {
    co_await asio::this_coro::throw_if_cancelled(false);
    beast::tcp_stream stream{std::move(socket)};
    beast::flat_buffer buffer{16 * 1024};
    // Before each read: a signal may have come before the first one began.
    while ((co_await asio::this_coro::cancellation_state).cancelled() ==
               asio::cancellation_type::none &&
           co_await serve_one(stream, buffer, *at)) {
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
}

void start(tcp::socket socket, const std::shared_ptr<site>& at) {
    const auto executor = socket.get_executor();
    const auto mine = at->open.emplace(at->open.end());
    asio::co_spawn(
        executor, serve_connection(std::move(socket), at),
        asio::bind_cancellation_slot(
            mine->slot(), [at, mine](const std::exception_ptr&) { at->open.erase(mine); }));
}

}  // namespace

asio::awaitable<void> serve_http(tcp::acceptor& acceptor, http_handler answer) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto at = std::make_shared<site>(site{std::move(answer), {}});
    while ((co_await asio::this_coro::cancellation_state).cancelled() ==
           asio::cancellation_type::none) {
        auto [error, socket] = co_await acceptor.async_accept(awaited);
        if (!error && at->open.size() < most_http_connections) {
            start(std::move(socket), at);
        } else if (error && error != asio::error::operation_aborted) {
            // No descriptor is left, for example: the next one may be served again.
            asio::steady_timer pause{acceptor.get_executor(), std::chrono::milliseconds{100}};
            co_await pause.async_wait(awaited);
        }
    }
    for (auto each = at->open.begin(); each != at->open.end();) {
        (each++)->emit(asio::cancellation_type::terminal);
    }
}

}  // namespace redlock::cli
