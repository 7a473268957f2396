#include "faults/store_process.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <filesystem>
#include <utility>

#include "faults/fenced_store.hpp"

namespace redlock::faults {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;

class store_server {
  public:
    explicit store_server(const store_request& request)
        : store_(request.blind),
          log_(request.log),
          acceptor_(io_, stream_protocol::endpoint{request.socket + ".new"}) {
        // Whoever sees it under its name can connect: it listens already.
        std::filesystem::rename(request.socket + ".new", request.socket);
    }

    void run() {
        asio::co_spawn(io_, accept(), asio::detached);
        io_.run();
    }

  private:
    asio::awaitable<void> accept() {
        for (;;) {
            auto visitor = co_await acceptor_.async_accept(asio::use_awaitable);
            asio::co_spawn(io_, serve(std::move(visitor)), asio::detached);
        }
    }

    asio::awaitable<void> serve(stream_protocol::socket visitor) {
        std::string pending;
        try {
            for (;;) {
                const std::size_t size = co_await asio::async_read_until(
                    visitor, asio::dynamic_buffer(pending), '\n', asio::use_awaitable);
                const std::string answer = answered(pending.substr(0, size - 1)) + '\n';
                pending.erase(0, size);
                co_await asio::async_write(visitor, asio::buffer(answer), asio::use_awaitable);
            }
        } catch (const boost::system::system_error&) {
            co_return;  // The client is gone.
        }
    }

    // "WORKER REQUEST", so that the log tells who.
    std::string answered(const std::string& line) {
        const std::size_t space = line.find(' ');
        record what = store_.handle(std::string_view{line}.substr(space + 1));
        what.worker = line.substr(0, space);
        what.at = kernel_now();
        log_.add(what);
        return to_line(what);
    }

    fenced_store store_;
    record_log log_;
    asio::io_context io_{1};
    stream_protocol::acceptor acceptor_;
};

}  // namespace

int serve_store(const store_request& request) {
    store_server{request}.run();
    return 0;
}

}  // namespace redlock::faults
