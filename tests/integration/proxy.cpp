#include "integration/proxy.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

namespace redlock::integration {

namespace asio = boost::asio;

proxy::proxy(asio::io_context& io, std::uint16_t server_port)
    : relay_(io, {.on_client =
                      [this, server_port](const relay::link_ptr& over) {
                          ++accepted;
                          relay_.join(over, server_port);
                      },
                  .on_bytes = [this](const relay::link_ptr& over, direction way,
                                     std::string_view bytes) { take(over, way, bytes); },
                  .on_end =
                      [this](const relay::link& over, direction way) {
                          closed += way == direction::requests && over.near.is_open() ? 1U : 0U;
                      }}) {}

proxy::~proxy() {
    *alive_ = false;
}

void proxy::cut_subscriptions() {
    relay_.cut([](const relay::link& over) { return over.known.subscribed; });
}

void proxy::take(const relay::link_ptr& over, direction way, std::string_view bytes) {
    const bool to_server = way == direction::requests;
    over->known.subscribed =
        over->known.subscribed || (to_server && bytes.find("SUBSCRIBE") != std::string_view::npos);
    requested += to_server ? bytes.size() : 0U;
    if (to_server ? drop_requests : drop_replies) {
        dropped += bytes.size();
        relay_.read(over, way);
    } else if (to_server && delay > std::chrono::milliseconds{0}) {
        pass_on_late(over, bytes);
    } else {
        pass_on(over, way, bytes);
    }
}

void proxy::pass_on(const relay::link_ptr& over, direction way, std::string_view bytes) {
    relay::pass(*over, way, bytes);
    relay_.read(over, way);
}

void proxy::pass_on_late(const relay::link_ptr& over, std::string_view bytes) {
    auto& late = over->known.late.emplace(over->near.get_executor(), delay);
    late.async_wait([this, over, bytes, alive = alive_](boost::system::error_code) {
        if (!*alive || !over->near.is_open()) {
            return;
        }
        // What a client that has gone meanwhile had asked for is lost on its way.
        over->near.non_blocking(true);
        char next = 0;
        boost::system::error_code gone;
        const std::size_t more =
            over->near.receive(asio::buffer(&next, 1), asio::socket_base::message_peek, gone);
        if (more == 0 && gone != asio::error::would_block) {
            ++closed;
            over->close();
            return;
        }
        pass_on(over, direction::requests, bytes);
    });
}

}  // namespace redlock::integration
