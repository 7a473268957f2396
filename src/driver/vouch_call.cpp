#include "driver/vouch_call.hpp"

#include <string>
#include <utility>

#include "driver/votes.hpp"

namespace redlock::driver {

void vouch_call::start(core::node_set whom, std::function<void(const failures&)> done) {
    done_ = std::move(done);
    pending_ = whom;
    const auto keep = shared_from_this();
    whom.for_each([&](node_index node) {
        if (!pool_.at(node).guarded()) {
            settle(node);
        } else if (const error_code error = pool_.at(node).vouch(keep, pool_.command_deadline())) {
            fail(node, error, pool_.at(node).last_error_message());
        }
    });
}

void vouch_call::on_reply(std::uint32_t tag, const redis::reply_view& reply) {
    if (!reply.is_integer() || reply.integer() != 1) {
        const refusal why = refusal_of(reply);
        fail(tag, why.cause, why.message);
        return;
    }
    pool_.trust(tag);
    settle(tag);
}

void vouch_call::on_timeout(std::uint32_t tag, bool /*maybe_sent*/) {
    fail(tag, node_errc::no_answer, {});
}

void vouch_call::on_failure(std::uint32_t tag, error_code cause, bool /*maybe_sent*/) {
    fail(tag, cause, pool_.at(tag).last_error_message());
}

void vouch_call::fail(node_index node, error_code cause, std::string_view message) {
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
