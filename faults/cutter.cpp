// Writes without waiting: what clients and servers say to one another here fits into a socket's
// buffer.
#include "faults/cutter.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <string_view>
#include <utility>

namespace redlock::faults {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

}  // namespace

struct cutter::link {
    explicit link(tcp::socket accepted) : near(std::move(accepted)), far(near.get_executor()) {}

    void close() {
        boost::system::error_code ignored;
        near.close(ignored);
        far.close(ignored);
    }

    tcp::socket near;
    tcp::socket far;
    bool in_round = false;  ///< A script call has been passed on since the last reply.
    std::array<char, 65536> requests{};
    std::array<char, 65536> replies{};
};

cutter::cutter(std::uint16_t server_port)
    : acceptor_(io_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
      server_port_(server_port) {
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
}

cutter::~cutter() {
    io_.stop();
    thread_.join();
}

std::string cutter::url() const {
    return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void cutter::arm(direction which, std::size_t bytes) {
    asio::post(io_, [this, which, bytes] {
        armed_for_ = which;
        armed_left_ = bytes;
        armed_ = true;
        counted_.reset();
    });
}

void cutter::disarm() {
    asio::post(io_, [this] { armed_ = false; });
}

void cutter::lead_to(std::uint16_t server_port) {
    asio::post(io_, [this, server_port] {
        server_port_ = server_port;
        for (const auto& each : links_) {
            if (const auto over = each.lock()) {
                over->close();
            }
        }
        links_.clear();
    });
}

void cutter::accept() {
    acceptor_.async_accept([this](boost::system::error_code failure, tcp::socket connected) {
        if (failure) {
            return;
        }
        const auto over = std::make_shared<link>(std::move(connected));
        boost::system::error_code refused;
        over->far.connect({asio::ip::address_v4::loopback(), server_port_}, refused);
        if (!refused) {
            over->near.set_option(tcp::no_delay{true}, refused);
            over->far.set_option(tcp::no_delay{true}, refused);
            std::erase_if(links_, [](const auto& each) { return each.expired(); });
            links_.push_back(over);
            pump(over, direction::requests);
            pump(over, direction::replies);
        }
        accept();
    });
}

void cutter::pump(const std::shared_ptr<link>& over, direction way) {
    auto& from = way == direction::requests ? over->near : over->far;
    auto& bytes = way == direction::requests ? over->requests : over->replies;
    from.async_read_some(asio::buffer(bytes),
                         [this, over, way](boost::system::error_code failure, std::size_t size) {
                             if (failure) {
                                 over->close();
                                 return;
                             }
                             pass(over, way, size);
                             pump(over, way);
                         });
}

void cutter::pass(const std::shared_ptr<link>& over, direction way, std::size_t size) {
    const bool requests = way == direction::requests;
    const std::string_view piece{(requests ? over->requests : over->replies).data(), size};
    if (requests && piece.starts_with('*') && piece.find("EVALSHA") != std::string_view::npos) {
        over->in_round = true;
        longest_request_ = std::max<std::size_t>(longest_request_, size);
    } else if (!requests && over->in_round) {
        longest_reply_ = std::max<std::size_t>(longest_reply_, size);
    }
    if (armed_ && counted_.expired() && over->in_round && way == armed_for_) {
        counted_ = over;
    }
    const std::size_t passed = passed_before_cut(*over, way, size);
    boost::system::error_code ignored;
    asio::write(requests ? over->far : over->near, asio::buffer(piece.data(), passed), ignored);
    if (passed < size) {
        over->close();
        ++cuts_;
    } else if (!requests) {
        over->in_round = false;
    }
}

std::size_t cutter::passed_before_cut(link& over, direction way, std::size_t size) {
    if (!armed_ || way != armed_for_ || counted_.lock().get() != &over) {
        return size;
    }
    const std::size_t passed = std::min(armed_left_, size);
    armed_left_ -= passed;
    armed_ = passed == size;
    return passed;
}

}  // namespace redlock::faults
