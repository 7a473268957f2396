// One acquisition from its call to its completion: carries out what core::wait_session decides,
// with one driver::acquire_attempt after the other. Strand only; owned by the manager until it
// completes.
#pragma once

#include <chrono>
#include <memory>

#include "core/wait_session.hpp"
#include "driver/acquire_attempt.hpp"
#include "driver/alarm_clock.hpp"
#include "manager/completion.hpp"
#include "manager/manager_impl.hpp"
#include "redlock/lock.hpp"
#include "redlock/options.hpp"

namespace redlock::manager {

class acquire_operation final : public closable,
                                public driver::alarm,
                                public driver::acquire_attempt::owner,
                                public std::enable_shared_from_this<acquire_operation> {
  public:
    acquire_operation(manager_impl& manager, resource_name resource,
                      detail::acquire_request request, completion<error_code, lock> handler);
    ~acquire_operation() override;

    [[nodiscard]] completion<error_code, lock>& handler() { return handler_; }
    void start();
    /// The caller's cancellation. Reported when the nodes have confirmed that nothing is left, or
    /// had their time to.
    void cancel();

  private:
    void on_manager_closed() override;
    void on_alarm(core::instant now) override;
    void on_attempt_decided() override;

    void follow(const core::wait_session::step& step);
    void start_round();
    void hand_out();
    void finish(core::wait_end end);
    void fail(error_code error, std::string message);
    void complete(error_code error, lock held);
    [[nodiscard]] std::string attempt_token(const core::ballot_block& block) const;

    manager_impl& manager_;
    resource_name resource_;
    detail::acquire_request request_;
    std::chrono::milliseconds lease_time_;
    core::instant asked_at_;
    core::wait_session session_;
    completion<error_code, lock> handler_;
    std::shared_ptr<driver::acquire_attempt> attempt_;
    bool waiting_ = false;  // for another attempt, not for the nodes
    bool cancelled_ = false;
    bool done_ = false;
};

}  // namespace redlock::manager
