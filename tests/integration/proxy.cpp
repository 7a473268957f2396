// See proxy.hpp. Writes without waiting: what a test sends fits into a socket's buffer.
#include "integration/proxy.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <string_view>

namespace redlock::integration {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

}  // namespace

struct proxy::link {
    explicit link(tcp::socket accepted)
        : near(std::move(accepted)), far(near.get_executor()), late(near.get_executor()) {}

    void close() {
        boost::system::error_code ignored;
        near.close(ignored);
        far.close(ignored);
        late.cancel();
    }

    tcp::socket near;
    tcp::socket far;
    asio::steady_timer late;
    bool subscribed = false;
    std::array<char, 65536> requests{};
    std::array<char, 65536> replies{};
};

proxy::proxy(asio::io_context& io, std::uint16_t server_port)
    : acceptor_(io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}), server_port_(server_port) {
    accept();
}

proxy::~proxy() {
    *alive_ = false;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    cut();
}

std::string proxy::url() const {
    return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void proxy::cut() {
    for (const auto& each : links_) {
        each->close();
    }
    links_.clear();
}

void proxy::cut_subscriptions() {
    for (const auto& each : links_) {
        if (each->subscribed) {
            each->close();
        }
    }
    std::erase_if(links_, [](const auto& each) { return !each->near.is_open(); });
}

void proxy::accept() {
    acceptor_.async_accept(
        [this, alive = alive_](boost::system::error_code failure, tcp::socket connected) {
            if (!*alive || failure) {
                return;
            }
            ++this->accepted;
            const auto over = std::make_shared<link>(std::move(connected));
            boost::system::error_code refused;
            over->far.connect({asio::ip::address_v4::loopback(), server_port_}, refused);
            if (!refused) {
                links_.push_back(over);
                pump(over, true);
                pump(over, false);
            }
            accept();
        });
}

void proxy::pump(const std::shared_ptr<link>& over, bool to_server) {
    auto& from = to_server ? over->near : over->far;
    auto& bytes = to_server ? over->requests : over->replies;
    from.async_read_some(
        asio::buffer(bytes), [this, over, to_server, alive = alive_](
                                 boost::system::error_code failure, std::size_t size) {
            if (!*alive) {
                return;
            }
            if (failure) {
                closed += to_server && over->near.is_open() ? 1U : 0U;
                over->close();
                return;
            }
            const std::string_view moved{(to_server ? over->requests : over->replies).data(), size};
            over->subscribed = over->subscribed ||
                               (to_server && moved.find("SUBSCRIBE") != std::string_view::npos);
            requested += to_server ? size : 0U;
            if (to_server ? drop_requests : drop_replies) {
                dropped += size;
                pump(over, to_server);
            } else if (to_server && delay > std::chrono::milliseconds{0}) {
                pass_on_late(over, size);
            } else {
                pass_on(over, to_server, size);
            }
        });
}

void proxy::pass_on(const std::shared_ptr<link>& over, bool to_server, std::size_t size) {
    auto& into = to_server ? over->far : over->near;
    boost::system::error_code ignored;
    asio::write(into, asio::buffer(to_server ? over->requests : over->replies, size), ignored);
    pump(over, to_server);
}

void proxy::pass_on_late(const std::shared_ptr<link>& over, std::size_t size) {
    over->late.expires_after(delay);
    over->late.async_wait([this, over, size, alive = alive_](boost::system::error_code) {
        if (!*alive || !over->near.is_open()) {
            return;
        }
        // What a client that has gone meanwhile had asked for is lost on its way.
        over->near.non_blocking(true);
        char next = 0;
        boost::system::error_code gone;
        const std::size_t more = over->near.receive(asio::buffer(&next, 1),
                                                    asio::socket_base::message_peek, gone);
        if (more == 0 && gone != asio::error::would_block) {
            ++closed;
            over->close();
            return;
        }
        pass_on(over, true, size);
    });
}

}  // namespace redlock::integration
