// While a master that Sentinels name is in use: asks them, now and then, whether it still is one.
// A master that was cut off from them answers as if nothing had happened, and one that hangs says
// nothing: in both cases another may have been promoted long ago. Asks only while it is told of
// commands, so that an idle client is idle. Strand only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <redlock/clock.hpp>
#include <string>
#include <vector>

#include "redis/connect/connection.hpp"
#include "redis/sentinel/master_search.hpp"
#include "redis/wire/detachable_sink.hpp"

namespace redlock::redis {

/// What the Sentinels answer to one question. Pure.
class sentinel_poll {
  public:
    /// So many are asked.
    void begin(std::size_t sentinels);
    /// What one of them says; nothing if it says nothing of use. Only the first word of each
    /// counts.
    void hear(std::size_t sentinel, std::optional<server_address> named);
    /// Everybody was heard.
    [[nodiscard]] bool over() const noexcept { return awaited_ == 0; }
    /// The first that names a server which is not the present one and which at least half of those
    /// that know one name, and at least two if so many are asked. One alone may be cut off, and
    /// stay with a master of the past, just when the others cannot be reached either.
    [[nodiscard]] std::optional<std::size_t> against(const server_address& present) const;
    [[nodiscard]] const server_address& named_by(std::size_t sentinel) const {
        return *named_[sentinel];
    }

  private:
    std::vector<std::optional<server_address>> named_;
    std::vector<bool> heard_;
    std::size_t awaited_ = 0;
};

/// Whether what the Sentinels say is a reason to leave the present master. Pure.
class dissent {
  public:
    using time_point = boot_clock::time_point;

    /// They hear of a failover one after the other, and until then name a master of the past: what
    /// they say must be said again, and for longer if it would lead us back.
    static constexpr std::chrono::seconds settled{1};
    static constexpr std::chrono::seconds settled_on_return{10};
    /// Sentinels that name one server in two ways, such as by name and by address, must not make
    /// us go to and fro: the same difference counts once a minute.
    static constexpr std::chrono::seconds same_again{60};

    /// To be asked after each poll; `named`: against `present`, if anything is.
    [[nodiscard]] bool counts(const std::optional<server_address>& named,
                              const server_address& present, time_point now);

  private:
    std::optional<server_address> named_;
    server_address present_;
    server_address before_;  ///< Where we were before `present_`.
    time_point since_{};
    std::optional<time_point> last_{};
};

class sentinel_watch final : private connection_events {
  public:
    static constexpr std::chrono::seconds period{2};

    /// `options` name the Sentinels. `master` is the connection that is left when they name another
    /// server, which `search` then finds. Both outlive this.
    sentinel_watch(outside::alarm_clock& clock, const connection_options& options,
                   connection& master, master_search& search, std::uint64_t seed);
    ~sentinel_watch();
    sentinel_watch(const sentinel_watch&) = delete;
    sentinel_watch& operator=(const sentinel_watch&) = delete;

    /// The master is being used: asks, unless that was done within the last `period`.
    void look();
    void stop();

  private:
    using answers = detachable_sink<sentinel_watch>;
    friend answers;

    // A Sentinel that cannot be asked tells nothing.
    void on_ready(const server_identity& /*identity*/) override {}
    void on_down(error_code /*cause*/, std::string_view /*message*/,
                 std::chrono::nanoseconds /*retry_in*/) override {}
    void on_answer(std::uint32_t tag, const reply_view& reply);
    void on_silence(std::uint32_t tag);
    void hear(std::uint32_t tag, std::optional<server_address> named);
    void conclude();

    sentinel_group group_;
    std::string question_;
    std::chrono::nanoseconds command_timeout_;
    outside::alarm_clock& clock_;
    connection& master_;
    master_search& search_;
    std::shared_ptr<answers> answers_;
    sentinel_poll poll_;
    dissent dissent_;
    std::uint32_t round_ = 0;
    boot_clock::time_point next_{};
    std::vector<std::unique_ptr<connection>> sentinels_;
};

}  // namespace redlock::redis
