// Fuzz target: a connection's queue under any order of what may happen to it, with sinks that ask
// for more or empty the queue from inside. A plain list beside it knows what must come out: every
// command is told its end exactly once, in order, and its bytes are written once or never. One
// thread.
#include "redis/wire/command_queue.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/byte_source.hpp"
#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

using redis::command_queue;
using redis::delivery;
using redis::reply_view;
using time_point = command_queue::time_point;

constexpr command_queue::limits bounds{.commands = 100, .bytes = 900};

// The two causes by which it can be seen who failed how.
const error_code sent_cause = node_errc::connection_lost;
const error_code unsent_cause = node_errc::not_connected;

struct command {
    std::string bytes;
    time_point deadline;
    bool bound = false;
    bool follows = false;
    bool handed = false;
    bool timed_out = false;
    bool thrown_out = false;  // by an emptying of the queue, of which it is yet to be told
    bool ended = false;

    [[nodiscard]] bool is_in() const { return !ended && !thrown_out; }
};

/// The queue, what it was asked, and what it told.
class story final : public redis::reply_sink, public std::enable_shared_from_this<story> {
  public:
    explicit story(std::string_view bytes) : source_(bytes) {}

    void tell() {
        while (!source_.empty()) {
            step();
            check_counts();
        }
        reacts_ = false;
        fail_all();
        check_counts();
        require(queue_.size() == 0 && queue_.in_flight() == 0 && !queue_.has_waiting() &&
                    !queue_.writing() && !queue_.next_deadline(),
                "nothing is left in a queue that was emptied");
        for (const command& each : commands_) {
            require(each.ended, "every command is told its end");
        }
    }

    void on_reply(std::uint32_t tag, const reply_view& /*reply*/) override {
        command& told = end(tag);
        require(told.handed && !told.thrown_out, "only what was handed over is answered");
        require(expecting_reply_ && tag == expected_, "the oldest is answered first");
        expecting_reply_ = false;
        react();
    }

