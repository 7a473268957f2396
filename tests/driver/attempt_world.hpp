// What an attempt needs around it: an event loop, a pool of nodes in it, and a record of what the
// observer was told. The loop runs in the test's own thread, only inside `run_until`. Nodes are
// given far more time than they need, unless a test says otherwise.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/acquire_attempt.hpp"
#include "driver/node_pool.hpp"
#include "driver/release_attempt.hpp"
#include "redis/fake_server.hpp"

namespace redlock::driver {

/// Remembers events.
struct recorder final : observer {
    void on_event(const event& what) noexcept override;
    [[nodiscard]] std::size_t count(event_kind kind) const;

    struct entry {
        event_kind kind;
        node_index node;
        error_code error;
        std::string message;
    };
    std::vector<entry> events;
};

class attempt_world {
  public:
    static constexpr std::chrono::milliseconds lease{50'000};

    explicit attempt_world(const std::vector<std::string>& urls,
                           manager_options options = patient());
    ~attempt_world();
    attempt_world(const attempt_world&) = delete;
    attempt_world& operator=(const attempt_world&) = delete;

    static manager_options patient();

    /// Makes the pool anew, of these nodes: for nodes that run in this world's own event loop.
    void connect_to(const std::vector<std::string>& urls, manager_options options = patient());

    /// Runs the event loop until `done`; false when that takes far too long.
    bool run_until(const std::function<bool()>& done);
    /// Until no release is under way.
    bool run_until_settled() {
        return run_until([this] { return pool->open_writes() == 0; });
    }
    /// Until every node of these is connected.
    bool run_until_ready(std::size_t count) {
        return run_until([&, this] { return told->count(event_kind::node_ready) >= count; });
    }

    /// A new token and ballot.
    lock_identity identity(const std::string& resource = "job");
    /// One that keeps details, with this label.
    lock_identity labelled(const std::string& resource, const std::string& label);
    /// Runs an attempt up to its decision.
    std::shared_ptr<acquire_attempt> acquire(lock_identity who);
    /// Runs a plain release up to its decision.
    core::release_outcome release(const acquire_attempt& held);

    std::shared_ptr<recorder> told = std::make_shared<recorder>();
    boost::asio::io_context io{1};
    outside::alarm_clock clock{io.get_executor()};
    std::unique_ptr<node_pool> pool;
};

/// Notes that its attempt was decided.
struct noting_owner final : acquire_attempt::owner {
    void on_attempt_decided() override { ++decided; }
    int decided = 0;
};

struct noting_release_owner final : release_attempt::owner {
    void on_release_decided(const release_attempt& attempt) override {
        outcome = attempt.outcome();
    }
    std::optional<core::release_outcome> outcome;
};

/// A fake server with a name of its own: it answers its identity, and what it is told to a script
/// that is called by digest or body, or to what stands for one. Calls of scripts are remembered by
/// their names.
class scripted_node {
  public:
    scripted_node(boost::asio::io_context& io, std::string run_id);

    /// Answers a call of `script`, "acquire" say; empty bytes: stays silent.
    using script_handler = std::function<redis::fake_server::answer(const std::string& script)>;
    /// At first it agrees to everything.
    script_handler on_script = [](const std::string& script) {
        return redis::fake_server::answer{
            .bytes = script == "SET"                 ? "+OK\r\n"
                     : script.starts_with("acquire") ? ":1700000000000000\r\n"
                     : script.starts_with("extend")  ? ":1700000000000000\r\n"
                                                     : ":1\r\n"};
    };

    /// Lines of INFO.
    std::string version;

    [[nodiscard]] std::string url() const { return server.url(); }
    /// What was called so far: "acquire" by digest, "acquire!" by body.
    [[nodiscard]] std::vector<std::string> calls() const;
    /// The last call of this script, as words.
    [[nodiscard]] redis::fake_server::words last(const std::string& script) const;

    redis::fake_server server;
};

/// Always the same answer.
[[nodiscard]] scripted_node::script_handler always(std::string bytes);

}  // namespace redlock::driver
