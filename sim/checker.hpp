// The judge: is told, in true time, what holders believe, what tokens they were given, what nodes
// wrote and what the store accepted, and condemns the first thing that breaks a promise. Knows
// nothing of how any of it came about, so that it cannot share a mistake with it. One thread at a
// time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/coverage.hpp"
#include "testing/drifting_clock.hpp"

namespace redlock::sim {

using testing::tick;

inline constexpr std::size_t most_resources = 3;
inline constexpr std::size_t most_permits = 3;
/// The resources themselves, behind them the slots that each would have as a semaphore, and one
/// slot that none may have.
inline constexpr std::size_t most_locks = most_resources * (1 + most_permits) + 1;

enum class check : std::uint8_t {
    exclusion,     ///< Two holders were sure at the same time.
    permits,       ///< Somebody has a slot that the semaphore does not have.
    early_vote,    ///< Held without a majority of nodes that might vote.
    token_order,   ///< A token not above that of an acquisition that was complete before it began.
    token_twice,   ///< One token for two holders.
    store,         ///< The store took a write of an older holder after one of a newer.
    resurrection,  ///< A lock appeared on a node where it had been released.
    over_already,  ///< A lock was handed out whose validity was over.
    not_told,      ///< A holder was not told in time that its lock is lost.
    late_extend,   ///< An extension that began again after validity had ended.
    thin_extend,   ///< An extension without a majority of nodes that still held the lock.
    broken_hold,   ///< An extension succeeded though another had the lock in between.
    shortened,     ///< An extension took away from validity.
    unheard,       ///< A holder heard of a clock that was set too far, and goes on believing.
    starved,       ///< Nothing goes wrong any more, and somebody still does not get the lock.
    fence_prolonged,  ///< Somebody failed at a fence, and it lives longer for it.
    line_ignored,     ///< A free lock was taken though others were seen to wait for it.
    yielded_to_none,  ///< It was left to others of whom none was in line.
    in_part,          ///< A node has given some of several names, or counts what is not whole.
    not_taken_back,   ///< An attempt is over, nothing went wrong, and its lock is still there.
    left_over,        ///< After the longest lease something is still there.
    left_free,        ///< Nobody has a lock that somebody waits for, and nothing is in the way.
    overdue,          ///< Somebody who would wait so long, and no longer, still waits.
    unanswered,       ///< The manager is closed, and an operation has not come to an end.
    refused_again,    ///< A ballot that clocks refuse, right after they told how far off it is.
    false_release,  ///< A release was confirmed, and no majority has removed the lock, or one still
                    ///< has it.
};

[[nodiscard]] std::string_view to_string(check which) noexcept;

struct violation {
    check what = check::exclusion;
    tick at = 0;
    std::uint64_t one = 0;  ///< The tokens that it is about.
    std::uint64_t other = 0;
};

/// Which promises hold in this world. What is not judged is still counted.
struct assumptions {
    bool exclusion = true;  ///< Clock rates and steps of nodes' clocks within bounds, guard on.
    bool tokens = true;  ///< Fences kept, or window and quarantine on and clocks within the step.
    bool liveness = true;
    bool hearing = false;  ///< Nodes' clocks are set by so much that every answer shows it.
};

class checker {
  public:
    using hold = std::uint32_t;

    void begin(const assumptions& judged, std::size_t nodes, coverage& seen);

    [[nodiscard]] const std::optional<violation>& found() const { return found_; }
    void condemn(check what, tick at, std::uint64_t one, std::uint64_t other = 0);

    /// What the token of an acquisition that begins now must exceed.
    [[nodiscard]] std::uint64_t floor(std::size_t resource, bool shared) const {
        const resource_view& view = resources_[resource];
        return shared ? view.largest_of_writers : view.largest;
    }

    struct acquisition {
        std::size_t resource = 0;
        std::uint64_t token = 0;
        std::uint64_t fencing = 0;  ///< Zero: without fencing. No order is judged then.
        tick begun = 0;
        std::uint64_t floor = 0;  ///< As told by `floor` when it began.
        std::size_t votes = 0;    ///< Of nodes that might vote.
        std::size_t nodes = 0;    ///< Of how many; zero: of all.
        tick until = 0;           ///< The holder believes until then, by its own clock.
        bool shared = false;      ///< A reader, who excludes writers only.
    };
    /// Somebody has won the lock; or the last holder of this token has passed it on in its process.
    [[nodiscard]] hold take(const acquisition& what, tick now);
    /// `still_held`: nodes that have prolonged a lock that stood there.
    void extended(hold which, tick until, std::size_t still_held, tick now);
    /// It believes no longer than until then.
    void shortened(hold which, tick until);
    /// It is a reader from now on.
    void downgraded(hold which);
    /// It believes nothing any more: released, told of its loss, or dead.
    void ended(hold which, tick now);
    /// Somebody who was told its token has taken it away: others may have it.
    void taken_away(std::uint64_t token);
    /// A write of its reached the store. Whether it was accepted; one without fencing always is.
    /// `writes`: what it did was a write; readers only read.
    bool wrote(hold which, bool writes, tick now);

    /// A node has done what its owner's release asked for: nothing of the token may appear again.
    /// `barred_until`: when the fence that stands there is forgotten. `in_window`: the ballot was
    /// not further ahead of the node's clock than the window, so that by then it is too old.
    void gone(std::uint64_t token, std::size_t node, tick barred_until, bool in_window);
    /// A node has written the token. An acquisition that is so late that it meets no fence is
    /// outside the window, if its ballot was in it before; an extension looks at no clock.
    void planted(std::uint64_t token, std::size_t node, bool by_extension, tick now);

  private:
    [[nodiscard]] hold acquired(const acquisition& what, tick now);
    [[nodiscard]] hold handed_over(hold from, std::uint64_t fencing, tick until, tick now);

    struct holding {
        std::size_t resource = 0;
        std::uint64_t token = 0;
        std::uint64_t fencing = 0;
        tick begun = 0;
        tick completed = 0;
        tick until = 0;
        std::size_t nodes = 0;
        bool shared = false;
        std::optional<hold> writer_before{};  // of a reader
    };
    struct resource_view {
        std::uint64_t largest = 0;  // token of a completed acquisition
        std::uint64_t largest_of_writers = 0;
        std::optional<hold> newest;  // by completion
        std::optional<hold> newest_writer;
        std::vector<hold> believing;
        std::vector<std::uint64_t> tokens;
        std::vector<std::uint64_t> tokens_of_writers;
        std::uint64_t store_largest = 0;  // of the writes that the store took
        std::uint64_t store_largest_read = 0;
        tick store_newest_begun = -1;  // of the holders whose writes the store took
        tick store_newest_read_begun = -1;
    };

    void compare_with_believers(const holding& what, hold self, tick now);
    [[nodiscard]] bool is_outside(const holding& what) const {
        return what.token < taken_away_.size() && taken_away_[what.token];
    }

    assumptions judged_;
    std::size_t nodes_ = 0;
    coverage* seen_ = nullptr;
    std::optional<violation> found_;
    std::vector<holding> holds_;
    std::array<resource_view, most_locks> resources_;
    struct ending {
        std::uint64_t token = 0;
        std::size_t node = 0;
        tick barred_until = 0;
        bool in_window = true;
    };
    std::vector<ending> gone_;
    std::vector<bool> taken_away_;  // by token
};

}  // namespace redlock::sim
