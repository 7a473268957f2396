// The steps of connecting; see connect_steps.hpp. Each function does one step and returns what the
// outside must do for it.
#include "redis/connect/connect_steps.hpp"
#include "base/shown_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "endpoint/server_address.hpp"
#include "redis/wire/acl_error.hpp"
#include "redis/wire/resp_writer.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::redis {
namespace {

using action = connect_action::kind;

bool is_ok(const reply_view& reply) {
    return reply.kind() == reply_kind::status;
}

// INFO and ROLE may be forbidden or renamed by whoever runs the server. Locks do not depend on
// INFO, and either tells the role.
bool is_withheld(std::string_view error_text) {
    const node_errc cause = classify(error_text);
    // Who has no room for one more client says so at once, whatever is asked.
    const bool by_somebody = cause == node_errc::error_reply && is_plain_refusal(error_text) &&
                             error_text.find("max number of clients") == std::string_view::npos;
    return cause == node_errc::permission_denied || cause == node_errc::unknown_command ||
           by_somebody;
}

// Of a way that leads straight to the server.
constexpr way_words straight{.server_plainly = "use redis://",
                             .server_with_tls = "Then use rediss://"};

}  // namespace

connect_steps::connect_steps(endpoint where, backoff pause, bool greets,
                             std::shared_ptr<discovery> way)
    : where_(std::move(where)),
      target_(where_),
      discovery_(std::move(way)),
      pause_(pause),
      greets_(greets),
      ceiling_(pause.min) {}

