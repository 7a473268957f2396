#include "support/spreading_proxy.hpp"

#include <string_view>
#include <utility>

namespace redlock::support {

spreading_proxy::spreading_proxy(std::vector<std::uint16_t> server_ports,
                                 std::function<std::size_t(std::size_t)> choose)
    : server_ports_(std::move(server_ports)),
      choose_(std::move(choose)),
      relay_(loop_.io, {.on_client = [this](const auto& over) { lead(over); },
                        .on_bytes =
                            [this](const auto& over, direction which, std::string_view bytes) {
                                way::pass(*over, which, bytes);
                                relay_.read(over, which);
                            }}) {
    loop_.start();
}

spreading_proxy::~spreading_proxy() {
    loop_.stop();
}

void spreading_proxy::lead(const way::link_ptr& over) {
    const std::size_t number = accepted_++;
    const std::size_t chosen = choose_ ? choose_(number) : number % server_ports_.size();
    relay_.join(over, server_ports_.at(chosen));
}

}  // namespace redlock::support
