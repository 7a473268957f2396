// The life of a connection and its clock; see connection_shell.hpp. What is decided here is only
// what needs the time: when an attempt has taken too long, when a silent server is stalled, when it
// is given up.
#include "redis/connect/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "redis/connect/connection_shell.hpp"

namespace redlock::redis {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// Keeps every sum of an instant and a timeout far from overflow.
nanoseconds sane(nanoseconds timeout) {
    return std::clamp<nanoseconds>(timeout, 1ms, 24h);
}

connection_options sane(connection_options options) {
    options.connect_timeout = sane(options.connect_timeout);
    options.command_timeout = sane(options.command_timeout);
    options.backoff_min = sane(options.backoff_min);
    options.backoff_max = std::max(sane(options.backoff_max), options.backoff_min);
    return options;
}

// For a command that was never sent, a connection that broke and one that never was are the same.
error_code unsent(error_code cause) {
    return cause == node_errc::connection_lost ? error_code{node_errc::not_connected} : cause;
}

long long milliseconds(nanoseconds time) {
    return time / 1ms;
}

}  // namespace

std::string_view to_string(connection_state state) noexcept {
    constexpr std::array<std::string_view, 5> names{"idle", "connecting", "ready",
                                                    "waiting to retry", "stopped"};
    return names.at(static_cast<std::size_t>(state));
}

connection::shell::shell(outside::alarm_clock& clock, connection_options options,
                         connection_events& events, std::uint64_t seed,
                         std::shared_ptr<discovery> way)
    : clock_(clock),
      executor_(clock.strand()),
      options_(sane(std::move(options))),
      events_(&events),
      random_(seed),
      steps_(options_.where, {.min = options_.backoff_min, .max = options_.backoff_max},
             options_.greets, std::move(way)),
      proof_(options_.command_timeout, options_.backoff_max),
      queue_({.commands = options_.max_pending_commands, .bytes = options_.max_pending_bytes}) {}

void connection::shell::start() {
    if (state_ == connection_state::idle) {
        begin_attempt();
    }
}

void connection::shell::stop(error_code why) {
    if (state_ == connection_state::stopped) {
        return;
    }
    state_ = connection_state::stopped;
    proof_.on_ended();
    events_ = nullptr;
    if (link_ != nullptr) {
        link_->wire->close();
        link_.reset();
    }
    clock_.cancel(*this);
    queue_.fail_all(why, why);
}

void connection::shell::keep_trying() {
    if (state_ == connection_state::waiting_to_retry) {
        retry_unasked_ = true;
        arm();
    }
}

error_code connection::shell::send(command&& what) {
    if (stamp_.foreign()) {
        return errc::forked;
    }
    switch (state_) {
        case connection_state::idle:
        case connection_state::stopped:
            return errc::closed;
        case connection_state::waiting_to_retry:
            if (clock_.now() < retry_at_) {
                return unsent(steps_.cause());
            }
            begin_attempt();
            break;
        case connection_state::connecting:
        case connection_state::ready:
            break;
    }
    if (what.how == delivery::this_connection && state_ != connection_state::ready) {
        return node_errc::not_connected;
    }
    const time_point deadline = what.deadline;
    if ((proof_.stalled() && what.how != delivery::must_follow) || !queue_.push(std::move(what))) {
        return node_errc::unresponsive;
    }
    flush_soon();
    if (deadline < rings_at()) {
        arm();
    }
    return {};
}

// --- becoming ready, and falling back ---

void connection::shell::begin_attempt() {
    state_ = connection_state::connecting;
    greeting_put_off_ = false;
    ++generation_;
    retry_unasked_ = false;
    perform(steps_.resume({.what = connect_event::kind::begin, .random = random_()}));
    arm();
}

// Several may be asked for the master on the way, each over a link and in a time of its own: a
// frozen one must not use up what the others need.
void connection::shell::begin_way() {
    if (link_ != nullptr) {
        link_->wire->close();
    }
    link_ = std::make_shared<link>(shared_from_this());
    reading_ = false;
    reader_.clear();
    way_deadline_ = clock_.now() + way_timeout();
    arm();
}

