// Coalescing, matching and expiry; see command_queue.hpp. Commands handed to a write are always a
// prefix of the queue, so one number tells them from the others. Sinks may ask for more from inside
// a call: nothing here keeps a reference into the ring across one.
#include "redis/wire/command_queue.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace redlock::redis {
namespace {

constexpr std::size_t first_capacity = 64;
// What a byte buffer keeps after an unusually large batch.
constexpr std::size_t kept_bytes = std::size_t{1024} * 1024;

void empty(std::string& bytes) {
    if (bytes.capacity() > kept_bytes) {
        std::string{}.swap(bytes);
    }
    bytes.clear();
}

}  // namespace

bool command_queue::push(command&& what) {
    const std::size_t held = waiting_bytes_.size() + batch_size_;
    if (count_ >= bounds_.commands ||
        what.encoded.size() > bounds_.bytes - std::min(held, bounds_.bytes)) {
        return false;
    }
    if (count_ == ring_.size()) {
        grow();
    }
    waiting_bytes_ += what.encoded;
    entry& added = at(count_);
    added.sink = std::move(what.sink);
    added.deadline = what.deadline;
    added.size = what.encoded.size();
    added.tag = what.tag;
    added.bound = what.how == delivery::this_connection;
    added.follows = what.how == delivery::must_follow;
    added.timed_out = false;
    ++count_;
    assert(handed_ < count_ && count_ <= ring_.size());
    earliest_ = std::min(earliest_, what.deadline);
    return true;
}

bool command_queue::take_batch(std::string& batch) {
    if (writing_ || expiring_ || waiting_bytes_.empty()) {
        return false;
    }
    empty(batch);
    batch.swap(waiting_bytes_);
    batch_size_ = batch.size();
    handed_ = count_;
    writing_ = true;
    return true;
}

void command_queue::batch_written() noexcept {
    batch_size_ = 0;
    writing_ = false;
}

bool command_queue::on_reply(const reply_view& reply) {
    if (handed_ == 0) {
        return false;
    }
    entry& oldest = at(0);
    const std::shared_ptr<reply_sink> sink = std::move(oldest.sink);
    const std::uint32_t tag = oldest.tag;
    front_ = (front_ + 1) & (ring_.size() - 1);
    --count_;
    --handed_;
    assert(handed_ <= count_);
    if (count_ == 0) {
        earliest_ = time_point::max();
    }
    sink->on_reply(tag, reply);
    return true;
}

void command_queue::expire(time_point now) {
    if (expiring_ || now < earliest_) {
        return;
    }
    expiring_ = true;
    const std::uint64_t life = life_;
    bool withdrawn = false;
    for (std::size_t position = 0; position < count_; ++position) {
        entry& due = at(position);
        if (due.timed_out || due.deadline > now) {
            continue;
        }
        due.timed_out = true;
        const bool stays = position < handed_ || due.follows;
        withdrawn = withdrawn || !stays;
        const std::uint32_t tag = due.tag;
        const std::shared_ptr<reply_sink> sink = stays ? due.sink : std::move(due.sink);
        sink->on_timeout(tag, stays);
        if (life != life_) {
            break;  // The sink emptied the queue; what is in it now was asked later.
        }
    }
    expiring_ = false;
    if (withdrawn && life == life_) {
        remove_withdrawn();
    }
    find_earliest();
}

void command_queue::withdraw_bound() {
    for (std::size_t position = handed_; position < count_; ++position) {
        if (at(position).bound) {
            at(position).deadline = time_point::min();
            earliest_ = time_point::min();
        }
    }
    expire(time_point::min());
}

void command_queue::fail_all(error_code sent_cause, error_code unsent_cause) {
    std::vector<entry> failed;
    failed.swap(ring_);
    const std::size_t front = std::exchange(front_, 0);
    const std::size_t count = std::exchange(count_, 0);
    const std::size_t handed = std::exchange(handed_, 0);
    empty(waiting_bytes_);
    batch_written();
    earliest_ = time_point::max();
    ++life_;
    for (std::size_t position = 0; position < count; ++position) {
        entry& gone = failed[(front + position) & (failed.size() - 1)];
        if (gone.sink != nullptr) {
            const bool sent = position < handed;
            gone.sink->on_failure(gone.tag, sent ? sent_cause : unsent_cause, sent);
        }
    }
}

std::optional<command_queue::time_point> command_queue::next_deadline() const noexcept {
    return earliest_ == time_point::max() ? std::nullopt : std::optional{earliest_};
}

void command_queue::grow() {
    std::vector<entry> larger(std::max(first_capacity, ring_.size() * 2));
    for (std::size_t position = 0; position < count_; ++position) {
        larger[position] = std::move(at(position));
    }
    ring_.swap(larger);
    front_ = 0;
}

void command_queue::remove_withdrawn() {
    std::size_t kept = handed_;
    std::size_t read_at = 0;
    std::size_t write_at = 0;
    for (std::size_t position = handed_; position < count_; ++position) {
        entry& each = at(position);
        const std::size_t size = each.size;
        if (each.sink != nullptr) {
            if (write_at != read_at) {
                std::copy_n(waiting_bytes_.data() + read_at, size,
                            waiting_bytes_.data() + write_at);
            }
            write_at += size;
            if (kept != position) {
                at(kept) = std::move(each);
            }
            ++kept;
        }
        read_at += size;
    }
    waiting_bytes_.resize(write_at);
    count_ = kept;
    assert(handed_ <= count_);
}

void command_queue::find_earliest() {
    earliest_ = time_point::max();
    for (std::size_t position = 0; position < count_; ++position) {
        const entry& each = at(position);
        if (!each.timed_out) {
            earliest_ = std::min(earliest_, each.deadline);
        }
    }
}

}  // namespace redlock::redis
