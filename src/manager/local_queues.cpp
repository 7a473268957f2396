#include "manager/local_queues.hpp"

#include <utility>

#include "manager/held_lock.hpp"

namespace redlock::manager {

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

void local_queues::acquired(queue_member& member, held_lock& held) {
    local_queue& queue =
        member.queue_ != nullptr ? *member.queue_ : queue_of(held.resource().str());
    unlink(member);
    // Whoever was thought to hold it has lost it without our knowing, and may outlive the queue.
    if (queue.holder_ != nullptr) {
        queue.holder_->set_queue(nullptr);
    }
    queue.holder_ = &held;
    held.set_queue(&queue);
}

queue_member* local_queues::first_behind(const held_lock& held) {
    local_queue* const queue = held.queue();
    const bool nobody = queue == nullptr || queue->holder_ != &held || queue->members_.empty();
    return nobody ? nullptr : &queue->members_.front();
}

void local_queues::passed(held_lock& from, queue_member& member, held_lock& to) {
    local_queue* const queue = from.queue();
    unlink(member);
    from.set_queue(nullptr);
    queue->holder_ = &to;
    to.set_queue(queue);
}

bool local_queues::ended(held_lock& held) {
    local_queue* const queue = held.queue();
    if (queue == nullptr) {
        return false;
    }
    held.set_queue(nullptr);
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

}  // namespace redlock::manager