nanoseconds connection::shell::way_timeout() const {
    return steps_.is_discovering()
               ? std::min(options_.connect_timeout / 2, options_.command_timeout)
               : options_.connect_timeout;
}

void connection::shell::perform(const connect_action& action) {
    if (left_to_parent()) {
        return;
    }
    under_way_ = fmt::format("still {}{}", steps_.doing(),
                             steps_.step() == connect_step::securing ? steps_.hint() : "");
    if (action.anew) {
        begin_way();
    }
    const auto done = [this](connect_event::kind what) {
        return [self = shared_from_this(), current = link_, what](error_code failure) {
            self->on_step_done(current, what, failure);
        };
    };
    switch (action.what) {
        case connect_action::kind::resolve:
            link_->wire->async_resolve(steps_.target(), done(connect_event::kind::resolved));
            break;
        case connect_action::kind::connect:
            if (options_.from_the_end) {
                link_->wire->reverse_addresses();
            }
            link_->wire->async_connect(steps_.target(), done(connect_event::kind::connected));
            break;
        case connect_action::kind::secure:
            link_->wire->async_secure(steps_.target(), done(connect_event::kind::secured));
            break;
        case connect_action::kind::send:
            link_->outgoing = action.bytes;
            start_read();
            start_write();
            break;
        case connect_action::kind::greet:
            begin_greeting();
            break;
        case connect_action::kind::ready:
            become_ready();
            break;
        case connect_action::kind::wait:
            fall_back(action.delay);
            break;
        case connect_action::kind::none:
            break;
    }
}

void connection::shell::begin_greeting() {
    greeting_put_off_ = !events_->may_greet(steps_.identity());
    if (!greeting_put_off_) {
        say_greeting(events_->greeting(steps_.identity()));
    } else {
        // What it waits for has a bound of its own.
        way_deadline_ = clock_.now() + options_.connect_timeout;
    }
}

void connection::shell::greet() {
    if (state_ == connection_state::connecting && steps_.step() == connect_step::greeting &&
        std::exchange(greeting_put_off_, false)) {
        say_greeting(events_->greeting(steps_.identity()));
    }
}

void connection::shell::say_greeting(std::string words) {
    if (words.empty()) {
        perform(steps_.resume({.what = connect_event::kind::greeted}));
        return;
    }
    link_->outgoing = std::move(words);
    start_write();
}

// An attempt that has come further than to a refused socket knows more than the one before.
const std::string& connection::shell::why_not_up() const noexcept {
    const bool further = steps_.message().empty() || steps_.step() > connect_step::connecting;
    return state_ == connection_state::connecting && further ? under_way_ : steps_.message();
}

void connection::shell::become_ready() {
    state_ = connection_state::ready;
    proof_.begin(clock_.now());
    // Else the end of the attempt, which succeeded, would keep an idle event loop waiting.
    clock_.cancel(*this);
    const link_ptr current = link_;
    events_->on_ready(steps_.identity());
    flush();
    // Either may have ended this connection, and begun another.
    if (state_ == connection_state::ready && current == link_) {
        start_read();
        arm();
    }
}

void connection::shell::on_step_done(const link_ptr& current, connect_event::kind what,
                                     error_code failure) {
    if (current != link_) {
        return;
    }
    if (failure) {
        if (what == connect_event::kind::secured) {
            broke(failure);
        } else {
            fail(node_errc::not_connected, failure.message());
        }
        return;
    }
    perform(steps_.resume({.what = what}));
}

void connection::shell::fail(error_code cause, std::string_view message) {
    if (state_ == connection_state::ready && proof_.earned(clock_.now())) {
        steps_.proved();
    }
    perform(steps_.resume({.what = connect_event::kind::failed,
                           .cause = cause,
                           .message = message,
                           .random = random_()}));
}

