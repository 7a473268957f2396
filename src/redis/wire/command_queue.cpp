// Coalescing, matching and expiry; see command_queue.hpp. Commands handed to a write are always a
// prefix of the queue, so one number tells them from the others. Sinks may ask for more from inside
// a call: nothing here keeps a reference into the ring across one.
#include "redis/wire/command_queue.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>
#include <charconv>
#include <utility>

#include "redis/wire/resp_writer.hpp"

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
    added.share = what.share;
    added.together = 1;
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
    if (share_calls()) {
        batch.swap(shared_bytes_);
        empty(waiting_bytes_);
    } else {
        batch.swap(waiting_bytes_);
    }
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
    const std::size_t together = at(0).together;
    if (together > 1) {
        answer_together(reply, together);
    } else {
        const auto [sink, tag] = take_oldest();
        sink->on_reply(tag, reply);
    }
    return true;
}

void command_queue::answer_together(const reply_view& reply, std::size_t count) {
    const std::uint64_t life = life_;
    const bool one_each = reply.is_array() && reply.size() == count;
    auto each = reply.begin();
    for (; count > 0 && life == life_; --count) {
        const auto [sink, tag] = take_oldest();
        // Nothing of the reply is looked at behind a sink, which may end the connection.
        reply_view its;  // nil: an answer of another shape is an answer to none of them
        if (one_each) {
            its = *each;
            ++each;
        } else if (reply.is_error()) {
            its = reply;
        }
        if (its.is_error()) {
            sink->on_refused_together(tag, its);
        } else {
            sink->on_reply(tag, its);
        }
    }
}

reply_view command_queue::error_in(const reply_view& reply) const noexcept {
    if (reply.is_error()) {
        return reply;
    }
    reply_view found;
    if (handed_ != 0 && ring_[front_].together > 1) {
        for (const reply_view each : reply) {
            // That of a replica is true of the server; others may be of one request.
            if (each.is_error() && (found.is_nil() || each.text().starts_with("READONLY"))) {
                found = each;
            }
        }
    }
    return found;
}

std::pair<std::shared_ptr<reply_sink>, std::uint32_t> command_queue::take_oldest() {
    std::pair oldest{std::move(at(0).sink), at(0).tag};
    front_ = (front_ + 1) & (ring_.size() - 1);
    --count_;
    --handed_;
    assert(handed_ <= count_);
    if (count_ == 0) {
        earliest_ = time_point::max();
    }
    return oldest;
}

// --- calls that commands share ---

/// Up to where commands can share a call with the one at `first`.
std::size_t command_queue::end_of_call(std::size_t first) const {
    const shareable& begun = at(first).share;
    std::size_t end = first + 1;
    if (begun.call == nullptr) {
        return end;
    }
    // A bit for each key, so that few need be compared with all.
    std::bitset<256> seen;
    seen.set(begun.first_key % seen.size());
    const auto named_before = [&](std::size_t key) {
        for (std::size_t other = first; other < end; ++other) {
            if (at(other).share.first_key == key) {
                return true;
            }
        }
        return false;
    };
    for (; end < count_ && end - first < most_in_a_call; ++end) {
        const shareable& next = at(end).share;
        const std::size_t bit = next.first_key % seen.size();
        if (next.call != begun.call || next.slot != begun.slot ||
            (seen.test(bit) && named_before(next.first_key))) {
            break;
        }
        seen.set(bit);
    }
    return end;
}

/// False: nothing that waits can share a call.
bool command_queue::share_calls() {
    if (count_ - handed_ < 2) {
        return false;
    }
    empty(shared_bytes_);
    bool any = false;
    std::string_view rest = waiting_bytes_;
    for (std::size_t first = handed_; first < count_;) {
        const std::size_t end = end_of_call(first);
        std::size_t size = 0;
        for (std::size_t position = first; position < end; ++position) {
            size += at(position).size;
        }
        if (end - first > 1) {
            any = true;
            write_call(rest.substr(0, size), first, end);
        } else {
            shared_bytes_ += rest.substr(0, size);
        }
        rest.remove_prefix(size);
        first = end;
    }
    return any;
}

/// `bytes`: of the commands from `first` on, one after the other.
void command_queue::write_call(std::string_view bytes, std::size_t first, std::size_t end) {
    at(first).together = static_cast<std::uint32_t>(end - first);
    std::size_t keys = 0;
    std::size_t arguments = 0;
    for (std::size_t position = first; position < end; ++position) {
        keys += at(position).share.keys;
        arguments += at(position).share.arguments;
    }
    resp_writer writer{shared_bytes_};
    writer.begin(3 + keys + (end - first) + arguments);
    shared_bytes_ += at(first).share.call->opening;
    writer.arg(keys);
    std::string_view rest = bytes;
    for (std::size_t position = first; position < end; ++position) {
        const shareable& its = at(position).share;
        shared_bytes_ += rest.substr(its.keys_at, its.keys_size);
        rest.remove_prefix(at(position).size);
    }
    rest = bytes;
    for (std::size_t position = first; position < end; ++position) {
        const shareable& its = at(position).share;
        std::array<char, 10> form{its.kind};
        char* to = std::to_chars(form.data() + 1, form.end(), its.keys).ptr;
        *to++ = ',';
        to = std::to_chars(to, form.end(), its.arguments).ptr;
        writer.arg(std::string_view{form.data(), to});
        const std::size_t size = at(position).size;
        shared_bytes_ += rest.substr(its.arguments_at, size - its.arguments_at);
        rest.remove_prefix(size);
    }
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
