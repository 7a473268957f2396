#include "driver/fan_out.hpp"
#include "base/shown_text.hpp"

#include <utility>

#include "redis/wire/acl_error.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::driver {

error_code fan_out::ask(node_index node, redis::command&& what, redis::delivery how,
                        core::instant now) {
    if (alone_.contains(node)) {
        what.share.call = nullptr;
    }
    what.sink = shared_from_this();
    what.deadline = pool_.command_deadline(now);
    what.how = how;
    return pool_.at(node).send(std::move(what));
}

void fan_out::send_or_report(node_index node, redis::command&& what, redis::delivery how) {
    if (const error_code error = ask(node, std::move(what), how, pool_.now())) {
        on_no_answer(node, error, pool_.at(node).last_error_message(), false);
    }
}

void fan_out::on_reply(std::uint32_t tag, const redis::reply_view& reply) {
    const node_index node = tag;
    if (reply.is_error() && redis::is_noscript(reply.text())) {
        if (const script_call* call = script_for(node)) {
            const std::string body = call->by_body();
            send_or_report(node, call->command_by(body), repeated(node));
            on_repeated(node);
            return;
        }
        on_no_answer(node, node_errc::error_reply, base::shown_text(reply.text()), false);
        return;
    }
    if (pool_.at(node).refused()) {
        on_no_answer(node, node_errc::same_server, {}, true);
        return;
    }
    on_answer(node, reply);
}

/// The user may lack a right to a key of somebody else's; the keys of two locks may not lie
/// together on one server; and only in a script of its own does an error tell its line.
bool fan_out::may_fare_better_alone(std::string_view error) {
    return redis::is_acl_refusal(error) || error.starts_with("CROSSSLOT") ||
           error.starts_with("WRONGTYPE");
}

// Where part of it was done, doing it again does no harm: an ACQUIRE finds its own lock and counts
// as refused, and the others may come twice.
void fan_out::on_refused_together(std::uint32_t tag, const redis::reply_view& error) {
    const node_index node = tag;
    if (error.text().starts_with("CROSSSLOT")) {
        pool_.at(node).forgo_sharing();
    }
    const script_call* const call =
        may_fare_better_alone(error.text()) ? script_for(node) : nullptr;
    if (call == nullptr) {
        on_reply(tag, error);
        return;
    }
    alone_.insert(node);
    send_or_report(node, call->command(), repeated(node));
    on_repeated(node);
}

void fan_out::on_timeout(std::uint32_t tag, bool maybe_sent) {
    const node_index node = tag;
    // Not sent in time means that the connection did not come up; its own words say why.
    on_no_answer(node, maybe_sent ? node_errc::no_answer : node_errc::not_connected,
                 maybe_sent ? std::string{} : pool_.at(node).last_error_message(), maybe_sent);
}

void fan_out::on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) {
    const node_index node = tag;
    on_no_answer(node, cause, pool_.at(node).last_error_message(), maybe_sent);
}

}  // namespace redlock::driver
