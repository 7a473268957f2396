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

/// A call that ends, without a result, when there is something to take.
using event_call = result_call<nothing, show_nothing>;
using event_call_ptr = boost::intrusive_ptr<event_call>;

/// One who listens. Any thread.
class listener : public std::enable_shared_from_this<listener> {
  public:
    static constexpr std::size_t most_kept = 10'000;

    /// What has come since the last time.
    struct news {
        std::deque<kept_event> events;
        std::uint64_t dropped = 0;
        bool is_last = false;  ///< Nothing more will come.
    };

    explicit listener(const engine* with) noexcept : engine_(with) {}

    void keep(const event& what);
    [[nodiscard]] news take();
    /// Ends `wanted` as soon as there is something to take, or nothing more will come.
    void ring(const event_call_ptr& wanted);
    /// The manager is closed: nothing more will come.
    void finish();
    [[nodiscard]] const engine* its_engine() const noexcept { return engine_; }

  private:
    void give_up(const call* wanted);
    void wake_all();

    const engine* engine_;
    std::mutex mutex_;
    bool finished_ = false;
    std::deque<kept_event> kept_;
    std::uint64_t dropped_ = 0;
    std::vector<event_call_ptr> waiting_;
};

/// Passes each event on to all who listen.
class event_hub : public observer {
  public:
    void on_event(const event& what) noexcept override;
    [[nodiscard]] std::shared_ptr<listener> listen(const engine* with);
    void finish();

  private:
    std::mutex mutex_;
    bool finished_ = false;
    std::vector<std::weak_ptr<listener>> listeners_;
};

void bind_events(nanobind::module_& module);

}  // namespace redlock::python
