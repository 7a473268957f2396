#include "driver/vouch_call.hpp"

#include <string>
#include <utility>

#include "driver/greeting.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {

void vouch_call::start(core::node_set whom, std::function<void(const failures&)> done) {
    done_ = std::move(done);
    pending_ = whom;
    const auto keep = shared_from_this();
    const std::string encoded = encode_vouch(pool_.keys());
    // It may have to wait for the connection, behind whose greeting it is worth something.
    const core::instant until =
        pool_.now() + pool_.options().connect_timeout + pool_.options().node_timeout;
    whom.for_each([&](node_index node) {
        // HELLO comes first, since VOUCH is about the server that it names.
        pool_.at(node).announce_vote(pool_.now());
        if (const error_code error = pool_.at(node).send({.encoded = encoded,
                                                          .key = pool_.keys().epoch(),
                                                          .sink = keep,
                                                          .deadline = until})) {
            fail(node, error, pool_.at(node).last_error_message());
        }
    });
}

void vouch_call::on_reply(std::uint32_t tag, const redis::reply_view& reply) {
    // Without the guard there is no identity that it would be needed for.
    const bool taken = reply.is_integer() && (reply.integer() == 1 || !pool_.at(tag).guarded());
    if (taken && pool_.is_itself(tag)) {
        if (!pool_.at(tag).connected()) {
            // Of a cluster: the word was for servers of which some are others now.
            fail(tag, node_errc::not_connected, pool_.at(tag).last_error_message());
            return;
        }
        pool_.trust(tag);
        // The node has none of our settings any more: the next vote leaves them there again.
        pool_.at(tag).forget_introduction();
        settle(tag);
        return;
    }
    const key_names& keys = pool_.keys();
    const refusal why =
        reply.is_integer()
            ? pool_.why_no_vote(tag)
            : refusal_of(reply, {.key = keys.epoch(), .keys = &keys, .script = &scripts::vouch});
    fail(tag, why.cause, why.message);
}

void vouch_call::on_timeout(std::uint32_t tag, bool maybe_sent) {
    fail(tag, maybe_sent ? node_errc::no_answer : node_errc::not_connected,
         maybe_sent ? std::string_view{} : pool_.at(tag).last_error_message());
}

void vouch_call::on_failure(std::uint32_t tag, error_code cause, bool /*maybe_sent*/) {
    fail(tag, cause, pool_.at(tag).last_error_message());
}

void vouch_call::fail(node_index node, error_code cause, std::string_view message) {
    if (!pending_.contains(node)) {
        return;  // A late answer, or none, after its time had passed.
    }
    failures_.note(node, cause, std::string{message});
    settle(node);
}

void vouch_call::settle(node_index node) {
    pending_.erase(node);
    if (pending_.empty() && done_) {
        std::exchange(done_, nullptr)(failures_);
    }
}

}  // namespace redlock::driver
