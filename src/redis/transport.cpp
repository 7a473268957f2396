// Resolving and connecting; see transport.hpp.
#include "redis/transport.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <string>

namespace redlock::redis {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

template <int Name>
using tcp_option = asio::detail::socket_option::integer<IPPROTO_TCP, Name>;

// A peer that vanished without a word while nothing was asked is noticed by the kernel, which costs
// us no timer.
constexpr int keepalive_idle_seconds = 60;
constexpr int keepalive_interval_seconds = 15;
constexpr int keepalive_probes = 4;

}  // namespace

transport::transport(const asio::any_io_executor& executor)
    : resolver_(executor), socket_(executor) {}

void transport::async_resolve(const endpoint& where, step_handler handler) {
    error_code not_numeric;
    const auto address = asio::ip::make_address(where.host, not_numeric);
    if (!not_numeric) {
        addresses_.assign(1, tcp::endpoint{address, where.port});
        asio::post(socket_.get_executor(), [handler = std::move(handler)] { handler({}); });
        return;
    }
    resolver_.async_resolve(where.host, std::to_string(where.port), tcp::resolver::numeric_service,
                            [this, handler = std::move(handler)](
                                error_code failure, const tcp::resolver::results_type& found) {
                                addresses_.clear();
                                for (const auto& each : found) {
                                    addresses_.emplace_back(each.endpoint());
                                }
                                handler(failure);
                            });
}

void transport::async_connect(const endpoint& where, step_handler handler) {
    if (where.transport == endpoint::transport_kind::unix_socket) {
        std::string path = where.path;
        if (path.starts_with('@')) {
            path.front() = '\0';
        }
        if (path.size() >= sizeof(sockaddr_un::sun_path)) {
            asio::post(socket_.get_executor(),
                       [handler = std::move(handler)] { handler(asio::error::name_too_long); });
            return;
        }
        addresses_.assign(1, asio::local::stream_protocol::endpoint{path});
    }
    connect_next(0, asio::error::host_not_found, std::move(handler));
}

void transport::connect_next(std::size_t index, error_code failure, step_handler handler) {
    if (closed_ || index == addresses_.size()) {
        asio::post(socket_.get_executor(),
                   [handler = std::move(handler), failure] { handler(failure); });
        return;
    }
    error_code unopened;
    socket_.close(unopened);
    socket_.open(addresses_[index].protocol(), unopened);
    if (unopened) {
        connect_next(index + 1, unopened, std::move(handler));
        return;
    }
    // A command that this process runs must not inherit its connections.
    ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
    socket_.async_connect(addresses_[index],
                          [this, index, handler = std::move(handler)](error_code refused) mutable {
                              if (refused) {
                                  connect_next(index + 1, refused, std::move(handler));
                                  return;
                              }
                              set_up();
                              handler({});
                          });
}

// None of these can make a working connection worse, so that a failure does not matter.
void transport::set_up() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    const int family = socket_.local_endpoint(ignored).protocol().family();
    if (family == AF_INET || family == AF_INET6) {
        socket_.set_option(tcp::no_delay{true}, ignored);
        socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
        socket_.set_option(tcp_option<TCP_KEEPIDLE>{keepalive_idle_seconds}, ignored);
        socket_.set_option(tcp_option<TCP_KEEPINTVL>{keepalive_interval_seconds}, ignored);
        socket_.set_option(tcp_option<TCP_KEEPCNT>{keepalive_probes}, ignored);
    }
}

std::size_t transport::try_write(std::string_view bytes, error_code& failure) {
    const std::size_t written = socket_.write_some(asio::buffer(bytes), failure);
    if (failure == asio::error::would_block || failure == asio::error::try_again) {
        failure.clear();
    }
    return written;
}

bool transport::open_and_silent() {
    char unread = 0;
    error_code failure;
    socket_.receive(asio::buffer(&unread, 1), asio::socket_base::message_peek, failure);
    return failure == asio::error::would_block || failure == asio::error::try_again;
}

void transport::cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
}

void transport::close() noexcept {
    closed_ = true;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace redlock::redis
