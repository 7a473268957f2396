#include "driver/extend_attempt.hpp"

#include <utility>
#include <vector>

#include "driver/votes.hpp"

namespace redlock::driver {

namespace {

script_call encode(const node_pool& pool, const lock_identity& identity,
                   std::chrono::milliseconds lease_time) {
    const std::string fence = fence_key(identity.resource);
    const std::string last = decimal(identity.block.last);
    const std::string lease = decimal(lease_time.count());
    const std::string lifetime = decimal(pool.options().fence_lifetime.count());
    if (!identity.with_holder_key) {
        return {
            scripts::extend, {identity.resource, fence}, {identity.token, last, lease, lifetime}};
    }
    const std::string holder = holder_key(identity.resource);
    return {scripts::extend,
            {identity.resource, fence, holder},
            {identity.token, last, lease, lifetime}};
}

}  // namespace

extend_attempt::extend_attempt(node_pool& pool, lock_identity identity, core::node_set holding,
                               std::chrono::milliseconds lease_time, core::instant old_valid_until)
    : fan_out(pool),
      holding_(holding),
      round_(pool.size(), lease_time, boot_clock::now(), old_valid_until),
      call_(encode(pool, identity, lease_time)) {}

void extend_attempt::start(std::shared_ptr<owner> told) {
    owner_ = std::move(told);
    const auto keep = shared_from_this();
    if (round_.outcome() != core::extend_outcome::pending) {
        std::exchange(owner_, nullptr)->on_extend_decided(*this);
        return;
    }
    std::vector<std::pair<node_index, error_code>> unreachable;
    holding_.for_each([&](node_index node) {
        if (const error_code error = ask(node, call_.by_digest())) {
            unreachable.emplace_back(node, error);
        }
    });
    (core::node_set::all(pool().size()) - holding_).for_each([&](node_index node) {
        vote(node, core::extend_answer::missing);
    });
    for (const auto& [node, error] : unreachable) {
        on_no_answer(node, error, pool().at(node).last_error_message(), false);
    }
}

void extend_attempt::cancel() {
    owner_ = nullptr;
    round_.cancel();
}

const script_call* extend_attempt::script_for(node_index /*node*/) {
    // Also once the quorum has extended: the other nodes' leases should not end before. Harmless
    // after a release, since nothing is extended but a key that holds our token.
    const auto outcome = round_.outcome();
    const bool wanted =
        outcome == core::extend_outcome::pending || outcome == core::extend_outcome::extended;
    return wanted ? &call_ : nullptr;
}

void extend_attempt::on_answer(node_index node, const redis::reply_view& reply) {
    auto answer = parse_extend(reply);
    if (!answer.vote) {
        on_no_answer(node, answer.why.cause, std::move(answer.why.message),
                     !surely_not_executed(answer.why.cause));
        return;
    }
    vote(node, *answer.vote);
}

void extend_attempt::on_no_answer(node_index node, error_code cause, std::string message,
                                  bool maybe_executed) {
    failed().note(node, cause, std::move(message));
    vote(node, maybe_executed ? core::extend_answer::unknown : core::extend_answer::not_executed);
}

void extend_attempt::vote(node_index node, core::extend_answer answer) {
    if (round_.on_vote(node, answer, boot_clock::now()) && owner_) {
        std::exchange(owner_, nullptr)->on_extend_decided(*this);
    }
}

}  // namespace redlock::driver
