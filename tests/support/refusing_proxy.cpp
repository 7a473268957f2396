#include "support/refusing_proxy.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace redlock::support {

namespace {

constexpr std::string_view protected_mode =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface.\r\n";

/// The number behind the first byte of a line, which is cut off.
std::optional<std::size_t> cut_number(std::string_view& text) {
    const std::size_t stop = text.find("\r\n");
    if (stop == std::string_view::npos || stop == 0) {
        return std::nullopt;
    }
    std::size_t number = 0;
    std::from_chars(text.data() + 1, text.data() + stop, number);
    text.remove_prefix(stop + 2);
    return number;
}

struct command {
    std::string name;  ///< In capital letters.
    std::size_t size;  ///< All bytes of it.
};

/// The first command of an array of strings; nothing if it has not come as a whole.
std::optional<command> first_command(const std::string& bytes) {
    std::string_view rest = bytes;
    const auto words = cut_number(rest);
    std::string name;
    for (std::size_t word = 0; words && word < *words; ++word) {
        const auto size = cut_number(rest);
        if (!size || rest.size() < *size + 2) {
            return std::nullopt;
        }
        if (word == 0) {
            name = rest.substr(0, *size);
        }
        rest.remove_prefix(*size + 2);
    }
    if (!words) {
        return std::nullopt;
    }
    for (char& each : name) {
        each = each >= 'a' && each <= 'z' ? static_cast<char>(each - 'a' + 'A') : each;
    }
    return command{std::move(name), bytes.size() - rest.size()};
}

}  // namespace

refusing_proxy::refusing_proxy(std::uint16_t server_port, std::set<std::string> refused, manner how,
                               std::string words)
    : server_port_(server_port),
      refused_(std::move(refused)),
      how_(how),
      words_(std::move(words)),
      relay_(loop_.io, {.on_client = [this](const auto& over) { welcome(over); },
                        .on_bytes = [this](const auto& over, direction which,
                                           std::string_view bytes) { take(over, which, bytes); }}) {
    loop_.start();
}

refusing_proxy::~refusing_proxy() {
    loop_.stop();
}

void refusing_proxy::welcome(const way::link_ptr& over) {
    if (how_ != manner::denies) {
        relay_.join(over, server_port_);
        return;
    }
    way::pass(*over, direction::replies, protected_mode);
    // What the client has sent is read, or its end would be a reset that takes the words along.
    boost::system::error_code ignored;
    over->near.shutdown(way::tcp::socket::shutdown_send, ignored);
    relay_.read(over, direction::requests);
}

void refusing_proxy::take(const way::link_ptr& over, direction which, std::string_view bytes) {
    conversation& known = over->known;
    if (how_ == manner::denies) {
        relay_.read(over, which);
        return;
    }
    if (which == direction::requests) {
        known.waiting += bytes;
    } else {
        known.replies.feed(bytes);
        while (known.replies.next() == redis::resp_reader::status::reply) {
            known.unanswered -= known.unanswered > 0 ? 1 : 0;
        }
        way::pass(*over, which, bytes);
    }
    if (pass_commands(*over)) {
        relay_.read(over, which);
    } else {
        over->close();
    }
}

bool refusing_proxy::pass_commands(way::link& over) const {
    conversation& known = over.known;
    for (auto next = first_command(known.waiting); next; next = first_command(known.waiting)) {
        const bool refused = refused_.contains(next->name);
        if (refused && known.unanswered > 0) {
            return true;
        }
        if (refused && how_ == manner::hangs_up) {
            return false;
        }
        if (!refused) {
            way::pass(over, direction::requests, {known.waiting.data(), next->size});
            ++known.unanswered;
        } else if (how_ == manner::answers) {
            way::pass(over, direction::replies,
                      "-" + (words_.empty() ? "ERR unknown command '" + next->name + "'" : words_) +
                          "\r\n");
        }
        known.waiting.erase(0, next->size);
    }
    return true;
}

}  // namespace redlock::support
