#include "driver/fan_out.hpp"
#include "base/shown_text.hpp"

#include <utility>

#include "redis/wire/server_error.hpp"

namespace redlock::driver {

error_code fan_out::send(node_index node, std::string_view encoded, std::string_view key,
                         redis::delivery how, core::instant now) {
    return pool_.at(node).send({.encoded = encoded,
                                .key = key,
                                .sink = shared_from_this(),
                                .deadline = pool_.command_deadline(now),
                                .how = how});
}

void fan_out::send_or_report(node_index node, std::string_view encoded, std::string_view key,
                             redis::delivery how) {
    if (const error_code error = send(node, encoded, key, how, pool_.now())) {
        on_no_answer(node, error, pool_.at(node).last_error_message(), false);
    }
}

void fan_out::on_reply(std::uint32_t tag, const redis::reply_view& reply) {
    const node_index node = tag;
    if (reply.is_error() && redis::is_noscript(reply.text())) {
        if (const script_call* call = script_for(node)) {
            send_or_report(node, call->by_body(), call->key(), repeated(node));
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
