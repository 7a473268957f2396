#include "driver/hold_check.hpp"

#include <utility>

#include "driver/queries.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {

hold_check::hold_check(node_pool& pool, const std::string& resource, std::string token)
    : fan_out(pool),
      resource_(resource),
      token_(std::move(token)),
      call_(status_call(pool.keys(), resource)) {}

void hold_check::start(core::node_set whom, report tell) {
    tell_ = std::move(tell);
    pending_ = whom;
    asked_at_ = pool().now();
    const auto keep = shared_from_this();
    whom.for_each([&](node_index node) { ask_or_report(node, call_); });
}

const script_call* hold_check::script_for(node_index /*node*/) {
    return &call_;
}

void hold_check::on_answer(node_index node, const redis::reply_view& reply) {
    const auto answer =
        parse_status(reply, resource_, pool().keys(), pool().options().clock_window);
    if (!answer.vote) {
        settle(node, finding::unknown);
        return;
    }
    pool().note_time(node, reply[4].integer(), asked_at_, pool().now());
    settle(node, answer.vote->holder.str() == token_ ? finding::held : finding::gone);
}

void hold_check::on_no_answer(node_index node, error_code /*cause*/, std::string /*message*/,
                              bool /*maybe_executed*/) {
    settle(node, finding::unknown);
}

void hold_check::settle(node_index node, finding what) {
    if (pending_.contains(node)) {
        pending_.erase(node);
        tell_(node, what);
    }
}

}  // namespace redlock::driver
