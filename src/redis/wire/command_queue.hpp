// What one connection has been asked and has not yet answered: bytes waiting for the next write,
// the batch that is being written, and the commands whose replies are due, in order. Decides
// coalescing, matching and expiry; never does I/O and never reads a clock. One thread at a time.
// Sinks are called from inside `on_reply`, `expire` and `fail_all`; from there they may call `push`
// and `fail_all`, nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <redlock/clock.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/wire/command.hpp"

namespace redlock::redis {

/// The queue of one connection.
class command_queue {
  public:
    using time_point = boot_clock::time_point;

    struct limits {
        std::size_t commands = 65536;
        std::size_t bytes = std::size_t{64} * 1024 * 1024;
    };

    explicit command_queue(limits bounds) noexcept : bounds_(bounds) {}
    command_queue(const command_queue&) = delete;
    command_queue& operator=(const command_queue&) = delete;
    ~command_queue() = default;

    /// Appends one command. False, and nothing happens, when a limit would be exceeded.
    [[nodiscard]] bool push(command&& what);

    /// Commands in one shared call: enough to make the call itself cheap, and little time for those
    /// who wait behind it.
    static constexpr std::size_t most_in_a_call = 32;

    /// Hands over everything that waits, to be written as one: swaps it into `batch`, whose old
    /// content is dropped and whose memory is used for what comes next. Neighbours that may share a
    /// call do, unless they name the same key first. False, and nothing happens, while a batch is
    /// out, while `expire` runs, or when nothing waits.
    [[nodiscard]] bool take_batch(std::string& batch);
    /// The batch was written completely.
    void batch_written() noexcept;

    /// Gives the oldest command its reply, or all that share the oldest call theirs. False, and
    /// nothing happens, when none was handed over: the server speaks without having been asked.
    [[nodiscard]] bool on_reply(const reply_view& reply);

    /// The error that a reply is, or one in the reply to a shared call, that of a replica before
    /// others; nil if there is none.
    [[nodiscard]] reply_view error_in(const reply_view& reply) const noexcept;

    /// Tells each command whose deadline is at or before `now` of it, once. One that was handed
    /// over stays, since its reply must still be matched, and so does one that must follow; any
    /// other is withdrawn with its bytes.
    void expire(time_point now);

    /// The connection is replaced by another before it was used: withdraws what was not to travel
    /// on that one, as if its time had passed.
    void withdraw_bound();

    /// Empties the queue and tells each command that it failed: `sent_cause` for those handed over,
    /// `unsent_cause` for the others.
    void fail_all(error_code sent_cause, error_code unsent_cause);

    /// Never later than the earliest deadline still ahead, and none when the queue is empty. May be
    /// earlier, after replies; `expire` makes it exact.
    [[nodiscard]] std::optional<time_point> next_deadline() const noexcept;

    /// Commands handed over and not answered.
    [[nodiscard]] std::size_t in_flight() const noexcept { return handed_; }
    /// Commands in the queue, handed over or not.
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool writing() const noexcept { return writing_; }
    [[nodiscard]] bool has_waiting() const noexcept { return !waiting_bytes_.empty(); }

  private:
    struct entry {
        std::shared_ptr<reply_sink> sink;
        time_point deadline{};
        std::size_t size = 0;
        shareable share{};
        std::uint32_t tag = 0;
        std::uint32_t together = 1;  ///< Handed over: commands in the call that begins with it.
        bool bound = false;          ///< To the present connection.
        bool follows = false;        ///< Is never withdrawn.
        bool timed_out = false;      ///< Told already; withdrawn as well if the sink is gone.
    };

    [[nodiscard]] entry& at(std::size_t position) noexcept {
        return ring_[(front_ + position) & (ring_.size() - 1)];
    }
    [[nodiscard]] const entry& at(std::size_t position) const noexcept {
        return ring_[(front_ + position) & (ring_.size() - 1)];
    }
    /// Its sink and tag.
    [[nodiscard]] std::pair<std::shared_ptr<reply_sink>, std::uint32_t> take_oldest();
    [[nodiscard]] std::size_t end_of_call(std::size_t first) const;
    [[nodiscard]] bool share_calls();
    void write_call(std::string_view bytes, std::size_t first, std::size_t end);
    void answer_together(const reply_view& reply, std::size_t count);
    void grow();
    void remove_withdrawn();
    void find_earliest();

    limits bounds_;
    std::vector<entry> ring_;
    std::size_t front_ = 0;
    std::size_t count_ = 0;
    std::size_t handed_ = 0;
    std::string waiting_bytes_;
    std::string shared_bytes_;  ///< What waits, with shared calls in it.
    std::size_t batch_size_ = 0;
    time_point earliest_ = time_point::max();
    std::uint64_t life_ = 0;  ///< Bumped by `fail_all`, so that a loop which called a sink notices.
    bool writing_ = false;
    bool expiring_ = false;
};

}  // namespace redlock::redis
