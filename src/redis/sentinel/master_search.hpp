// Which Sentinel to ask next where the master is, and what its answer means. Remembers who answered
// last, and nothing else: each search is new. Decides only; how a Sentinel is reached, logged in to
// and given up is connect_steps' business. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

/// What one Sentinel answered: where the master is, or why that is no help.
struct master_answer {
    std::optional<server_address> address{};
    error_code cause{};
    std::string why{};
};

/// Reads the answer to `master_question`. `secret` is masked where the Sentinel's words are shown.
[[nodiscard]] master_answer read_master(const reply_view& reply, const sentinel_group& group);

/// SENTINEL GET-MASTER-ADDR-BY-NAME, encoded.
[[nodiscard]] std::string master_question(const sentinel_group& group);

/// How to reach one of the Sentinels of `where`: a plain server with the group's own user, and with
/// TLS if the group says so. The name that the servers' certificates carry is not the Sentinels',
/// which are verified by the name under which they are listed.
[[nodiscard]] endpoint sentinel_endpoint(const endpoint& where, std::size_t index);

class master_search {
  public:
    explicit master_search(std::size_t sentinels) noexcept : sentinels_(sentinels) {}

    /// A new search: first whoever answered last, then the others in their order.
    void begin();
    /// The next search begins with this one.
    void prefer(std::size_t sentinel) noexcept { first_ = sentinel; }
    /// Whom to ask now; nobody when all have failed.
    [[nodiscard]] std::optional<std::size_t> next() const noexcept;
    /// The one that is being asked answered.
    void found() noexcept;
    /// Where it led was no master: the next search begins with another.
    void misled() noexcept;
    /// It is no help.
    void failed(error_code cause, std::string_view name, std::string_view why);

    /// Of a search in which all failed. What was answered tells more than that others were silent.
    [[nodiscard]] error_code cause() const noexcept { return cause_; }
    /// Each Sentinel and why, of bounded length.
    [[nodiscard]] std::string message(std::string_view master) const;

  private:
    std::size_t sentinels_;
    std::size_t first_ = 0;
    std::size_t asked_ = 0;  ///< How many failed in this search.
    error_code cause_;
    std::string reasons_;
    std::size_t untold_ = 0;
};

}  // namespace redlock::redis
