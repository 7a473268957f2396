// Resolving and connecting; see transport.hpp.
#include "outside/system/transport.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

#include "base/strand.hpp"
#include "base/turn_end.hpp"
#include "outside/system/address_race.hpp"
#include "outside/system/tls_context.hpp"

namespace redlock::outside {
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

template <class Endpoints>
Endpoints in_order(const Endpoints& addresses) {
    std::vector<int> families;
    families.reserve(addresses.size());
    for (const auto& each : addresses) {
        families.push_back(each.protocol().family());
    }
    Endpoints ordered;
    for (const std::size_t index : interleave(families)) {
        ordered.push_back(addresses[index]);
    }
    return ordered;
}

}  // namespace

/// What is under way while connecting; it outlives that in the losers' completions, which see by
/// the missing handler that all is over.
struct transport::attempts {
    struct way {
        explicit way(const asio::any_io_executor& strand) : socket(base::below(strand)) {}

        protocol::socket socket;
        base::inherited_descriptor listed;
    };

    attempts(const asio::any_io_executor& strand, std::vector<protocol::endpoint> found)
        : addresses(std::move(found)), race(addresses.size()), timer(strand) {}

    void give_up() noexcept {
        race.end();
        timer.cancel();
        for (way& each : ways) {
            each.listed.reset();
            error_code ignored;
            each.socket.close(ignored);
        }
    }

    std::vector<protocol::endpoint> addresses;
    address_race race;
    asio::steady_timer timer;
    std::list<way> ways;
    step_handler handler;
};

transport::transport(const asio::any_io_executor& strand)
    : strand_(strand), lookup_(strand), socket_(base::below(strand)) {}

transport::~transport() = default;

void transport::async_resolve(const endpoint& where, step_handler handler) {
    error_code not_numeric;
    const auto address = asio::ip::make_address(where.host, not_numeric);
    if (!not_numeric) {
        addresses_.assign(1, tcp::endpoint{address, where.port});
        asio::post(strand_, [handler = std::move(handler)] { handler({}); });
        return;
    }
    lookup_.async_resolve(where.host, where.port,
                          [this, handler = std::move(handler)](
                              error_code failure, const name_lookup::addresses& found) {
                              addresses_.assign(found.begin(), found.end());
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
            asio::post(strand_,
                       [handler = std::move(handler)] { handler(asio::error::name_too_long); });
            return;
        }
        addresses_.assign(1, asio::local::stream_protocol::endpoint{path});
    }
    const auto all = std::make_shared<attempts>(strand_, in_order(addresses_));
    all->handler = std::move(handler);
    attempts_ = all;
    if (const auto first = all->race.next()) {
        try_address(all, *first);
    } else {
        finish(*all, asio::error::host_not_found);
    }
}

void transport::try_address(const std::shared_ptr<attempts>& all, std::size_t index) {
    auto& way = all->ways.emplace_back(strand_);
    const protocol::endpoint& address = all->addresses[index];
    auto tried = [this, all, &way](error_code refused) {
        if (!all->handler) {
            return;
        }
        if (!refused) {
            socket_ = std::move(way.socket);
            listed_ = std::move(way.listed);
            set_up();
            finish(*all, {});
        } else if (const auto next = all->race.failed()) {
            try_address(all, *next);
        } else if (all->race.lost()) {
            finish(*all, refused);
        }
    };
    error_code unopened;
    if (stamp_.foreign()) {
        unopened = errc::forked;
    } else {
        way.socket.open(address.protocol(), unopened);
    }
    if (unopened) {
        asio::post(strand_, [tried, unopened] { tried(unopened); });
    } else {
        // A command that this process runs must not inherit its connections.
        ::fcntl(way.socket.native_handle(), F_SETFD, FD_CLOEXEC);
        way.listed = base::inherited_descriptor{way.socket.native_handle()};
        way.socket.async_connect(address, on_strand(std::move(tried)));
    }
    wait_for_head_start(all);
}

