#include "support/spreading_proxy.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

namespace redlock::support {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct spreading_proxy::link {
    explicit link(tcp::socket accepted) : near(std::move(accepted)), far(near.get_executor()) {}

    tcp::socket near;
    tcp::socket far;
    std::array<char, 65536> requests{};
    std::array<char, 65536> replies{};
};

spreading_proxy::spreading_proxy(std::vector<std::uint16_t> server_ports,
                                 std::function<std::size_t(std::size_t)> choose)
    : acceptor_(io_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
      server_ports_(std::move(server_ports)),
      choose_(std::move(choose)) {
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
}

spreading_proxy::~spreading_proxy() {
    io_.stop();
    thread_.join();
}

std::string spreading_proxy::url() const {
    return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void spreading_proxy::accept() {
    acceptor_.async_accept([this](boost::system::error_code failure, tcp::socket connected) {
        if (failure) {
            return;
        }
        const std::size_t number = accepted_++;
        const std::size_t chosen = choose_ ? choose_(number) : number % server_ports_.size();
        const auto over = std::make_shared<link>(std::move(connected));
        boost::system::error_code refused;
        over->far.connect({asio::ip::address_v4::loopback(), server_ports_.at(chosen)}, refused);
        if (!refused) {
            pump(over, true);
            pump(over, false);
        }
        accept();
    });
}

// Writes without waiting: what a test sends fits into a socket's buffer.
void spreading_proxy::pump(const std::shared_ptr<link>& over, bool to_server) {
    auto& from = to_server ? over->near : over->far;
    auto& bytes = to_server ? over->requests : over->replies;
    from.async_read_some(
        asio::buffer(bytes),
        [over, to_server, &bytes](boost::system::error_code failure, std::size_t size) {
            boost::system::error_code ignored;
            if (failure) {
                over->near.close(ignored);
                over->far.close(ignored);
                return;
            }
            asio::write(to_server ? over->far : over->near, asio::buffer(bytes, size), ignored);
            pump(over, to_server);
        });
}

}  // namespace redlock::support
