// The blocking form of leadership, for code without an event loop: a thread campaigns, leads, looks
// now and then whether it still does, and resigns.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "redlock/export.hpp"
#include "redlock/mutex.hpp"
#include "redlock/options.hpp"
#include "redlock/types.hpp"

namespace redlock {

/// One candidate. Its thread is not stopped when it does not lead any more: look at `is_leader`
/// between two steps, and pass `term()` to the store. Must not outlive its context. Any thread may
/// call any function; only one may campaign at a time. The destructor resigns.
class REDLOCK_API leader {
  public:
    /// Copies the strings in `options`; the label is what observers see. `details` is not used, and
    /// neither are `wait`, `renew` and `hand_over`.
    leader(mutex_context& context, resource_name resource, const acquire_options& options = {});
    leader(const leader&) = delete;
    leader& operator=(const leader&) = delete;
    ~leader();

    /// Blocks until this leads, in a new term; returns at once if it does. Throws `lock_error`:
    /// `errc::no_quorum` after `manager_options::quorum_timeout`, `errc::invalid_argument`, also
    /// for a manager without fencing, and the other errors of `mutex::lock`.
    void campaign() { static_cast<void>(campaign_as(wait_policy::forever())); }
    /// The same for at most `longest`; false if another leads all the time.
    template <class Rep, class Period>
    [[nodiscard]] bool campaign_for(std::chrono::duration<Rep, Period> longest) {
        return campaign_as(wait_policy{longest});
    }

    /// Whether this certainly leads now. Becomes false by time alone.
    [[nodiscard]] bool is_leader() const noexcept;
    /// The number of the term, a fencing token; zero while this does not lead.
    [[nodiscard]] fencing_token term() const noexcept;
    /// Blocks until this does not lead, after a loss or a resignation; at the latest a stop margin
    /// before another can lead.
    void wait();
    /// The same for at most `longest`. True if this does not lead any more.
    template <class Rep, class Period>
    [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> longest) {
        return wait_at_most(wait_policy{longest}.longest());
    }

    /// Gives the leadership up, if this has it, and waits for a quorum to confirm that. Never
    /// throws.
    void resign() noexcept;
    /// Stores a text that observers see with the leader, and waits for a quorum to have it. Throws
    /// `lock_error` with the errors of `lock::async_proclaim`; `errc::lost` if this does not lead.
    void proclaim(const std::string& text);

  private:
    bool campaign_as(wait_policy wait);
    bool wait_at_most(std::chrono::nanoseconds longest);

    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace redlock