void transport::wait_for_head_start(const std::shared_ptr<attempts>& all) {
    if (!all->race.more()) {
        return;
    }
    all->timer.expires_after(address_race::head_start);
    all->timer.async_wait([this, all](error_code cancelled) {
        if (cancelled || !all->handler) {
            return;
        }
        if (const auto next = all->race.next()) {
            try_address(all, *next);
        }
    });
}

// The handler may hold the last reference to us, and is called at the very end; never at once.
void transport::finish(attempts& all, error_code failure) {
    step_handler handler = std::exchange(all.handler, nullptr);
    all.give_up();
    asio::post(strand_, [handler = std::move(handler), failure] { handler(failure); });
}

void transport::async_secure(const endpoint& where, step_handler handler) {
    const tls_options options = where.tls.value_or(tls_options{});
    tls_context made = make_tls_context(options);
    tls_problem_ = std::move(made.problem);
    if (made.context != nullptr) {
        tls_ = std::make_unique<tls_stream>(socket_, *made.context);
        if (!tls_->expect(options, where.host)) {
            tls_problem_ = "no certificate can carry the name " +
                           (options.server_name.empty() ? where.host : options.server_name) +
                           ": set server_name=";
        }
    }
    if (!tls_problem_.empty()) {
        asio::post(strand_, [handler = std::move(handler)] { handler(node_errc::tls_failed); });
        return;
    }
    tls_->stream().async_handshake(asio::ssl::stream_base::client, on_strand(std::move(handler)));
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

void transport::async_read_some(asio::mutable_buffer room, std::shared_ptr<listener> told) {
    if (tls_ != nullptr) {
        tls_->stream().async_read_some(
            room, on_strand([told = std::move(told)](error_code failure, std::size_t size) {
                told->on_read(failure, size);
            }));
        return;
    }
    socket_.async_read_some(
        room, base::in_used_memory([this, told = std::move(told)](error_code failure,
                                                                  std::size_t size) mutable {
            base::turn_end turn{socket_.get_executor()};
            base::dispatch_to(
                strand_, [told = std::move(told), failure, size] { told->on_read(failure, size); });
            turn.run();
        }));
}

std::size_t transport::try_write(std::string_view bytes, error_code& failure) {
    if (tls_ != nullptr) {
        return 0;  // What was encrypted and did not go out at once would be lost with would_block.
    }
    const std::size_t written = socket_.write_some(asio::buffer(bytes), failure);
    if (failure == asio::error::would_block || failure == asio::error::try_again) {
        failure.clear();
    }
    return written;
}

void transport::async_write_some(std::string_view bytes, std::shared_ptr<listener> told) {
    const auto buffer = asio::buffer(bytes);
    auto handler = on_strand([told = std::move(told)](error_code failure, std::size_t size) {
        told->on_written(failure, size);
    });
    if (tls_ != nullptr) {
        tls_->stream().async_write_some(buffer, std::move(handler));
    } else {
        socket_.async_write_some(buffer, std::move(handler));
    }
}

bool transport::open_and_silent(bool reading) {
    if (tls_ != nullptr && !reading) {
        return tls_->silent();
    }
    // With a read under way only that may take what has come. If TLS has something to say for
    // itself just now, the connection is made anew without need, which is rare and does no harm.
    char unread = 0;
    error_code failure;
    socket_.receive(asio::buffer(&unread, 1), asio::socket_base::message_peek, failure);
    return failure == asio::error::would_block || failure == asio::error::try_again;
}

std::string transport::describe(const error_code& failure) const {
    if (!tls_problem_.empty()) {
        return tls_problem_;
    }
    return tls_ != nullptr ? tls_->describe(failure) : failure.message();
}

void transport::cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
}

void transport::close() noexcept {
    if (const auto all = attempts_.lock()) {
        all->give_up();
    }
    lookup_.cancel();
    listed_.reset();
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace redlock::outside
