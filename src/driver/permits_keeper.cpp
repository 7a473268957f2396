#include "driver/permits_keeper.hpp"

#include <utility>

#include "core/quorum.hpp"

namespace redlock::driver {

permits_keeper::permits_keeper(node_pool& pool, std::shared_ptr<semaphore_state> semaphore)
    : fan_out(pool),
      semaphore_(std::move(semaphore)),
      call_(scripts::keep_permits, {pool.keys().permits(semaphore_->name.str())},
            {semaphore_->permits, pool.options().fence_lifetime.count(),
             semaphore_->board.was_confirmed() ? "1" : "0"}) {}

void permits_keeper::start() {
    started_ = pool().now();
    core::node_set::all(pool().size()).for_each([this](node_index node) {
        ask_or_report(node, call_);
    });
}

void permits_keeper::on_answer(node_index node, const redis::reply_view& reply) {
    if (!reply.is_integer() || reply.integer() != 1) {
        return;
    }
    keeping_.insert(node);
    if (keeping_.size() == core::quorum_of(pool().size())) {
        semaphore_->board.on_confirmed(started_, pool().options().fence_lifetime);
    }
}

}  // namespace redlock::driver
