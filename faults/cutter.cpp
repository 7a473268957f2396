#include "faults/cutter.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace redlock::faults {

namespace asio = boost::asio;

cutter::cutter(std::uint16_t server_port)
    : server_port_(server_port),
      relay_(loop_.io, {.on_client = [this](const auto& over) { relay_.join(over, server_port_); },
                        .on_bytes = [this](const auto& over, direction way,
                                           std::string_view bytes) { pass(over, way, bytes); }}) {
    loop_.start();
}

cutter::~cutter() {
    loop_.stop();
}

void cutter::arm(direction which, std::size_t bytes) {
    asio::post(loop_.io, [this, which, bytes] {
        armed_for_ = which;
        armed_left_ = bytes;
        armed_ = true;
        counted_.reset();
    });
}

void cutter::disarm() {
    asio::post(loop_.io, [this] { armed_ = false; });
}

void cutter::lead_to(std::uint16_t server_port) {
    asio::post(loop_.io, [this, server_port] {
        server_port_ = server_port;
        relay_.cut();
    });
}

void cutter::pass(const relay::link_ptr& over, direction way, std::string_view piece) {
    const bool requests = way == direction::requests;
    bool& in_round = over->known.begun;
    if (requests && piece.starts_with('*') && piece.find("EVALSHA") != std::string_view::npos) {
        in_round = true;
        longest_request_ = std::max<std::size_t>(longest_request_, piece.size());
    } else if (!requests && in_round) {
        longest_reply_ = std::max<std::size_t>(longest_reply_, piece.size());
    }
    if (armed_ && counted_.expired() && in_round && way == armed_for_) {
        counted_ = over;
    }
    const std::size_t passed = passed_before_cut(over, way, piece.size());
    relay::pass(*over, way, piece.substr(0, passed));
    if (passed < piece.size()) {
        over->close();
        ++cuts_;
        return;
    }
    in_round = in_round && requests;
    relay_.read(over, way);
}

std::size_t cutter::passed_before_cut(const relay::link_ptr& over, direction way,
                                      std::size_t size) {
    if (!armed_ || way != armed_for_ || counted_.lock() != over) {
        return size;
    }
    const std::size_t passed = std::min(armed_left_, size);
    armed_left_ -= passed;
    armed_ = passed == size;
    return passed;
}

}  // namespace redlock::faults
