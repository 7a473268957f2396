#include "testing/side_by_side.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace redlock::testing {

namespace {

constexpr tick begins = 1'893'456'000 * second;

std::optional<reply> parse(std::string_view bytes, std::size_t& at) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const char type = bytes[at];
    std::string line{bytes.substr(at + 1, end - at - 1)};
    at = end + 2;
    switch (type) {
        case '+':
            return reply::status(std::move(line));
        case '-':
            return reply::error(std::move(line));
        case ':':
            return reply::integer(std::stoll(line));
        case '$': {
            if (line == "-1") {
                return reply::nil();
            }
            const std::size_t size = std::stoul(line);
            if (bytes.size() < at + size + 2) {
                return std::nullopt;
            }
            const std::size_t from = std::exchange(at, at + size + 2);
            return reply::text(std::string{bytes.substr(from, size)});
        }
        case '*': {
            reply all = reply::array({});
            for (std::size_t left = std::stoul(line); left > 0; --left) {
                auto item = parse(bytes, at);
                if (!item) {
                    return std::nullopt;
                }
                all.items.push_back(std::move(*item));
            }
            return all;
        }
        default:
            throw std::runtime_error("no reply: " + std::string{bytes});
    }
}

bool is_pong(const reply& what) {
    return what.items.size() == 2 && what.items.front() == reply::text("pong");
}

}  // namespace

void PrintTo(const reply& what, std::ostream* to) {
    std::string bytes;
    append_bytes(bytes, what);
    for (const char each : bytes) {
        each == '\r' ? *to << ' ' : each == '\n' ? *to << "" : *to << each;
    }
}

std::string bytes_of(const request& what) {
    std::vector<reply> words;
    for (const std::string& each : what) {
        words.push_back(reply::text(each));
    }
    std::string bytes;
    append_bytes(bytes, reply::array(std::move(words)));
    return bytes;
}

std::string words_of(const request& what) {
    std::string line;
    for (const std::string& each : what) {
        line += (line.empty() ? "" : " ") + ("'" + each.substr(0, 40) + "'");
    }
    return line;
}

std::optional<reply> take_reply(std::string& bytes) {
    std::size_t at = 0;
    auto found = parse(bytes, at);
    if (found) {
        bytes.erase(0, at);
    }
    return found;
}

reply in_common_words(reply what) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> differently{{
        {"Unknown Redis command", "Unknown command"},
        {"calling Redis command", "calling command"},
        {"for this redis lib call", "for this call"},
        {"Lua redis lib command arguments", "Command arguments"},
        {"This Valkey command", "This Redis command"},
        {" Please use EVAL.", ""},
    }};
    for (const auto& [here, there] : differently) {
        const std::size_t at = what.words.find(here);
        if (at != std::string::npos) {
            what.words.replace(at, here.size(), there);
        }
    }
    if (what.is_error()) {
        what.words = what.words.substr(0, what.words.find(" script: "));
    }
    return what;
}

/// Everything arrives at once.
class side_by_side::calm final : public wire_weather {
  public:
    tick delay(side /*from*/) override { return 0; }
    tick blocked_until(side /*to*/) override { return 0; }
};

side_by_side::side_by_side(std::vector<std::string> arguments) {
    node_.begin({begins, 0}, 0);
    clock_.set_forward(std::chrono::nanoseconds{begins});
    const support::settable_clock::rule here{clock_};
    support::redis_server_options options;
    options.arguments = std::move(arguments);
    server_.emplace(std::move(options));
    for (int i = 0; i < 20 && stands_still_; ++i) {
        stands_still_ = shows_its_time();
    }
}

void side_by_side::pass(std::chrono::microseconds time) {
    const tick until = time_.now() + std::chrono::nanoseconds{time}.count();
    while (time_.next() <= until) {
        time_.step();
    }
    time_.go_to(until);
    set_real_clock();
}

void side_by_side::step(std::chrono::microseconds time) {
    node_.step_clock(std::chrono::nanoseconds{time}.count());
    set_real_clock();
}

void side_by_side::set_real_clock() {
    const std::chrono::nanoseconds shown = std::chrono::microseconds{time_us()};
    if (shown == clock_.ahead()) {
        return;
    }
    clock_.set_forward(shown - clock_.ahead());
    while (!shows_its_time()) {
    }
}

bool side_by_side::shows_its_time() const {
    return ask_real({"TIME"}) ==
           std::to_string(time_us() / 1'000'000) + "\n" + std::to_string(time_us() % 1'000'000);
}

void side_by_side::set_full(bool yes) {
    ask_real({"CONFIG", "SET", "maxmemory", yes ? "1" : "0"});
    node_.set_full(yes);
}

std::shared_ptr<wire> side_by_side::connect() {
    auto made = std::make_shared<wire>(time_, chance_, std::make_shared<calm>());
    node_.accept(made, 0);
    return made;
}

client_of_both::client_of_both(side_by_side& of)
    : of_(&of), socket_(of.context_), wire_(of.connect()) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), of.server_->port()});
    wire_->attach(side::client, this);
}

client_of_both::~client_of_both() {
    wire_->attach(side::client, nullptr);
    wire_->close(side::client);
}

answers client_of_both::ask(const request& real, const request& simulated) {
    send(real, simulated);
    // One after the other: the first may throw.
    reply said = next_real();
    return {std::move(said), next_simulated()};
}

client_of_both::news client_of_both::hear() {
    send({"PING"}, {"PING"});
    news all;
    for (reply each = next_real(); !is_pong(each); each = next_real()) {
        all.real.push_back(std::move(each));
    }
    for (reply each = next_simulated(); !is_pong(each); each = next_simulated()) {
        all.simulated.push_back(std::move(each));
    }
    return all;
}

void client_of_both::send(const request& real, const request& simulated) {
    boost::asio::write(socket_, boost::asio::buffer(bytes_of(real)));
    wire_->send(side::client, bytes_of(simulated));
    while (of_->time_.next() <= of_->time_.now()) {
        of_->time_.step();
    }
}

reply client_of_both::next_real() {
    for (;;) {
        if (auto found = take_reply(real_)) {
            return std::move(*found);
        }
        std::array<char, 4096> room{};
        real_.append(room.data(), socket_.read_some(boost::asio::buffer(room)));
    }
}

reply client_of_both::next_simulated() {
    auto found = take_reply(simulated_);
    if (!found) {
        throw std::runtime_error(ended_ ? "the simulated server hung up"
                                        : "the simulated server says nothing");
    }
    return std::move(*found);
}

}  // namespace redlock::testing
