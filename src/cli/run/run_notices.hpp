// What `redlock run` says of its lock and its command, and how that decides the exit status. What
// ends the command is said once, by whichever of redlock and the keeper notices it first. Knows
// neither locks nor processes. Main thread only.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/base/message.hpp"
#include "cli/process/keeper_process.hpp"
#include "cli/process/stop_plan.hpp"

namespace redlock::cli {

class run_notices {
  public:
    using teller = std::function<void(const message&)>;

    /// Says through `tell` what is printable.
    run_notices(std::string_view resource, std::optional<std::chrono::nanoseconds> max_hold,
                teller tell);

    /// What the keeper says when redlock cannot.
    [[nodiscard]] keeper_lines for_keeper() const;
    /// From now on the keeper notices as well.
    void share_with(stop_claims& keepers) noexcept { shared_ = &keepers; }
    /// The keeper goes. What it has noticed stays noticed.
    void share_no_more() noexcept;

    [[nodiscard]] bool is_lost() const noexcept;
    /// The exit status of the whole; `own` is the command's, or what the rest came to.
    [[nodiscard]] int status(int own) const noexcept;

    void lost(std::string_view reason);
    /// Nobody was told of it.
    void lost_before_the_end();
    void gone_before_the_release();
    void overrun();

    void keeper_ended() const;
    void background_is_ended() const;
    void perhaps_not_released(std::string_view why) const;
    void not_proclaimed(std::string_view why) const;
    /// In a campaign: of a command that has ended with this status, after which a pause follows.
    void runs_again(int status, std::chrono::nanoseconds ran, std::chrono::nanoseconds pause) const;

    /// In a campaign: what was noticed belongs to a term that is over.
    void begin_anew() noexcept;

  private:
    /// The text of `what` is put behind the name.
    void tell(message what) const;
    void tell_loss(std::string_view text) const;
    [[nodiscard]] bool is_first_to_notice(stop_cause cause) noexcept;
    [[nodiscard]] std::string too_long() const;

    std::string resource_;
    std::string name_;  ///< Printable.
    std::optional<std::chrono::nanoseconds> max_hold_;
    teller tell_;
    stop_claims own_;  ///< While there is no keeper to share with.
    stop_claims* shared_ = nullptr;
};

}  // namespace redlock::cli
