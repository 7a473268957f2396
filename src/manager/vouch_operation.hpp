// An operator's word for nodes, from its call to its completion. Strand only; owned by the manager
// until it completes.
#pragma once

#include <memory>

#include "core/node_set.hpp"
#include "driver/failures.hpp"
#include "manager/completion.hpp"
#include "manager/manager_impl.hpp"
#include "redlock/lock_manager.hpp"

namespace redlock::manager {

class vouch_operation final : public closable,
                              public std::enable_shared_from_this<vouch_operation> {
  public:
    vouch_operation(manager_impl& manager, const vouch_options& options,
                    completion<error_code> handler)
        : manager_(manager), options_(options), handler_(std::move(handler)) {}

    [[nodiscard]] completion<error_code>& handler() { return handler_; }
    void start();
    void cancel() { complete(boost::asio::error::operation_aborted, {}); }

  private:
    void on_manager_closed() override;
    void on_told(core::node_set asked, const driver::failures& why);
    void complete(error_code error, diagnostics why);

    manager_impl& manager_;
    vouch_options options_;
    completion<error_code> handler_;
    bool done_ = false;
};

}  // namespace redlock::manager
