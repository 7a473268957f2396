// The helpers of the connection's tests; see test_connection.hpp.
#include "redis/test_connection.hpp"

#include <redlock/endpoint.hpp>
#include <utility>

#include "redis/make_link.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::redis {
namespace {

using namespace std::chrono_literals;

// No test comes near this; it only turns a hang into a failure.
constexpr auto far_too_long = 30s;

std::string shown(const reply_view& reply) {
    switch (reply.kind()) {
        case reply_kind::nil:
            return "nil";
        case reply_kind::integer:
            return std::to_string(reply.integer());
        case reply_kind::status:
            return "+" + std::string{reply.text()};
        case reply_kind::error:
            return "-" + std::string{reply.text()};
        case reply_kind::string:
            return std::string{reply.text()};
        case reply_kind::array:
            break;
    }
    std::string all;
    for (std::size_t i = 0; i < reply.size(); ++i) {
        all += (i == 0 ? "" : " ") + shown(reply[i]);
    }
    return "[" + all + "]";
}

}  // namespace

void remembering_sink::on_reply(std::uint32_t tag, const reply_view& reply) {
    note(tag, shown(reply));
}

void remembering_sink::on_timeout(std::uint32_t tag, bool maybe_sent) {
    note(tag, maybe_sent ? "timeout sent" : "timeout");
}

void remembering_sink::on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) {
    last_cause = cause;
    note(tag, maybe_sent ? "failure sent" : "failure");
}

void remembering_sink::note(std::uint32_t tag, const std::string& what) {
    told.push_back(std::to_string(tag) + ": " + what);
    if (then) {
        then();
    }
}

bool run_until(boost::asio::io_context& io, const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + far_too_long;
    while (!done()) {
        io.restart();
        io.run_one_for(100ms);
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
    }
    return true;
}

test_connection::test_connection(connection_options options) {
    use(std::move(options));
}

void test_connection::use(connection_options options) {
    whole = make_link(clock, std::move(options), *this, 1);
    link = whole->single();
}

test_connection::~test_connection() {
    whole.reset();
    io.restart();
    io.poll();
}

std::string test_connection::greeting(const server_identity& /*identity*/) {
    std::string encoded;
    if (!says.empty()) {
        resp_writer writer{encoded};
        writer.begin(says.size());
        for (const auto& word : says) {
            writer.arg(std::string_view{word});
        }
    }
    return encoded;
}

void test_connection::on_greeted(const reply_view& reply) {
    greeted.push_back(shown(reply));
}

void test_connection::on_ready(const server_identity&) {
    ++ready_count;
    if (when_ready) {
        when_ready();
    }
}

void test_connection::on_down(error_code cause, std::string_view message,
                              std::chrono::nanoseconds delay) {
    ++down_count;
    down_cause = cause;
    down_message = message;
    retry_in = delay;
    if (keep_trying) {
        link->keep_trying();
    }
    if (when_down) {
        when_down();
    }
}

bool test_connection::run_until_ready() {
    return run_until([this] { return link->state() == connection_state::ready; });
}

error_code test_connection::send(std::initializer_list<std::string_view> words, std::uint32_t tag,
                                 std::chrono::nanoseconds patience, delivery how) {
    std::string bytes;
    append_command(bytes, words);
    return whole->send({.encoded = bytes,
                        .sink = sink,
                        .tag = tag,
                        .deadline = boot_clock::now() + patience,
                        .how = how});
}

std::string test_connection::ask(std::initializer_list<std::string_view> words) {
    const auto own = std::make_shared<remembering_sink>();
    std::string bytes;
    append_command(bytes, words);
    if (const error_code refused =
            whole->send({.encoded = bytes, .sink = own, .deadline = boot_clock::now() + 1h})) {
        return "refused: " + refused.message();
    }
    return run_until([&] { return !own->told.empty(); }) ? own->told.front().substr(3) : "nothing";
}

connection_options options_for(std::string_view url) {
    connection_options options;
    options.where = parse_endpoint(url).value();
    options.connect_timeout = 5s;
    options.command_timeout = 5s;
    options.backoff_min = 2ms;
    options.backoff_max = 20ms;
    return options;
}

}  // namespace redlock::redis