    void on_timeout(std::uint32_t tag, bool maybe_sent) override {
        command& told = commands_.at(tag);
        require(told.is_in() && !told.timed_out, "the time is over once, and before the end");
        require(told.deadline <= now() || (withdrawing_ && told.bound && !told.handed),
                "nobody's time is over before its deadline");
        require(maybe_sent == (told.handed || told.follows),
                "what was handed over may have been sent, and what must follow may yet be");
        told.timed_out = true;
        if (!maybe_sent) {
            end(tag);
        }
        react();
    }

    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) override {
        const command& told = end(tag);
        require(told.thrown_out, "only an emptied queue fails");
        require(maybe_sent == told.handed, "what was handed over may have been sent");
        require(cause == (told.handed ? sent_cause : unsent_cause), "each has its own cause");
        react();
    }

  private:
    [[nodiscard]] time_point now() const { return clock_.now(); }

    command& end(std::uint32_t tag) {
        command& told = commands_.at(tag);
        require(!told.ended, "nobody is told its end twice");
        told.ended = true;
        return told;
    }

    void step() {
        switch (source_.below(8)) {
            case 0:
            case 1:
                push();
                break;
            case 2:
                take_batch();
                break;
            case 3:
                if (queue_.writing()) {
                    queue_.batch_written();
                    batch_size_ = 0;
                }
                break;
            case 4:
                answer();
                break;
            case 5:
                clock_.pass(source_.span());
                expire(now());
                break;
            case 6:
                withdraw();
                break;
            default:
                if (source_.below(4) == 0) {
                    fail_all();
                }
                break;
        }
    }

    void push() {
        const auto tag = static_cast<std::uint32_t>(commands_.size());
        // The connection is not up while it withdraws: nobody can be bound to it.
        const auto choices = static_cast<std::uint8_t>(source_.byte() % (withdrawing_ ? 128 : 256));
        command asked{.bytes = std::string(1 + choices % 40U, static_cast<char>('a' + tag % 26)),
                      .deadline = now() + source_.span(),
                      .bound = choices >= 128,
                      .follows = choices >= 64 && choices < 128};
        const auto how = asked.bound     ? delivery::this_connection
                         : asked.follows ? delivery::must_follow
                                         : delivery::usual;
        const bool fits = living() < bounds.commands &&
                          waiting().size() + batch_size_ + asked.bytes.size() <= bounds.bytes;
        const bool taken = queue_.push({.encoded = asked.bytes,
                                        .sink = shared_from_this(),
                                        .tag = tag,
                                        .deadline = asked.deadline,
                                        .how = how});
        // What is being withdrawn still counts.
        require(taken == fits || (expiring_ && !taken), "only what exceeds a limit is refused");
        if (taken) {
            commands_.push_back(asked);
        }
    }

    void take_batch() {
        const std::string expected = waiting();
        const bool may = !queue_.writing() && !expected.empty();
        std::string batch = "what was written last";
        require(queue_.take_batch(batch) == may, "a batch is handed over when one waits, alone");
        if (!may) {
            return;
        }
        require(batch == expected,
                "a batch is what waits, in order and without what was withdrawn");
        for (command& each : commands_) {
            each.handed = each.handed || !each.ended;
        }
        batch_size_ = batch.size();
        require(queue_.writing() && !queue_.has_waiting(), "a batch is out until it was written");
    }

    void answer() {
        const auto oldest = std::find_if(commands_.begin(), commands_.end(),
                                         [](const command& each) { return !each.ended; });
        const bool due = oldest != commands_.end() && oldest->handed;
        expecting_reply_ = due;
        expected_ = static_cast<std::uint32_t>(oldest - commands_.begin());
        require(queue_.on_reply({}) == due, "an answer is for who was handed over");
        require(!expecting_reply_, "an answer is passed on");
    }

    void expire(time_point when) {
        const std::size_t asked = commands_.size();
        const int life = life_;
        expiring_ = true;
        queue_.expire(when);
        expiring_ = false;
        for (std::size_t i = 0; i < asked && life == life_; ++i) {
            require(commands_[i].ended || commands_[i].timed_out || commands_[i].deadline > when,
                    "everybody whose time is over is told");
        }
    }

    void withdraw() {
        withdrawing_ = expiring_ = true;
        queue_.withdraw_bound();
        withdrawing_ = expiring_ = false;
        for (const command& each : commands_) {
            require(each.ended || each.handed || !each.bound,
                    "what was bound to this connection does not travel on the next");
        }
    }

    void fail_all() {
        ++life_;
        batch_size_ = 0;
        for (command& each : commands_) {
            each.thrown_out = true;
        }
        queue_.fail_all(sent_cause, unsent_cause);
    }

    /// What a sink may do from inside.
    void react() {
        if (!reacts_ || depth_ == 3) {
            return;
        }
        ++depth_;
        const std::size_t choice = source_.below(16);
        if (choice < 4) {
            push();
        } else if (choice == 15) {
            fail_all();
        }
        --depth_;
    }

    [[nodiscard]] std::size_t living() const {
        return static_cast<std::size_t>(std::count_if(
            commands_.begin(), commands_.end(), [](const command& each) { return each.is_in(); }));
    }
    /// The bytes that are to be written, if nothing more happens.
    [[nodiscard]] std::string waiting() const {
        std::string bytes;
        for (const command& each : commands_) {
            if (each.is_in() && !each.handed) {
                bytes += each.bytes;
            }
        }
        return bytes;
    }

    void check_counts() {
        std::size_t handed = 0;
        auto earliest = time_point::max();
        for (const command& each : commands_) {
            handed += each.handed && !each.ended ? 1U : 0U;
            if (!each.ended && !each.timed_out) {
                earliest = std::min(earliest, each.deadline);
            }
        }
        require(queue_.size() == living(), "the queue counts who is in it");
        require(queue_.in_flight() == handed, "the queue counts who was handed over");
        require(queue_.next_deadline().value_or(time_point::max()) <= earliest,
                "no deadline is slept through");
        require(queue_.size() != 0 || !queue_.next_deadline(), "an empty queue has no deadline");
    }

    byte_source source_;
    story_clock clock_;
    std::deque<command> commands_;  // a reference stays good while more are asked for
    command_queue queue_{bounds};
    std::size_t batch_size_ = 0;  ///< While it is out.
    std::uint32_t expected_ = 0;
    int depth_ = 0;
    int life_ = 0;
    bool expecting_reply_ = false;
    bool expiring_ = false;
    bool withdrawing_ = false;
    bool reacts_ = true;
};

}  // namespace

void try_input(std::string_view bytes) {
    // Every sink is a reference to the story, which holds the queue: it ends when that is empty.
    const auto all = std::make_shared<story>(bytes);
    all->tell();
}

}  // namespace redlock::fuzz