void connection::shell::leave(std::string_view why) {
    if (state_ == connection_state::ready) {
        fail(node_errc::connection_lost, why);
    }
}

// Sinks are told before the event, and may stop everything.
void connection::shell::fall_back(nanoseconds delay) {
    state_ = connection_state::waiting_to_retry;
    proof_.on_ended();
    retry_at_ = clock_.now() + delay;
    link_->wire->close();
    link_.reset();
    queue_.fail_all(steps_.cause(), unsent(steps_.cause()));
    if (state_ == connection_state::waiting_to_retry) {
        events_->on_down(steps_.cause(), steps_.message(), delay);
    }
    // What was left of the attempt's time must not keep an idle event loop waiting.
    clock_.cancel(*this);
    arm();
}

// --- time ---

connection::shell::time_point connection::shell::next_wake() const {
    time_point wake = queue_.next_deadline().value_or(time_point::max());
    switch (state_) {
        case connection_state::connecting:
            return std::min(wake, way_deadline_);
        case connection_state::waiting_to_retry:
            return retry_unasked_ ? std::min(wake, retry_at_) : wake;
        case connection_state::ready:
            return queue_.in_flight() != 0 ? std::min(wake, proof_.next_look()) : wake;
        case connection_state::idle:
        case connection_state::stopped:
            break;
    }
    return time_point::max();
}

// One timer serves everything. It is only ever moved forward: when it fires too early, because what
// it was set for was answered meanwhile, it is set anew, so that commands do not pay for it.
void connection::shell::arm() {
    clock_.set_no_later(*this, next_wake());
}

void connection::shell::on_alarm(time_point now) {
    const auto self = shared_from_this();  // events may end the connection
    queue_.expire(now);
    if (state_ == connection_state::waiting_to_retry && retry_unasked_ && now >= retry_at_) {
        begin_attempt();
    } else if (state_ == connection_state::connecting && now >= way_deadline_) {
        const bool securing = steps_.step() == connect_step::securing;
        fail(securing ? node_errc::tls_failed : node_errc::not_connected,
             fmt::format("no answer within {} ms while {}{}", milliseconds(way_timeout()),
                         steps_.doing(), securing ? steps_.hint() : ""));
    } else if (state_ == connection_state::ready && queue_.in_flight() != 0 &&
               proof_.look(now) == connection_proof::silence::too_long) {
        fail(node_errc::connection_lost,
             fmt::format("no answer for {} ms", milliseconds(proof_.silent_for(now))));
    }
    arm();
}

// --- the handle ---

connection::connection(outside::alarm_clock& clock, connection_options options,
                       connection_events& events, std::uint64_t seed,
                       std::shared_ptr<discovery> way)
    : shell_(std::make_shared<shell>(clock, std::move(options), events, seed, std::move(way))) {}

connection::~connection() {
    stop();
}

void connection::start() {
    shell_->start();
}
void connection::stop() {
    shell_->stop();
}
void connection::keep_trying() {
    shell_->keep_trying();
}
void connection::listen(bool yes) {
    shell_->listen(yes);
}
void connection::greet() {
    shell_->greet();
}
void connection::leave(std::string_view why) {
    shell_->leave(why);
}

error_code connection::send(command&& what) {
    return shell_->send(std::move(what));
}

connection_state connection::state() const noexcept {
    return shell_->state();
}
bool connection::stalled() const noexcept {
    return shell_->stalled();
}
error_code connection::last_error() const noexcept {
    return shell_->steps().cause();
}
const std::string& connection::last_error_message() const noexcept {
    return shell_->why_not_up();
}
const server_identity* connection::identity() const noexcept {
    return state() == connection_state::ready ? &shell_->steps().identity() : nullptr;
}
std::uint64_t connection::generation() const noexcept {
    return shell_->generation();
}
const endpoint& connection::where() const noexcept {
    return shell_->steps().where();
}
const endpoint* connection::server() const noexcept {
    return state() == connection_state::ready ? &shell_->steps().target() : nullptr;
}

}  // namespace redlock::redis
