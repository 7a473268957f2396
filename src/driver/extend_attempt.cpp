#include "driver/extend_attempt.hpp"

#include <cassert>
#include <utility>
#include <vector>

#include "driver/several_names.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {

namespace {

/// Never while in quarantine.
core::node_set with_vote(node_pool& pool, core::instant started) {
    core::node_set those;
    for (node_index node = 0; node < pool.size(); ++node) {
        if (pool.at(node).connected() && pool.may_vote(node, started)) {
            those.insert(node);
        }
    }
    return those;
}

}  // namespace

extend_attempt::extend_attempt(node_pool& pool, shared_identity identity, core::holding& held,
                               std::chrono::milliseconds lease_time)
    : fan_out(pool),
      identity_(std::move(identity)),
      lease_time_(lease_time),
      granted_(held.granted()),
      holding_(granted_ | held.doubtful()),
      round_(new core::extend_round{pool.size(), lease_time, pool.now(), held.valid_until(),
                                    pool.options().clock_step}) {
    held.extend(round_);
    if (!held.attached() && pool.guarded() && identity_->block.last != 0) {
        round_->plant_on(with_vote(pool, round_->started()));
    }
}

const scripts::script& extend_attempt::its_script() const {
    return identity_->kind == lock_kind::several   ? scripts::extend_all
           : identity_.mode() == lock_mode::shared ? scripts::extend_shared
                                                   : scripts::extend;
}

script_call extend_attempt::encode(bool plants) const {
    if (identity_->kind == lock_kind::several) {
        return extend_all_call(pool(), *identity_, lease_time_, plants);
    }
    const std::string& resource = identity_->resource.str();
    const key_pieces fence = pool().keys().fence_pieces(resource);
    const auto lifetime = pool().options().fence_lifetime.count();
    const written_token token = identity_->written();
    if (identity_.mode() == lock_mode::shared) {
        return {its_script(),
                {resource, fence, pool().keys().readers(resource)},
                {token.view(), identity_->block.last, lease_time_.count(), lifetime,
                 plants ? "1" : "0", record_of(*identity_)}};
    }
    const holder_arguments holder{pool().keys(), *identity_};
    return {its_script(),
            {resource, fence, holder.key()},
            {token.view(), identity_->block.last, lease_time_.count(), lifetime, plants ? "1" : "0",
             holder.record()}};
}

void extend_attempt::start(std::shared_ptr<owner> told) {
    owner_ = std::move(told);
    const auto keep = shared_from_this();
    if (round_->outcome() != core::extend_outcome::pending) {
        owner_->on_extend_decided(*this, pool().now());
        std::exchange(owner_, nullptr)->on_extend_answered();
        return;
    }
    open_write_.emplace(pool());
    std::vector<std::pair<node_index, error_code>> unreachable;
    const core::node_set planting = round_->planting();
    const core::node_set asked = holding_ | planting;
    const script_call plain = (holding_ - planting).empty() ? script_call{} : encode(false);
    const script_call planted = planting.empty() ? script_call{} : encode(true);
    core::node_set foreign;
    asked.for_each([&](node_index node) {
        if (!pool().shares_settings(node)) {
            // A lease by our terms may be longer than the others wait after a restart.
            foreign.insert(node);
            return;
        }
        pool().at(node).announce_vote(round_->started());
        if (const error_code error = ask(node, planting.contains(node) ? planted : plain,
                                         delivery_to(node), round_->started())) {
            unreachable.emplace_back(node, error);
        }
    });
    (core::node_set::all(pool().size()) - asked).for_each([&](node_index node) {
        vote(node, core::extend_answer::missing, pool().now());
    });
    for (const auto& [node, error] : unreachable) {
        on_no_answer(node, error, pool().at(node).last_error_message(), false);
    }
    foreign.for_each([&](node_index node) {
        auto why = pool().why_no_vote(node);
        on_no_answer(node, why.cause, std::move(why.message), false);
    });
}

redis::delivery extend_attempt::delivery_to(node_index node) const {
    // The next connection may lead to a node that was restarted and must not be planted in.
    return round_->planting().contains(node) ? redis::delivery::this_connection
                                             : redis::delivery::usual;
}

redis::delivery extend_attempt::repeated(node_index node) const {
    return delivery_to(node);
}

const script_call* extend_attempt::script_for(node_index node) {
    if (!round_->may_ask_again()) {
        return nullptr;
    }
    repeated_ = std::make_unique<script_call>(encode(round_->planting().contains(node)));
    return repeated_.get();
}

void extend_attempt::on_answer(node_index node, const redis::reply_view& reply) {
    auto answer = parse_extend(reply, {.keys = &pool().keys(), .script = &its_script()});
    if (!answer.vote) {
        on_no_answer(node, answer.why.cause, std::move(answer.why.message),
                     !surely_not_executed(answer.why.cause));
        return;
    }
    const core::instant now = pool().now();
    vote(node, answer.vote->answer, now,
         pool().note_time(node, answer.vote->node_us, round_->started(), now));
}

void extend_attempt::on_no_answer(node_index node, error_code cause, std::string message,
                                  bool maybe_executed) {
    failed().note(node, cause, std::move(message));
    vote(node, maybe_executed ? core::extend_answer::unknown : core::extend_answer::not_executed,
         pool().now());
}

void extend_attempt::vote(node_index node, core::extend_answer answer, core::instant now,
                          core::duration stepped) {
    // What a replica has kept, promoted or not, is no promise of the master that granted it.
    const bool kept = granted_.contains(node) && !pool().at(node).promoted() &&
                      pool().is_itself(node) && pool().shares_settings(node);
    const bool counts = kept || pool().vote_counts(node, round_->started());
    if (round_->on_vote(node, answer, now, counts, stepped) && owner_) {
        owner_->on_extend_decided(*this, now);
    }
    // After a release that the decision may have begun, so that there is no gap between the counts.
    if (round_->pending().empty()) {
        open_write_.reset();
        if (owner_) {
            assert(round_->outcome() != core::extend_outcome::pending);
            std::exchange(owner_, nullptr)->on_extend_answered();
        }
    }
}

}  // namespace redlock::driver
