// Tells nodes that they may vote, on somebody's word, and collects who took it. Strand only; kept
// alive by the connections.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/node_set.hpp"
#include "driver/failures.hpp"
#include "driver/node_pool.hpp"
#include "redis/wire/command.hpp"

namespace redlock::driver {

class vouch_call final : public redis::reply_sink, public std::enable_shared_from_this<vouch_call> {
  public:
    explicit vouch_call(node_pool& pool) : pool_(pool) {}

    /// `done` is called once, from inside if there is nothing to wait for, with those that did not
    /// take it.
    void start(core::node_set whom, std::function<void(const failures&)> done);

  private:
    void on_reply(std::uint32_t tag, const redis::reply_view& reply) override;
    void on_timeout(std::uint32_t tag, bool maybe_sent) override;
    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) override;
    void fail(node_index node, error_code cause, std::string_view message);
    void settle(node_index node);

    node_pool& pool_;
    core::node_set pending_;
    failures failures_;
    std::function<void(const failures&)> done_;
};

}  // namespace redlock::driver
