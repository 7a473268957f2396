// What the integration tests share: a cluster of real servers, an event loop that the test turns by
// hand, and a client whose operations can be begun, watched and awaited in straight-line code.
// Nothing here waits for a fixed time: every wait is for something to become true, with a limit
// that only a hang reaches. One thread, except for `event_log`.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redlock/redlock.hpp"
#include "support/redis_server.hpp"

namespace redlock::integration {

namespace asio = boost::asio;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only
using std::chrono::milliseconds;
using support::redis_server;
using support::redis_server_options;

/// Independent servers on free ports, empty.
class cluster {
  public:
    explicit cluster(std::size_t size = 3, const redis_server_options& options = {});

    [[nodiscard]] redis_server& operator[](std::size_t node) { return *servers_[node]; }
    [[nodiscard]] std::size_t size() const { return servers_.size(); }
    [[nodiscard]] std::vector<std::string> urls() const;
    /// How many nodes have this key at all, or with this value. All must be running and thawed.
    [[nodiscard]] std::size_t having(const std::string& key) const;
    [[nodiscard]] std::size_t having(const std::string& key, const std::string& value) const;
    [[nodiscard]] std::size_t count(const std::function<bool(redis_server&)>& what);
    void each(const std::function<void(redis_server&)>& what);
    /// How many commands, those inside scripts included, the nodes have carried out, all or those
    /// of one name in small letters; asking does not count.
    [[nodiscard]] std::size_t commands(std::string_view name = {}) const;
    /// Whether a majority of the nodes, for zero all, have so many places in the fair line of this
    /// resource.
    [[nodiscard]] bool in_line(const std::string& resource, std::size_t places) const;
    void freeze(std::size_t first, std::size_t end);
    void thaw();

  private:
    std::vector<std::unique_ptr<redis_server>> servers_;
};

/// Whether the node was told to forget an attempt on `resource`: the fence is there, the lock not.
/// Nothing of that attempt can appear there any more.
[[nodiscard]] bool cleaned(redis_server& node, const std::string& resource);
[[nodiscard]] std::string fence_of(const std::string& resource);
[[nodiscard]] std::string holder_of(const std::string& resource);

/// Lets every failed wait end: far beyond anything that happens on a loaded machine.
inline constexpr std::chrono::seconds hang{30};
/// Far below every lease and fallback.
inline constexpr std::chrono::seconds soon{5};

/// Lets time pass up to an instant, with no event loop turning.
void pass_until(boot_clock::time_point instant);

class loop {
  public:
    /// Turns the event loop until `done()`; false if that does not come about.
    [[nodiscard]] bool until(const std::function<bool()>& done,
                             std::chrono::nanoseconds longest = hang);
    /// Runs a coroutine to its end and rethrows what it throws. `body` stays alive meanwhile.
    void run(const std::function<asio::awaitable<void>()>& body);
    /// Runs at most one handler that is ready or becomes ready soon.
    void step();

    asio::io_context io{1};
};

/// Turns the event loop until nothing has been sent to the nodes for so long; false if that does
/// not come about.
[[nodiscard]] bool silent_for(std::chrono::nanoseconds span, loop& turned, const cluster& nodes);

/// Every event of a manager, for tests that wait for one. Any thread.
class event_log final : public observer {
  public:
    struct entry {
        event_kind kind{};
        std::string resource;
        node_index node = 0;
        error_code error;
        std::string message;
        std::string details;  ///< In words.
    };

    void on_event(const event& what) noexcept override;
    [[nodiscard]] std::size_t count(event_kind kind) const;
    [[nodiscard]] std::vector<entry> all(event_kind kind) const;
    /// Called on the manager's strand; set before the manager is made.
    std::function<void(const event&)> also;

  private:
    mutable std::mutex guard_;
    std::vector<entry> entries_;
};

/// An operation under way, and what became of it. Kept alive by its handler.
template <class Result>
struct operation {
    bool done = false;
    error_code error;
    Result value{};
    diagnostics why;
    asio::cancellation_signal stop;

