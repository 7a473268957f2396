#include "outside/alarm_heap.hpp"

#include <cassert>
#include <utility>

namespace redlock::outside {

using time_point = boot_clock::time_point;

void alarm_heap::set(alarm& entry, time_point at) {
    entry.at_ = at;
    if (!entry.is_set()) {
        entries_.push_back(&entry);
        entry.position_ = entries_.size() - 1;
        sift_up(entry.position_);
        return;
    }
    assert(entries_[entry.position_] == &entry);
    sift_up(entry.position_);
    sift_down(entry.position_);
}

void alarm_heap::cancel(alarm& entry) {
    if (!entry.is_set()) {
        return;
    }
    assert(entries_[entry.position_] == &entry);
    const std::size_t hole = std::exchange(entry.position_, alarm::not_set);
    entry.at_ = time_point::max();
    alarm* last = entries_.back();
    entries_.pop_back();
    if (last != &entry) {
        place(last, hole);
        sift_up(last->position_);
        sift_down(last->position_);
    }
}

void alarm_heap::cancel_all() {
    for (alarm* const each : entries_) {
        each->position_ = alarm::not_set;
        each->at_ = time_point::max();
    }
    entries_.clear();
}

alarm* alarm_heap::take_due(time_point now) {
    if (entries_.empty() || entries_.front()->at_ > now) {
        return nullptr;
    }
    alarm* due = entries_.front();
    cancel(*due);
    return due;
}

time_point alarm_heap::earliest() const {
    return entries_.empty() ? time_point::max() : entries_.front()->at_;
}

void alarm_heap::place(alarm* entry, std::size_t position) {
    assert(position < entries_.size());
    entries_[position] = entry;
    entry->position_ = position;
}

void alarm_heap::sift_up(std::size_t position) {
    alarm* const moving = entries_[position];
    while (position > 0) {
        const std::size_t parent = (position - 1) / 2;
        if (entries_[parent]->at_ <= moving->at_) {
            break;
        }
        place(entries_[parent], position);
        position = parent;
    }
    place(moving, position);
}

void alarm_heap::sift_down(std::size_t position) {
    alarm* const moving = entries_[position];
    for (;;) {
        std::size_t child = 2 * position + 1;
        if (child >= entries_.size()) {
            break;
        }
        if (child + 1 < entries_.size() && entries_[child + 1]->at_ < entries_[child]->at_) {
            ++child;
        }
        if (moving->at_ <= entries_[child]->at_) {
            break;
        }
        place(entries_[child], position);
        position = child;
    }
    place(moving, position);
}

}  // namespace redlock::outside
