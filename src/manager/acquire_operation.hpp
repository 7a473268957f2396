// Carries out one core::acquisition: stands in the local queue, and once it is first asks the nodes
// with one driver::acquire_attempt after the other; or is handed the lock by the holder before it.
// Strand only; owned by the manager until it completes.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/acquisition.hpp"
#include "driver/acquire_attempt.hpp"
#include "manager/completion.hpp"
#include "manager/held_lock.hpp"
#include "manager/manager_impl.hpp"
#include "manager/permit_search.hpp"
#include "outside/alarm_clock.hpp"
#include "redlock/lock.hpp"
#include "redlock/options.hpp"

namespace redlock::manager {

class acquire_operation : public closable,
                          public successor,
                          public outside::alarm,
                          public driver::acquire_attempt::owner,
                          public driver::key_watches::watcher,
                          public std::enable_shared_from_this<acquire_operation> {
  public:
    acquire_operation(manager_impl& manager, resource_name resource,
                      detail::acquire_request request, completion<error_code, lock>&& handler);
    ~acquire_operation() override;

    [[nodiscard]] completion<error_code, lock>& handler() { return handler_; }
    void start();
    /// The caller's cancellation. Reported when the nodes have confirmed that nothing is left, or
    /// had their time to.
    void cancel();

  protected:
    acquire_operation(manager_impl& manager, resource_name&& resource,
                      detail::acquire_request&& request, core::queueing waits,
                      completion<error_code, lock>&& handler);

    [[nodiscard]] manager_impl& manager() const { return manager_; }
    [[nodiscard]] const core::acquisition& its_course() const { return acquisition_; }

    // What is different for a lock of several names.
    /// All that it is to hold. Refers to `*this`.
    [[nodiscard]] virtual std::span<const resource_name> names() const { return {&resource_, 1}; }
    /// Why it is not even begun, if it is not.
    [[nodiscard]] virtual std::optional<driver::refusal> why_refused() const;
    [[nodiscard]] std::optional<driver::refusal> why_terms_are_refused() const;
    /// Queues behind others of its process, unless it may begin at once.
    [[nodiscard]] virtual bool waits_for_its_turn();
    [[nodiscard]] virtual std::optional<core::ballot_block> next_block() const;
    [[nodiscard]] virtual driver::extras_ptr extras_of(const driver::lock_identity& identity) const;
    /// What the holder key is to say; null for a lock that has none.
    [[nodiscard]] detail::shared_text record_of(const driver::lock_identity& identity) const;
    virtual void begin_watch();
    /// It is over, or wants the lock no more: watches nothing and holds nobody up.
    virtual void let_go();
    void compete() override;

  private:
    void on_manager_closed() override;
    void on_alarm(core::instant now) override;
    void on_attempt_decided() override;
    void on_key_changed(node_index which) override;
    void on_taken_back(node_index which) override;

    [[nodiscard]] core::acquisition::taking takes_over(core::instant now) const override {
        return acquisition_.takes_over(now);
    }
    [[nodiscard]] std::chrono::milliseconds lease_time() const override { return lease_time_; }
    [[nodiscard]] core::duration stop_margin() const override;
    void take_over(held_lock& from, won_lease won) override;

    /// Of the lock that the round under way asks for.
    [[nodiscard]] const resource_name& lock_name() const;
    /// What the nodes' line and the queue of the process belong to.
    [[nodiscard]] const resource_name& queue_name() const;
    [[nodiscard]] bool find_semaphore();
    [[nodiscard]] bool may_begin();
    void look_elsewhere();
    [[nodiscard]] std::function<void()> turn();
    void follow(const core::acquisition::step& step);
    void start_round();
    void hand_out();
    [[nodiscard]] held_handle hold(won_lease won);
    void complete_with(const held_handle& held);
    void leave_nodes_line(core::node_set granted);
    const driver::line_place* take_place(const core::ballot_block& block);
    [[nodiscard]] std::uint64_t block_width() const;
    [[nodiscard]] std::chrono::milliseconds first_lease() const;
    [[nodiscard]] bool fail_for_wrong_nodes();
    [[nodiscard]] bool fail_for_permits();
    void finish(core::wait_end end);
    void ask_for_holder(errc error, std::string_view message, std::size_t which);
    void note_holder(std::optional<lock_holder> who);
    void step_aside();
    [[nodiscard]] std::optional<std::size_t> place_in_line() const;
    void note_silent_nodes();
    /// Of the last attempt; of earlier ones where it had no time to learn of any.
    [[nodiscard]] const driver::failures& reasons();
    void fail(error_code error, std::string message);
    void complete(error_code error, lock&& held);
    [[nodiscard]] driver::lock_identity identity_with(const core::ballot_block& block) const;

    manager_impl& manager_;
    resource_name resource_;
    detail::acquire_request request_;
    std::chrono::milliseconds lease_time_;
    core::instant asked_at_;
    core::acquisition acquisition_;
    completion<error_code, lock> handler_;
    std::shared_ptr<driver::acquire_attempt> attempt_;
    driver::failures earlier_failures_;  ///< Of the latest attempt before that had any.
    driver::key_watches::watch watch_;
    std::unique_ptr<permit_search> permit_;  ///< Null for a lock.
    driver::line_place place_;
    /// Who has it, if that was asked for at the end: not in each of the many that wait.
    std::unique_ptr<lock_holder> holder_;
};

}  // namespace redlock::manager
