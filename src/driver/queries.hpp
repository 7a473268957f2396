// Questions that change nothing: who holds a resource, and which resources there are. Each is done
// when every node that it asks has answered or failed. Strand only; kept alive by the connections.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/node_set.hpp"
#include "driver/fan_out.hpp"
#include "redlock/status.hpp"

namespace redlock::driver {

/// Which readers a node tells of, where readers have the lock.
enum class readers_told : std::uint8_t {
    none,  ///< It says that they have it, and no more.
    all,   ///< Up to a hundred, and how many there are.
    one,   ///< The one with a given token, if the node has it.
};

/// Asks nodes for their views of one resource: one small read each, which at the same time makes
/// the node tell of the next change.
class status_query final : public fan_out {
  public:
    /// `reader`: the token of the one that is asked for.
    status_query(node_pool& pool, const std::string& resource, readers_told which,
                 const lock_token& reader = {});

    /// Of all nodes. `done` is called once, with one entry a node in their order.
    void start(std::function<void(std::vector<node_status>)> done);

    /// Of these nodes. `tell` is called once for each, from inside for those that cannot be asked.
    void start(core::node_set whom, std::function<void(const node_status&)> tell);

    /// Before the first command was sent: leases that were read count from here.
    [[nodiscard]] core::instant started() const { return started_; }

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    void settle(node_index node);

    std::string resource_;
    script_call call_;
    core::instant started_;
    core::node_set pending_;
    std::vector<node_status> views_;
    std::function<void(const node_status&)> tell_;
    std::function<void(std::vector<node_status>)> done_;
};

/// What is listed, by its keys.
enum class listed_keys : std::uint8_t {
    locks,
    slots,  ///< Those of semaphores.
};

/// Walks the key space of each node with SCAN, a bounded step at a time, never with KEYS.
class list_query final : public fan_out {
  public:
    /// Steps in a row without a new name, after which a node is taken for one that never comes to
    /// the end. Redis holds at most 2^32 keys. A step of it looks at 1000 keys, or at ten times as
    /// many places of its table, of which a tenth at least is taken: 2^23.1 steps are enough for
    /// the fullest server that there can be.
    static constexpr std::size_t most_fruitless_steps = std::size_t{1} << 24U;

    /// Empty `pattern`: all resources that have a fence; else it is one over lock keys, or over the
    /// names of semaphores. Stops taking names in at `limit`.
    list_query(node_pool& pool, std::string pattern, std::size_t limit,
               std::size_t patience = most_fruitless_steps, listed_keys what = listed_keys::locks);

    struct result {
        std::set<std::string> names;  ///< Of lock keys.
        core::node_set answered;
        failures why;  ///< Of those that did not.
    };
    /// `done` is called once.
    void start(std::function<void(const result&)> done);

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    void scan(node_index node, std::string_view cursor);
    void take(std::string_view key);
    [[nodiscard]] bool is_asked_slot(std::string_view key) const;
    [[nodiscard]] bool goes_round(node_index node, bool any_new);
    void settle(node_index node);

    listed_keys what_;
    bool by_fence_;
    std::string names_;    ///< The pattern that was asked for.
    std::string pattern_;  ///< Of keys, by which the node looks.
    std::size_t limit_;
    std::size_t patience_;
    std::vector<std::size_t> parts_done_;  ///< Of each node: its masters that were walked.
    std::vector<std::size_t> fruitless_;   ///< Of each node: steps since the last new name.
    core::node_set pending_;
    result result_;
    std::function<void(const result&)> done_;
};

}  // namespace redlock::driver
