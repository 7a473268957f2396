// Which Sentinel to ask next where the master is, and what its answer means. Remembers who answered
// last, and nothing else: each search is new. Decides only; how a Sentinel is reached, logged in to
// and given up is the connection's business. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

#include "redis/connect/discovery.hpp"

namespace redlock::redis {

/// Reads the answer to `master_question`. The group's password is masked in the Sentinel's words.
[[nodiscard]] master_answer read_master(const reply_view& reply, const sentinel_group& group);

/// SENTINEL GET-MASTER-ADDR-BY-NAME, encoded.
[[nodiscard]] std::string master_question(const sentinel_group& group);

/// How to reach one of the Sentinels of `where`: a plain server with the group's own user, and with
/// TLS if the group says so. The name that the servers' certificates carry is not the Sentinels',
/// which are verified by the name under which they are listed.
[[nodiscard]] endpoint sentinel_endpoint(const endpoint& where, std::size_t index);

class master_search final : public discovery {
  public:
    /// `where` lists the Sentinels.
    explicit master_search(endpoint where);

    /// Those who are asked: first whoever answered last, then the others in their order.
    void begin() override;
    /// The next search begins with this one.
    void prefer(std::size_t sentinel) noexcept { first_ = sentinel; }
    [[nodiscard]] std::optional<endpoint> next() const override;
    [[nodiscard]] std::string question() const override;
    [[nodiscard]] master_answer read(const reply_view& reply) const override;
    void found() noexcept override;
    /// The next search begins with another.
    void misled() noexcept override;
    void failed(error_code cause, std::string_view name, std::string_view why) override;

    /// What was answered tells more than that others were silent.
    [[nodiscard]] error_code cause() const noexcept override { return cause_; }
    /// Each Sentinel and why.
    [[nodiscard]] std::string message() const override;
    [[nodiscard]] const way_words& words() const noexcept override;

  private:
    /// Of the one that is asked when so many have failed.
    [[nodiscard]] std::size_t after(std::size_t failures) const noexcept;

    endpoint where_;
    std::size_t first_ = 0;
    std::size_t asked_ = 0;  ///< How many failed in this search.
    error_code cause_;
    std::string reasons_;
    std::size_t untold_ = 0;
};

}  // namespace redlock::redis
