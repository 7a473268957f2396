// A whole Redis Cluster as one link: each command goes to the master of its key's slot, over a
// connection of its own, and follows the slot when it moves. Must never know what commands mean
// beyond the key they name. Events and sinks are as a connection's; everything happens on the
// clock's strand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "redis/connect/connection.hpp"
#include "redis/link.hpp"

namespace redlock::redis {

/// What is different from a connection:
///
/// - It is ready when the slots are known; if `greets`, when every master has told who it is as
///   well and the greeting was answered. The identity it tells is that of all masters together,
///   changes with each restart, promotion and moved slot, and is never trusted for its uptime.
/// - If `greets`, it is down as soon as a slot is seen to have moved or a master's connection to be
///   lost or renewed, before anything that comes of it is told, and asks by itself. Commands go
///   out meanwhile, except those for `this_connection`.
/// - A command that must follow another may overtake it when a slot moves: the first one is sent
///   again only when its server has refused it. Whoever needs more than that both are about the
///   same keys, and that each sees what the other left, has to see to it.
class cluster_link final : public link {
  public:
    /// `options.where.cluster` names the servers to begin with; the rest of `options.where` holds
    /// for each connection.
    cluster_link(outside::alarm_clock& clock, connection_options options, connection_events& events,
                 std::uint64_t seed);
    ~cluster_link() override;

    void start() override;
    void keep_trying() override;
    void stop() override;
    [[nodiscard]] error_code send(command&& what) override;
    [[nodiscard]] std::size_t parts() const noexcept override;
    [[nodiscard]] error_code send_to_part(std::size_t part, command&& what) override;
    [[nodiscard]] connection_state state() const noexcept override;
    [[nodiscard]] const std::string& last_error_message() const noexcept override;

  private:
    class shell;
    class member;
    class relay;
    class question;
    std::shared_ptr<shell> shell_;
};

}  // namespace redlock::redis
