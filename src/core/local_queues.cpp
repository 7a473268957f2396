#include "core/local_queues.hpp"

#include <cassert>
#include <utility>

namespace redlock::core {

namespace {

// As many as are likely to be taken and given back at once.
constexpr std::size_t most_spare = 256;

}  // namespace

queue_member::~queue_member() {
    if (queue_ != nullptr) {
        queue_->second.remove(*this);
    }
}

local_queue::~local_queue() {
    while (first_ != nullptr) {
        queue_member& member = *first_;
        remove(member);
        member.queue_ = nullptr;
    }
}

void local_queue::push_back(queue_member& member) {
    if (first_ == nullptr) {
        first_ = member.next_ = member.previous_ = &member;
    } else {
        member.next_ = first_;
        member.previous_ = first_->previous_;
        member.previous_->next_ = first_->previous_ = &member;
    }
    ++waiting_;
}

void local_queue::remove(queue_member& member) {
    member.previous_->next_ = member.next_;
    member.next_->previous_ = member.previous_;
    if (first_ == &member) {
        first_ = member.next_ == &member ? nullptr : member.next_;
    }
    --waiting_;
}

named_queue& local_queues::queue_of(const resource_name& resource) {
    const auto known = queues_.find(resource);
    if (known != queues_.end()) {
        return *known;
    }
    if (spare_.empty()) {
        return *queues_.try_emplace(resource).first;
    }
    queues::node_type reused = std::move(spare_.back());
    spare_.pop_back();
    reused.key() = resource;
    return *queues_.insert(std::move(reused)).position;
}

bool local_queues::join(queue_member& member, const resource_name& resource) {
    named_queue& named = queue_of(resource);
    local_queue& queue = named.second;
    member.queue_ = &named;
    queue.push_back(member);
    member.competes_ = queue.waiting_ == 1 && !is_held_up(queue);
    return member.competes_;
}

bool local_queues::join_for_permit(queue_member& member, const resource_name& resource,
                                   std::uint16_t permits) {
    queue_of(resource).second.permits_ = permits;
    return join(member, resource);
}

void local_queues::leave(queue_member& member) {
    if (named_queue* const queue = member.queue_) {
        unlink(member);
        go_on(*queue);
    }
}

std::size_t local_queues::waiting(const resource_name& resource) const {
    const auto found = queues_.find(resource);
    return found == queues_.end() ? 0 : found->second.waiting_;
}

std::size_t local_queues::waiting_beside(const queue_member& member,
                                         const resource_name& resource) const {
    return member.queue_ != nullptr ? member.queue_->second.waiting_ - 1 : waiting(resource);
}

void local_queues::acquired(queue_member& member, queue_holder& holder,
                            const resource_name& resource) {
    named_queue& queue = member.queue_ != nullptr ? *member.queue_ : queue_of(resource);
    unlink(member);
    // The holder before has lost the lock without our knowing, and may outlive the queue.
    if (queue_holder* const before = std::exchange(queue.second.holder_, &holder)) {
        before->queue_ = nullptr;
    }
    holder.queue_ = &queue;
}

void local_queues::acquired_permit(queue_member& member, queue_holder& holder,
                                   const resource_name& resource, std::uint16_t permits) {
    named_queue& queue = member.queue_ != nullptr ? *member.queue_ : queue_of(resource);
    unlink(member);
    queue.second.permits_ = permits;
    ++queue.second.holders_;
    holder.queue_ = &queue;
    go_on(queue);
}

queue_member* local_queues::first_behind(const queue_holder& holder) {
    return holder.queue_ == nullptr ? nullptr : holder.queue_->second.first_;
}

queue_member* local_queues::next_behind(const queue_member& member) {
    assert(member.queue_ != nullptr);
    return member.next_ == member.queue_->second.first_ ? nullptr : member.next_;
}

void local_queues::passed(queue_holder& from, queue_member& member, queue_holder& to) {
    named_queue* const queue = std::exchange(from.queue_, nullptr);
    assert(queue != nullptr && queue == member.queue_);
    unlink(member);
    to.queue_ = queue;
    if (queue->second.permits_ == 0) {
        queue->second.holder_ = &to;
        return;
    }
    // The one who took it may have been competing for another.
    go_on(*queue);
}

bool local_queues::ended(queue_holder& holder) {
    named_queue* const queue = std::exchange(holder.queue_, nullptr);
    if (queue == nullptr) {
        return false;
    }
    if (queue->second.permits_ == 0) {
        assert(queue->second.holder_ == &holder);
        queue->second.holder_ = nullptr;
    } else {
        assert(queue->second.holders_ > 0);
        --queue->second.holders_;
    }
    return go_on(*queue);
}

void local_queues::unlink(queue_member& member) {
    if (named_queue* const queue = std::exchange(member.queue_, nullptr)) {
        queue->second.remove(member);
    }
}

bool local_queues::is_held_up(const local_queue& queue) {
    return queue.permits_ == 0 ? queue.holder_ != nullptr : queue.holders_ >= queue.permits_;
}

bool local_queues::go_on(named_queue& named) {
    const local_queue& queue = named.second;
    if (is_held_up(queue)) {
        return false;
    }
    if (queue.first_ == nullptr) {
        if (queue.holders_ > 0) {
            return false;
        }
        auto over = queues_.extract(named.first);
        if (spare_.size() < most_spare) {
            over.key() = {};  // or a spare one would keep a text
            over.mapped().permits_ = 0;
            spare_.push_back(std::move(over));
        }
        return false;
    }
    queue_member& first = *queue.first_;
    if (std::exchange(first.competes_, true)) {
        return false;
    }
    first.compete();
    return true;
}

}  // namespace redlock::core