    void cancel() { stop.emit(asio::cancellation_type::total); }
    /// The cause that was told for a node; none if nothing was.
    [[nodiscard]] error_code cause(node_index node) const {
        for (const auto& each : why.nodes) {
            if (each.node == node) {
                return each.cause;
            }
        }
        return {};
    }
};
struct nothing {};

template <class Result = nothing>
using operation_ptr = std::shared_ptr<operation<Result>>;

/// The manager's defaults, with an observer and quicker reconnects.
[[nodiscard]] manager_options usual_options();
/// For clusters of which a majority stays silent: no answer is awaited for long.
[[nodiscard]] manager_options impatient_options();

/// A manager with the operations in two forms: `begin_...` starts one, the other waits for its end.
class client {
  public:
    client(loop& turned_by, const node_list& nodes, manager_options options = usual_options());

    operation_ptr<lock> begin_acquire(const resource_name& name, acquire_options options = {});
    operation_ptr<lock> begin_acquire_shared(const resource_name& name,
                                             acquire_options options = {});
    operation_ptr<lock> begin_acquire_all(resource_names names, acquire_options options = {});
    operation_ptr<lock> begin_acquire_any(const semaphore& from, acquire_options options = {});
    operation_ptr<lock> begin_attach(const resource_name& name, const lock_token& token,
                                     acquire_options options = {});
    operation_ptr<lock> begin_attach_all(resource_names names, const lock_token& token,
                                         acquire_options options = {});
    operation_ptr<lock> begin_attach_any(const semaphore& from, const lock_token& token,
                                         acquire_options options = {});
    operation_ptr<resource_status> begin_status(const resource_name& name);
    operation_ptr<> begin_extend(lock& held, std::optional<milliseconds> lease_time = {});
    operation_ptr<> begin_downgrade(lock& held);
    operation_ptr<> begin_release(lock& held);
    operation_ptr<> begin_wait_lost(lock& held);
    operation_ptr<> begin_vouch(vouch_options options = {});
    operation_ptr<> begin_close();

    operation_ptr<lock> acquire(const resource_name& name, acquire_options options = {});
    operation_ptr<lock> try_acquire(const resource_name& name, acquire_options options = {});
    operation_ptr<lock> attach(const resource_name& name, const lock_token& token,
                               acquire_options options = {});
    operation_ptr<lock> attach_all(resource_names names, const lock_token& token,
                                   acquire_options options = {});
    operation_ptr<lock> attach_any(const semaphore& from, const lock_token& token,
                                   acquire_options options = {});
    /// An acquisition that is expected to succeed.
    lock take(const resource_name& name, acquire_options options = {});
    lock take_all(resource_names names, acquire_options options = {});
    operation_ptr<lock> try_acquire_all(resource_names names, acquire_options options = {});
    lock take_shared(const resource_name& name, acquire_options options = {});
    lock take_any(const semaphore& from, acquire_options options = {});
    operation_ptr<lock> acquire_any(const semaphore& from, acquire_options options = {});
    operation_ptr<lock> try_acquire_any(const semaphore& from, acquire_options options = {});
    operation_ptr<lock> try_acquire_shared(const resource_name& name, acquire_options options = {});
    operation_ptr<> vouch(vouch_options options = {});
    resource_status status(const resource_name& name);
    semaphore_status status(const semaphore& of);
    std::pair<error_code, bool> is_locked(const resource_name& name);
    std::pair<error_code, std::vector<resource_name>> list(list_options options = {});
    std::pair<error_code, std::vector<semaphore>> list_semaphores(list_options options = {});
    error_code extend(lock& held, std::optional<milliseconds> lease_time = {});
    error_code downgrade(lock& held);
    error_code release(lock& held);
    error_code close();

    /// Connects to every node that can be reached, by asking for a status.
    void warm_up();
    /// Takes, extends and releases a lock on every node, so that all have learned the scripts. What
    /// a node is asked for while it cannot answer is only carried out late if it knows them.
    void rehearse();
    [[nodiscard]] event_log& events() { return *events_; }
    [[nodiscard]] bool await(const std::function<bool()>& done) { return loop_.until(done); }

  private:
    template <class Result>
    operation_ptr<Result> finished(operation_ptr<Result> started);

    loop& loop_;
    std::shared_ptr<event_log> events_;

  public:
    std::optional<lock_manager> manager;
};

}  // namespace redlock::integration