connect_action connect_steps::resume(const connect_event& event) {
    using event_kind = connect_event::kind;
    switch (event.what) {
        case event_kind::begin:
            if (step_ == connect_step::idle || step_ == connect_step::waiting ||
                step_ == connect_step::ready) {
                return begin(event.random);
            }
            break;
        case event_kind::resolved:
            if (step_ == connect_step::resolving) {
                step_ = connect_step::connecting;
                return {.what = action::connect};
            }
            break;
        case event_kind::connected:
            if (step_ == connect_step::connecting && target_.tls) {
                step_ = connect_step::securing;
                return {.what = action::secure};
            }
            if (step_ == connect_step::connecting) {
                return log_in();
            }
            break;
        case event_kind::secured:
            if (step_ == connect_step::securing) {
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
        case event_kind::hung_up:
            if (step_ != connect_step::idle && step_ != connect_step::waiting) {
                return hung_up(event);
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

const way_words& connect_steps::words() const noexcept {
    return discovery_ != nullptr ? discovery_->words() : straight;
}

std::string_view connect_steps::doing() const noexcept {
    const std::array<std::string_view, 12> names{
        "idle",        "resolving",    "connecting", "securing the connection",
        "logging in",  words().asking, "selecting",  "asking for its role",
        "identifying", "greeting",     "ready",      "waiting"};
    return names.at(static_cast<std::size_t>(step_));
}

// A Redis without TLS waits for the end of what it takes for a command; one with TLS hangs up on
// what it takes for a broken handshake. So does a proxy that reaches no server.
std::string connect_steps::hint() const {
    const std::string tls_doubt = "; does this port speak TLS? ";
    if (step_ == connect_step::securing) {
        return tls_doubt + "If not, " +
               std::string{discovering_ ? words().ask_plainly : words().server_plainly};
    }
    if (step_ == connect_step::greeting) {
        return heard_ ? "; does a proxy on the way refuse EVAL?" : "";
    }
    const bool first_words = awaits_reply() && !heard_;
    std::string doubts;
    if (first_words && !target_.tls && target_.transport == endpoint::transport_kind::tcp) {
        doubts = tls_doubt + std::string{discovering_ && where_.tls ? words().ask_with_tls
                                                                    : words().server_with_tls};
    }
    if (step_ == connect_step::identifying) {
        doubts += doubts.empty() ? "; does a proxy" : ". Or does a proxy";
        doubts += " on the way refuse PING and INFO, or reach no server?";
    }
    return doubts;
}

connect_action connect_steps::begin(std::uint64_t random) {
    identity_ = {};
    role_unseen_ = false;
    if (!follows_master()) {
        return go_to_target();
    }
    discovery_->begin();
    return go_on_asking(random);
}

connect_action connect_steps::go_on_asking(std::uint64_t random) {
    auto whom = discovery_->next();
    discovering_ = whom.has_value();
    if (!whom) {
        return give_up(discovery_->cause(), discovery_->message(), random);
    }
    target_ = std::move(*whom);
    return go_to_target();
}

connect_action connect_steps::go_to_target() {
    bytes_.clear();
    heard_ = false;
    if (knock_ != knock::not_needed) {
        knock_ = knock::needed;
    }
    if (target_.transport == endpoint::transport_kind::unix_socket) {
        step_ = connect_step::connecting;
        return {.what = action::connect, .anew = true};
    }
    step_ = connect_step::resolving;
    return {.what = action::resolve, .anew = true};
}

connect_action connect_steps::log_in() {
    if (target_.user.empty() && target_.password.empty()) {
        return logged_in();
    }
    step_ = connect_step::authenticating;
    bytes_.clear();
    if (target_.user.empty()) {
        append_command(bytes_, {"AUTH", target_.password});
    } else {
        append_command(bytes_, {"AUTH", target_.user, target_.password});
    }
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::logged_in() {
    if (!discovering_) {
        return select();
    }
    step_ = connect_step::discovering;
    bytes_ = discovery_->question();
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::select() {
    if (where_.database == 0) {
        return selected();
    }
    step_ = connect_step::selecting;
    bytes_.clear();
    append_command(bytes_, {"SELECT", std::to_string(where_.database)});
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::selected() {
    if (!follows_master()) {
        return identify();
    }
    step_ = connect_step::asking_role;
    bytes_.clear();
    append_command(bytes_, {"ROLE"});
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::identify() {
    step_ = connect_step::identifying;
    bytes_.clear();
    if (knock_ == knock::needed) {
        knock_ = knock::sent;
        append_command(bytes_, {"PING"});
        return {.what = action::send, .bytes = bytes_};
    }
    append_command(bytes_, {"INFO", greets_ || role_unseen_ ? "all" : "server"});
    return {.what = action::send, .bytes = bytes_};
}

connect_action connect_steps::identified(std::uint64_t random) {
    if (follows_master() && !identity_.role.empty() && identity_.role != "master") {
        return no_master(identity_.role, random);
    }
    if (role_unseen_ && identity_.role.empty()) {
        return fail(role_refused_, "whether it is the master cannot be seen: " + role_advice_,
                    random);
    }
    if (!greets_) {
        return become_ready();
    }
    step_ = connect_step::greeting;
    bytes_.clear();
    return {.what = action::greet};
}

connect_action connect_steps::become_ready() {
    step_ = connect_step::ready;
    knock_ = knock::not_needed;
    bytes_.clear();
    return {.what = action::ready};
}

connect_action connect_steps::on_reply(const reply_view& reply, std::uint64_t random) {
    heard_ = true;
    switch (step_) {
        case connect_step::discovering:
            return on_master(reply, random);
        case connect_step::asking_role:
            return on_role(reply, random);
        case connect_step::identifying:
            return on_info(reply, random);
        default:
            break;
    }
    if (!is_ok(reply)) {
        return refused(reply, random);
    }
    return step_ == connect_step::authenticating ? logged_in() : selected();
}

connect_action connect_steps::on_master(const reply_view& reply, std::uint64_t random) {
    master_answer answer = discovery_->read(reply);
    if (!answer.address) {
        return fail(answer.cause, std::move(answer.why), random);
    }
    discovery_->found();
    discovering_ = false;
    target_ = where_;
    target_.host = std::move(answer.address->host);
    target_.port = answer.address->port;
    return go_to_target();
}

// In the middle of a failover those who are asked may name a server that is not the master any
// more, or not yet: what is written there would be refused, or lost.
connect_action connect_steps::on_role(const reply_view& reply, std::uint64_t random) {
    if (reply.is_error() && is_withheld(reply.text())) {
        role_unseen_ = true;
        role_refused_ = classify(reply.text());
        role_advice_ = advice_for_refusal(reply.text(), "role");
        return identify();
    }
    if (!reply.is_array() || !reply[0].is_text()) {
        return refused(reply, random);
    }
    const std::string_view role = reply[0].text();
    return role == "master" ? identify() : no_master(role, random);
}

connect_action connect_steps::no_master(std::string_view role, std::uint64_t random) {
    discovery_->misled();
    return give_up(node_errc::read_only,
                   std::string{words().they_name} + target_address() + ", which is a " +
                       (role == "slave" ? "replica" : base::shown_text(role).substr(0, 40)) +
                       ": a failover is under way?",
                   random);
}

connect_action connect_steps::on_info(const reply_view& reply, std::uint64_t random) {
    // To PING any answer will do: it is from somebody who reads commands.
    if (knock_ == knock::sent) {
        knock_ = knock::answered;
        return identify();
    }
    if (reply.kind() == reply_kind::string) {
        identity_ = parse_server_info(reply.text());
        return identified(random);
    }
    if (reply.is_error() && is_withheld(reply.text())) {
        identity_.refused = classify(reply.text());
        identity_.refused_advice = advice_for_refusal(reply.text(), "info");
        return identified(random);
    }
    return refused(reply, random);
}

connect_action connect_steps::hung_up(const connect_event& event) {
    if (step_ == connect_step::identifying && knock_ == knock::not_needed) {
        knock_ = knock::needed;
        return go_to_target();
    }
    if (step_ == connect_step::identifying && knock_ == knock::answered) {
        return fail(node_errc::unknown_command,
                    "PING is answered, but upon INFO the connection is closed: does a proxy on the "
                    "way refuse INFO?",
                    event.random);
    }
    std::string message{event.message};
    message += " while " + std::string{doing()} + hint();
    return fail(event.cause, std::move(message), event.random);
}

connect_action connect_steps::refused(const reply_view& reply, std::uint64_t random) {
    const std::string meanwhile = " while " + std::string{doing()};
    if (!reply.is_error()) {
        return fail(node_errc::bad_reply,
                    "unexpected " + std::string{to_string(reply.kind())} + meanwhile, random);
    }
    std::string message = base::shown_text(reply.text(), target_.password) + meanwhile;
    if (const auto right = read_acl_error(reply.text()); right && !right->name.empty()) {
        message += ": " + advice_for_command(right->name);
    } else if (const auto missing = read_missing_command(reply.text())) {
        message += ": " + advice_for_missing(missing->name);
    } else if (classify(reply.text()) == node_errc::protected_mode) {
        message += ": give the server a password, or protected-mode no";
    }
    return fail(classify(reply.text()), std::move(message), random);
}

// For one who is no help the next one makes up.
connect_action connect_steps::fail(error_code cause, std::string message, std::uint64_t random) {
    if (discovering_) {
        discovery_->failed(cause, target_address(), message);
        return go_on_asking(random);
    }
    if (!follows_master()) {
        return give_up(cause, std::move(message), random);
    }
    if (step_ != connect_step::ready) {
        discovery_->misled();
    }
    return give_up(cause, "master " + target_address() + ": " + message, random);
}

std::string connect_steps::target_address() const {
    return endpoints::to_string({target_.host, target_.port});
}

connect_action connect_steps::give_up(error_code cause, std::string message, std::uint64_t random) {
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
