// See proxy.hpp. Writes without waiting: what a test sends fits into a socket's buffer.
#include "integration/proxy.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/write.hpp>
#include <string_view>

namespace redlock::integration {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

}  // namespace

struct proxy::link {
    explicit link(tcp::socket accepted) : near(std::move(accepted)), far(near.get_executor()) {}

    void close() {
        boost::system::error_code ignored;
        near.close(ignored);
        far.close(ignored);
    }

    tcp::socket near;
    tcp::socket far;
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
                over->close();
                return;
            }
            const std::string_view moved{(to_server ? over->requests : over->replies).data(), size};
            over->subscribed = over->subscribed ||
                               (to_server && moved.find("SUBSCRIBE") != std::string_view::npos);
            if (to_server ? drop_requests : drop_replies) {
                dropped += size;
            } else {
                auto& into = to_server ? over->far : over->near;
                boost::system::error_code ignored;
                asio::write(into, asio::buffer(to_server ? over->requests : over->replies, size),
                            ignored);
            }
            pump(over, to_server);
        });
}

}  // namespace redlock::integration
