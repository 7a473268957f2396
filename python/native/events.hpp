// What the library reports, kept for those in Python who listen. A listener that falls behind loses
// the oldest events, and is told how many; the manager never waits for it.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <redlock/observer.hpp>
#include <string>
#include <vector>

#include "calls.hpp"

namespace redlock::python {

/// An event that owns its texts.
struct kept_event {
    explicit kept_event(const event& from);

    event_kind kind;
    std::string resource;
    fencing_token fencing;
    std::optional<node_index> node;
    std::string node_name;
    error_code error;
    std::string message;
    std::chrono::nanoseconds elapsed;
    std::optional<std::size_t> ahead;
};

/// One who listens. Any thread.
class listener {
  public:
    static constexpr std::size_t most_kept = 10'000;

    struct taken {
        std::deque<kept_event> events;
        std::uint64_t dropped = 0;
        bool finished = false;  ///< The manager is closed: nothing more will come.
    };

    void keep(const event& what);
    void finish();
    /// Ends `bell` once there is something to take, which may be now. In place of an earlier one
    /// that waits still, which never ends.
    void ring(boost::intrusive_ptr<plain_call> bell);
    [[nodiscard]] taken take();

  private:
    [[nodiscard]] bool has_something() const { return !kept_.events.empty() || kept_.finished; }

    std::mutex mutex_;
    taken kept_;
    boost::intrusive_ptr<plain_call> bell_;
};

/// Passes each event on to all who listen.
class event_hub : public observer {
  public:
    void on_event(const event& what) noexcept override;
    [[nodiscard]] std::shared_ptr<listener> listen();
    void finish();

  private:
    std::mutex mutex_;
    bool finished_ = false;
    std::vector<std::weak_ptr<listener>> listeners_;
};

void bind_events(nanobind::module_& module);

}  // namespace redlock::python
