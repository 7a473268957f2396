// A web service whose request handlers lock per order. Two instances of it, each with its own port
// and its own manager, share one order book; POST /orders/ID/ship ships an order that was not
// shipped yet. Shows a lock in a Boost.Beast handler, HTTP statuses for the lock's errors, and that
// different orders do not wait for each other. The program sends the requests itself, all at once.
//
//     redlock local -n 3 -- build/bin/examples/5_web_orders
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <redlock/redlock.hpp>

#include "support.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

using request_type = http::request<http::string_body>;
using response_type = http::response<http::string_body>;

/// Stands for the database of orders, and notices when two handlers are in one order at once.
class order_book {
  public:
    /// Ships the order unless that was done. Two round trips with a gap between them.
    asio::awaitable<bool> ship(std::string id) {
        order& entry = orders_[id];  // References into a map last.
        overlapped_ = overlapped_ || ++entry.handlers_inside > 1;
        co_await example::pause(2ms);
        const bool open = !entry.shipped;
        if (open) {
            co_await example::pause(2ms);
            entry.shipped = true;
        }
        --entry.handlers_inside;
        co_return open;
    }
    [[nodiscard]] bool overlapped() const { return overlapped_; }

  private:
    struct order {
        bool shipped = false;
        int handlers_inside = 0;
    };
    std::map<std::string, order> orders_;
    bool overlapped_ = false;
};

/// What each of the lock's errors means to a client of ours.
http::status status_for(const redlock::error_code& error) {
    if (error == redlock::errc::contended || error == redlock::errc::timed_out) {
        return http::status::locked;  // Somebody is busy with this order: try again.
    }
    if (error == redlock::errc::no_quorum || error == redlock::errc::closed) {
        return http::status::service_unavailable;  // Nothing was done: try again later.
    }
    return http::status::internal_server_error;  // Lost on the way: look before trying again.
}

/// One instance of the service.
class web_service {
  public:
    web_service(asio::io_context& io, order_book& orders)
        : acceptor_(io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
          locks_(io.get_executor(), example::nodes()),
          orders_(orders) {
        asio::co_spawn(io, accept(), example::rethrow);
    }
    [[nodiscard]] tcp::endpoint where() const { return acceptor_.local_endpoint(); }
    void stop() { acceptor_.close(); }

  private:
    asio::awaitable<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::deferred));
            if (error) {
                co_return;  // Stopped.
            }
            const auto executor = socket.get_executor();
            asio::co_spawn(executor, session(beast::tcp_stream{std::move(socket)}), asio::detached);
        }
    }

    /// One connection, one request. A client that goes away throws, and that ends it.
    asio::awaitable<void> session(beast::tcp_stream stream) {
        beast::flat_buffer buffer;
        request_type request;
        stream.expires_after(10s);
        co_await http::async_read(stream, buffer, request, asio::use_awaitable);
        response_type response{co_await handle(request), request.version()};
        response.prepare_payload();
        co_await http::async_write(stream, response, asio::use_awaitable);
        stream.socket().shutdown(tcp::socket::shutdown_send);
    }

    asio::awaitable<http::status> handle(const request_type& request) {
        const std::string target = request.target();
        if (!target.starts_with("/orders/") || !target.ends_with("/ship")) {
            co_return http::status::not_found;
        }
        if (request.method() != http::verb::post) {
            co_return http::status::method_not_allowed;
        }
        const std::string id = target.substr(8, target.size() - 8 - 5);
        auto shipping = [this, &id](redlock::lock&) { return orders_.ship(id); };
        try {
            const bool shipped =
                co_await redlock::with_lock(locks_, "example:order:" + id, shipping, {.wait = 8s});
            co_return shipped ? http::status::ok : http::status::conflict;
        } catch (const redlock::lock_error& problem) {
            fmt::print("  order {}: {}\n", id, problem.what());
            co_return status_for(problem.code());
        }
    }

    tcp::acceptor acceptor_;
    redlock::lock_manager locks_;
    order_book& orders_;
};

/// A client: one request on a connection of its own.
asio::awaitable<http::status> post(tcp::endpoint where, std::string target) {
    beast::tcp_stream stream{co_await asio::this_coro::executor};
    stream.expires_after(20s);
    co_await stream.async_connect(where, asio::use_awaitable);
    request_type request{http::verb::post, target, 11};
    request.set(http::field::host, "localhost");
    co_await http::async_write(stream, request, asio::use_awaitable);
    beast::flat_buffer buffer;
    response_type response;
    co_await http::async_read(stream, buffer, response, asio::use_awaitable);
    co_return response.result();
}

int run_orders() {
    constexpr int orders = 6;
    constexpr int requests_per_order = 8;
    asio::io_context io;
    order_book book;
    web_service one{io, book};
    web_service other{io, book};

    std::map<std::string, std::map<http::status, int>> answers;
    int open = orders * requests_per_order;
    for (int request = 0; request < orders * requests_per_order; ++request) {
        const std::string target = fmt::format("/orders/{}/ship", 100 + request % orders);
        asio::co_spawn(io, post((request / orders % 2 == 0 ? one : other).where(), target),
                       [&, target](std::exception_ptr failure, http::status status) {
                           example::rethrow(std::move(failure));
                           ++answers[target][status];
                           if (--open == 0) {
                               one.stop();
                               other.stop();
                           }
                       });
    }
    io.run();

    bool kept = !book.overlapped();
    for (auto& [target, statuses] : answers) {
        fmt::print("POST {}:", target);
        for (const auto& [status, count] : statuses) {
            fmt::print("  {} x {}", count, static_cast<unsigned>(status));
        }
        fmt::print("\n");
        kept = kept && statuses[http::status::ok] == 1 &&
               statuses[http::status::conflict] == requests_per_order - 1;
    }
    return example::verdict(kept, "every order shipped once, one handler at a time in each");
}

}  // namespace

int main() {
    return example::run(run_orders);
}
