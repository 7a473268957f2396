// What every operation on all nodes has in common: sends a command to a node, falls back from
// EVALSHA to EVAL, and folds the many ways of not getting an answer into one. Decides nothing about
// locks. Strand only; kept alive by the connections until each node has answered or failed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "driver/failures.hpp"
#include "driver/node_pool.hpp"
#include "driver/script_call.hpp"
#include "redis/wire/command.hpp"

namespace redlock::driver {

class fan_out : public redis::reply_sink, public std::enable_shared_from_this<fan_out> {
  public:
    fan_out(const fan_out&) = delete;
    fan_out& operator=(const fan_out&) = delete;

    /// Why nodes did not help, so far.
    [[nodiscard]] const failures& why() const { return failures_; }

  protected:
    /// `pool` must outlive every connection's last word, which it does by owning the connections.
    explicit fan_out(node_pool& pool) : pool_(pool) {}
    ~fan_out() override = default;

    [[nodiscard]] node_pool& pool() const { return pool_; }
    [[nodiscard]] failures& failed() { return failures_; }

    /// Sends to one node. An error means that nothing was sent, and `on_no_answer` is not called.
    [[nodiscard]] error_code ask(node_index node, const script_call& call, redis::delivery how,
                                 core::instant now) {
        return ask(node, call.command(), how, now);
    }
    [[nodiscard]] error_code ask(node_index node, redis::command&& what, redis::delivery how,
                                 core::instant now);
    /// As `ask`, but what could not be sent is reported to `on_no_answer` right away.
    void ask_or_report(node_index node, const script_call& call,
                       redis::delivery how = redis::delivery::usual) {
        send_or_report(node, call.command(), how);
    }

    /// The script sent to this node, to be repeated by its body after NOSCRIPT; null to treat
    /// NOSCRIPT as an error: when the answer is not wanted any more, or when no script was sent.
    [[nodiscard]] virtual const script_call* script_for(node_index node) = 0;
    /// On which terms it is repeated.
    [[nodiscard]] virtual redis::delivery repeated(node_index /*node*/) const {
        return redis::delivery::must_follow;
    }
    /// The script was sent once more.
    virtual void on_repeated(node_index /*node*/) {}
    /// Any reply but NOSCRIPT from a node that may vote.
    virtual void on_answer(node_index node, const redis::reply_view& reply) = 0;
    /// May be followed by a late `on_answer` of the same node.
    virtual void on_no_answer(node_index node, error_code cause, std::string message,
                              bool maybe_executed) = 0;

  private:
    void on_reply(std::uint32_t tag, const redis::reply_view& reply) final;
    void on_refused_together(std::uint32_t tag, const redis::reply_view& error) final;
    void on_timeout(std::uint32_t tag, bool maybe_sent) final;
    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) final;
    void send_or_report(node_index node, redis::command&& what, redis::delivery how);

    /// Whether alone it may fare better, or have an error that says more.
    [[nodiscard]] static bool may_fare_better_alone(std::string_view error);

    node_pool& pool_;
    failures failures_;
    core::node_set alone_;  ///< Nodes to which it goes in a call of its own.
};

}  // namespace redlock::driver
