// All nodes of a manager, with what is known of them together: who is whose double, how far their
// clocks are from ours, which fences were seen. Executes nothing by itself. Strand only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/fencing.hpp"
#include "core/node_clock.hpp"
#include "core/node_set.hpp"
#include "core/quarantine.hpp"
#include "core/recent_releases.hpp"
#include "core/waiter_memory.hpp"
#include "driver/failures.hpp"
#include "driver/key_names.hpp"
#include "driver/key_watches.hpp"
#include "driver/node.hpp"
#include "redlock/endpoint.hpp"
#include "redlock/observer.hpp"
#include "redlock/options.hpp"

namespace redlock::driver {

class node_pool final : private node_events {
  public:
    node_pool(outside::alarm_clock& clock, const std::vector<endpoint>& endpoints,
              const manager_options& options);
    node_pool(const node_pool&) = delete;
    node_pool& operator=(const node_pool&) = delete;
    ~node_pool();

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] node& at(node_index index) { return *nodes_[index]; }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] const manager_options& options() const { return options_; }
    [[nodiscard]] const key_names& keys() const { return keys_; }
    /// As it was given.
    [[nodiscard]] const endpoint& where(node_index index) const { return endpoints_[index]; }

    /// Not empty while two nodes are one server: a sentence that names them.
    [[nodiscard]] const std::string& same_server_twice() const { return same_server_; }

    /// Not empty while other clients of a node use another number of nodes: a sentence that says
    /// so.
    [[nodiscard]] const std::string& different_nodes() const { return different_nodes_; }
    /// Asks the nodes that have no vote again: somebody may have vouched for them.
    void greet_again(hello_form form = hello_form::records);

    /// Whether a node has a vote in a round that began at `started`; see core/quarantine.hpp.
    [[nodiscard]] bool may_vote(node_index node, core::instant started) const {
        return !refusals_[node].cause && quarantine_.may_vote(node, started);
    }
    /// Whether a vote that has arrived counts in a round that began at `started`: the node also has
    /// our settings, or others that are the same.
    [[nodiscard]] bool vote_counts(node_index node, core::instant started) const {
        return nodes_[node]->introduced() && may_vote(node, started);
    }
    /// Whether the server that answers there is one whose word is its own: no replica, and not one
    /// of several.
    [[nodiscard]] bool is_itself(node_index node) const {
        const error_code& cause = refusals_[node].cause;
        return cause != node_errc::read_only && cause != node_errc::several_servers;
    }
    /// Whether the other clients of the node have our settings and as many nodes, as far as known.
    [[nodiscard]] bool shares_settings(node_index node) const {
        const error_code& cause = refusals_[node].cause;
        return cause != node_errc::different_nodes && cause != node_errc::configuration_mismatch;
    }
    /// Why it has none, and for how long. `cause` is clear if it has one.
    [[nodiscard]] refusal why_no_vote(node_index node) const;
    /// Of one that has not answered in the time that somebody waited for it.
    [[nodiscard]] refusal why_silent(node_index node) const;
    [[nodiscard]] std::optional<std::chrono::milliseconds> quarantine_left(node_index node) const;
    [[nodiscard]] bool guarded() const { return guarded_; }
    /// A Redis Cluster is among them.
    [[nodiscard]] bool clustered() const { return clustered_; }
    /// Somebody has vouched for it, on the present connection.
    void trust(node_index node);

    [[nodiscard]] core::instant now() const { return clock_.now(); }
    /// When a command sent now, or at `now`, must be answered.
    [[nodiscard]] core::instant command_deadline(core::instant now) const {
        return now + options_.node_timeout;
    }
    [[nodiscard]] core::instant command_deadline() const { return command_deadline(now()); }

    /// The next ballots of `resource`, by where the fences and clocks stand; empty if none is left.
    [[nodiscard]] std::optional<core::ballot_block> next_block(const std::string& resource,
                                                               std::uint64_t width = 1);
    /// The same, above the fences of all of these.
    [[nodiscard]] std::optional<core::ballot_block> next_block(
        std::span<const resource_name> resources);
    /// What an attempt learned.
    void note_fence(const std::string& resource, std::uint64_t fence);
    /// The nodes' clocks refused what was known of it.
    void forget_fence(const std::string& resource) { fences_.forget(resource); }
    /// Others stand in the nodes' line for it, or do not any more: without fencing, who acquires
    /// knows it from here.
    void note_waiters(const std::string& resource) { waiters_.note(resource); }
    void forget_waiters(const std::string& resource) { waiters_.forget(resource); }
    [[nodiscard]] bool may_have_waiters(const std::string& resource) const {
        return waiters_.has(resource);
    }
    /// A lock without fencing is given back.
    void note_release(const std::string& resource) { released_.note(resource, now()); }
    [[nodiscard]] bool released_lately(const std::string& resource, core::instant now) const {
        return released_.has(resource, now);
    }
    /// How far the nodes' clocks are ahead of ours, as far as known.
    [[nodiscard]] std::int64_t offset_us() const { return offset_us_; }
    void note_offsets(std::vector<std::int64_t> offsets_us);
    [[nodiscard]] std::int64_t wall_us() const;

    /// A node has told its time in an answer, to be called before the answer is counted. Returns by
    /// how much its clock was set in all. A cluster is passed over: its masters have clocks of
    /// their own, and any of them may answer.
    core::duration note_time(node_index node, std::int64_t node_us, core::instant sent,
                             core::instant received) {
        if (!endpoints_[node].cluster.empty()) {
            return core::duration{0};
        }
        if (clocks_[node].on_answer(node_us, sent, received) && clock_set_) {
            clock_set_(node);
        }
        return clocks_[node].stepped();
    }
    [[nodiscard]] const std::vector<core::node_clock>& clocks() const { return clocks_; }
    /// `tell`, if set, is called when a node's clock is found to have been set.
    void on_clock_set(std::function<void(node_index)> tell) { clock_set_ = std::move(tell); }

    /// In [0, 1).
    [[nodiscard]] double random();
    [[nodiscard]] std::uint64_t random_bits() { return generator_(); }

    /// Whether anybody is told: what only an event needs need not be made otherwise.
    [[nodiscard]] bool is_observed() const { return options_.events != nullptr; }
    void tell(const event& what) const {
        if (options_.events) {
            options_.events->on_event(what);
        }
    }

    /// Whom to tell of changed keys. While there is anybody, the nodes are asked to tell.
    [[nodiscard]] key_watches& watches() { return watches_; }
    /// The nodes that tell of changes of what is read now.
    [[nodiscard]] core::node_set tracking() const;

    /// Starts to connect all nodes, of which votes are to be asked. `tell`, if set, is called with
    /// each node that is connected and has heard of our settings, those that were already included,
    /// or whose connection failed.
    void connect_for_votes();
    void on_connection_change(std::function<void(node_index, bool connected)> tell) {
        connection_change_ = std::move(tell);
    }

    /// An acquisition, extension or release that some node has neither answered nor let time out.
    /// Counts from its construction until it is settled or destroyed. The pool must outlive it.
    class open_write {
      public:
        explicit open_write(node_pool& pool) : pool_(&pool) { ++pool.open_writes_; }
        open_write(open_write&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
        open_write& operator=(open_write&&) = delete;
        ~open_write() { settle(); }
        void settle() {
            if (node_pool* const pool = std::exchange(pool_, nullptr)) {
                pool->write_settled();
            }
        }

      private:
        node_pool* pool_;
    };
    /// `on_all_settled`, if set, is called each time that none is left.
    [[nodiscard]] std::size_t open_writes() const { return open_writes_; }
    void on_all_settled(std::function<void()> tell) { all_settled_ = std::move(tell); }

    void stop();

  private:
    [[nodiscard]] std::optional<core::ballot_block> block_above(std::uint64_t fence,
                                                                std::int64_t wall,
                                                                std::uint64_t width) const;
    void write_settled();
    void on_node_greeted(node& which, const parsed<std::chrono::milliseconds>& answer) override;
    void on_node_ready(node& which) override;
    void on_node_down(node& which, error_code cause, std::string_view message) override;
    void on_node_key_changed(node& which, std::string_view key) override;
    void on_node_tracking_refused(node& which, error_code cause, std::string_view message) override;
    void set_refusal(node_index node, refusal why);
    void look_for_doubles();
    void warn_if_unverified(const node& which);

    outside::alarm_clock& clock_;
    manager_options options_;
    key_names keys_;
    std::vector<endpoint> endpoints_;
    bool guarded_;
    bool clustered_ = false;
    core::quarantine quarantine_;
    std::string different_nodes_;
    std::vector<refusal> refusals_;  // of nodes that must not vote, however long
    std::vector<std::string> names_;
    // Before the nodes, whose last commands settle writes while they are destroyed.
    std::size_t open_writes_ = 0;
    std::function<void(node_index, bool)> connection_change_;
    std::function<void()> all_settled_;
    key_watches watches_;
    std::vector<std::unique_ptr<node>> nodes_;
    core::fence_memory fences_;
    core::waiter_memory waiters_;
    core::recent_releases released_;
    std::vector<core::node_clock> clocks_;
    std::function<void(node_index)> clock_set_;
    std::int64_t offset_us_ = 0;
    std::string same_server_;
    core::node_set told_unverified_;
    std::mt19937_64 generator_;
};

}  // namespace redlock::driver
