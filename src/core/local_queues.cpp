#include "core/local_queues.hpp"

#include <cassert>
#include <utility>

namespace redlock::core {

namespace {

// As many as are likely to be taken and given back at once; their names' memory stays.
constexpr std::size_t most_spare = 256;
constexpr std::size_t longest_spare = 256;

}  // namespace

local_queue& local_queues::queue_of(const std::string& resource) {
    const auto known = queues_.find(resource);
    if (known != queues_.end()) {
        return known->second;
    }
    const auto added = [&] {
        if (spare_.empty()) {
            return queues_.try_emplace(resource).first;
        }
        queues::node_type reused = std::move(spare_.back());
        spare_.pop_back();
        reused.key() = resource;
        return queues_.insert(std::move(reused)).position;
    }();
    added->second.resource_ = &added->first;
    return added->second;
}

bool local_queues::join(queue_member& member, const std::string& resource) {
    local_queue& queue = queue_of(resource);
    member.queue_ = &queue;
    queue.members_.push_back(member);
    member.competes_ = ++queue.waiting_ == 1 && queue.holder_ == nullptr;
    return member.competes_;
}

void local_queues::leave(queue_member& member) {
    if (local_queue* const queue = member.queue_) {
        unlink(member);
        go_on(*queue);
    }
}

std::size_t local_queues::waiting(const std::string& resource) const {
    const auto found = queues_.find(resource);
    return found == queues_.end() ? 0 : found->second.waiting_;
}

std::size_t local_queues::waiting_beside(const queue_member& member,
                                         const std::string& resource) const {
    return member.queue_ != nullptr ? member.queue_->waiting_ - 1 : waiting(resource);
}

void local_queues::acquired(queue_member& member, queue_holder& holder,
                            const std::string& resource) {
    local_queue& queue = member.queue_ != nullptr ? *member.queue_ : queue_of(resource);
    unlink(member);
    // The holder before has lost the lock without our knowing, and may outlive the queue.
    if (queue.holder_ != nullptr) {
        queue.holder_->queue_ = nullptr;
    }
    queue.holder_ = &holder;
    holder.queue_ = &queue;
}

queue_member* local_queues::first_behind(const queue_holder& holder) {
    local_queue* const queue = holder.queue_;
    return queue == nullptr || queue->members_.empty() ? nullptr : &queue->members_.front();
}

void local_queues::passed(queue_holder& from, queue_member& member, queue_holder& to) {
    local_queue* const queue = std::exchange(from.queue_, nullptr);
    assert(queue != nullptr && queue == member.queue_);
    unlink(member);
    queue->holder_ = &to;
    to.queue_ = queue;
}

bool local_queues::ended(queue_holder& holder) {
    local_queue* const queue = std::exchange(holder.queue_, nullptr);
    if (queue == nullptr) {
        return false;
    }
    assert(queue->holder_ == &holder);
    queue->holder_ = nullptr;
    return go_on(*queue);
}

void local_queues::unlink(queue_member& member) {
    if (local_queue* const queue = std::exchange(member.queue_, nullptr)) {
        member.unlink();
        --queue->waiting_;
    }
}

bool local_queues::go_on(local_queue& queue) {
    if (queue.holder_ != nullptr) {
        return false;
    }
    if (queue.members_.empty()) {
        auto over = queues_.extract(queues_.find(*queue.resource_));
        if (spare_.size() < most_spare && over.key().size() <= longest_spare) {
            spare_.push_back(std::move(over));
        }
        return false;
    }
    queue_member& first = queue.members_.front();
    if (std::exchange(first.competes_, true)) {
        return false;
    }
    first.compete();
    return true;
}

}  // namespace redlock::core
