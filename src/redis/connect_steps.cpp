// The steps of connecting; see connect_steps.hpp. Each function does one step and returns what the
// outside must do for it.
#include "redis/connect_steps.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "redis/acl_error.hpp"
#include "redis/resp_writer.hpp"
#include "redis/server_error.hpp"

namespace redlock::redis {
namespace {

using action = connect_action::kind;

bool is_ok(const reply_view& reply) {
    return reply.kind() == reply_kind::status;
}

// INFO may be forbidden or renamed by whoever runs the server; locks do not depend on it.
bool may_go_unidentified(std::string_view error_text) {
    return classify(error_text) == node_errc::permission_denied
               ? error_text.starts_with("NOPERM")
               : error_text.starts_with("ERR unknown command");
}

}  // namespace

std::string_view to_string(connect_step step) noexcept {
    constexpr std::array<std::string_view, 9> names{"idle",       "resolving", "connecting",
                                                    "logging in", "selecting", "identifying",
                                                    "greeting",   "ready",     "waiting"};
    return names.at(static_cast<std::size_t>(step));
}

connect_steps::connect_steps(endpoint where, backoff pause, bool greets)
    : where_(std::move(where)), pause_(pause), greets_(greets), ceiling_(pause.min) {}

connect_action connect_steps::resume(const connect_event& event) {
    using event_kind = connect_event::kind;
    switch (event.what) {
        case event_kind::begin:
            if (step_ == connect_step::idle || step_ == connect_step::waiting ||
                step_ == connect_step::ready) {
                return begin();
            }
            break;
        case event_kind::resolved:
            if (step_ == connect_step::resolving) {
                step_ = connect_step::connecting;
                return {.what = action::connect};
            }
            break;
        case event_kind::connected:
            if (step_ == connect_step::connecting) {
                return log_in();
            }
            break;
        case event_kind::reply:
            if (awaits_reply() && step_ != connect_step::greeting) {
                return on_reply(event.reply, event.random);
            }
            break;
        case event_kind::greeted:
            if (step_ == connect_step::greeting) {
                return become_ready();
            }
            break;
        case event_kind::failed:
            if (step_ != connect_step::idle && step_ != connect_step::waiting) {
                return fail(event.cause, std::string{event.message}, event.random);
            }
            break;
    }
    return {};
}

connect_action connect_steps::begin() {
    identity_ = {};
    if (where_.transport == endpoint::transport_kind::unix_socket) {
        step_ = connect_step::connecting;
        return {.what = action::connect};
    }
    step_ = connect_step::resolving;
    return {.what = action::resolve};
}

connect_action connect_steps::log_in() {
    if (where_.user.empty() && where_.password.empty()) {
        return select();
    }
    step_ = connect_step::authenticating;
    bytes_.clear();
    if (where_.user.empty()) {
        append_command(bytes_, {"AUTH", where_.password});
    } else {
        append_command(bytes_, {"AUTH", where_.user, where_.password});
    }
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::select() {
    if (where_.database == 0) {
        return identify();
    }
    step_ = connect_step::selecting;
    bytes_.clear();
    append_command(bytes_, {"SELECT", std::to_string(where_.database)});
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::identify() {
    step_ = connect_step::identifying;
    bytes_.clear();
    append_command(bytes_, {"INFO", greets_ ? "all" : "server"});
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::identified() {
    if (!greets_) {
        return become_ready();
    }
    step_ = connect_step::greeting;
    bytes_.clear();
    return {.what = action::greet};
}

connect_action connect_steps::become_ready() {
    step_ = connect_step::ready;
    ceiling_ = pause_.min;
    bytes_.clear();
    return {.what = action::ready};
}

connect_action connect_steps::on_reply(const reply_view& reply, std::uint64_t random) {
    if (step_ == connect_step::identifying) {
        return on_info(reply, random);
    }
    if (!is_ok(reply)) {
        return refused(reply, random);
    }
    return step_ == connect_step::authenticating ? select() : identify();
}

connect_action connect_steps::on_info(const reply_view& reply, std::uint64_t random) {
    if (reply.kind() == reply_kind::string) {
        identity_ = parse_server_info(reply.text());
        return identified();
    }
    if (reply.is_error() && may_go_unidentified(reply.text())) {
        return identified();
    }
    return refused(reply, random);
}

connect_action connect_steps::refused(const reply_view& reply, std::uint64_t random) {
    const std::string doing = " while " + std::string{to_string(step_)};
    if (!reply.is_error()) {
        return fail(node_errc::bad_reply,
                    "unexpected " + std::string{to_string(reply.kind())} + doing, random);
    }
    std::string message = shown_text(reply.text(), where_.password) + doing;
    if (const auto right = read_acl_error(reply.text()); right && !right->name.empty()) {
        message += ": " + advice_for_command(right->name);
    }
    return fail(classify(reply.text()), std::move(message), random);
}

connect_action connect_steps::fail(error_code cause, std::string message, std::uint64_t random) {
    step_ = connect_step::waiting;
    cause_ = cause;
    message_ = std::move(message);
    bytes_.clear();
    return {.what = action::wait, .delay = next_delay(random)};
}

// Between half of the ceiling and all of it: clients that lost the same server at the same instant
// come back spread out, and none comes back at once.
std::chrono::nanoseconds connect_steps::next_delay(std::uint64_t random) {
    const auto half = static_cast<std::uint64_t>(ceiling_.count()) / 2;
    const std::chrono::nanoseconds delay{ceiling_.count() -
                                         static_cast<std::int64_t>(random % (half + 1))};
    ceiling_ = ceiling_ < pause_.max / 2 ? ceiling_ * 2 : pause_.max;
    return delay;
}

}  // namespace redlock::redis
