// The operations that ask the nodes and change nothing: status, is_locked, list, examine. Those of
// semaphores and attach lie in files of their own.
// One shape for all: start a query, and complete once, with its result, a cancellation or the
// manager's end. Strand only; owned by the manager until complete.
#pragma once

#include <boost/asio/error.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "doctor/examination.hpp"
#include "driver/queries.hpp"
#include "manager/completion.hpp"
#include "manager/manager_impl.hpp"
#include "redlock/health.hpp"
#include "redlock/lock.hpp"
#include "redlock/lock_manager.hpp"
#include "redlock/options.hpp"
#include "redlock/status.hpp"

namespace redlock::manager {

template <class Result>
class read_operation : public closable,
                       public std::enable_shared_from_this<read_operation<Result>> {
  public:
    read_operation(manager_impl& manager, completion<error_code, Result> handler)
        : manager_(manager), handler_(std::move(handler)) {}

    [[nodiscard]] completion<error_code, Result>& handler() { return handler_; }

    void start() {
        manager_.add(this->shared_from_this());
        if (manager_.closed()) {
            complete(errc::closed, nothing());
            return;
        }
        begin();
    }
    void cancel() { complete(boost::asio::error::operation_aborted, nothing()); }

  protected:
    virtual void begin() = 0;
    /// Gives up what may only be given up on the strand: a cancellation may let go the last
    /// reference elsewhere. May destroy what calls `complete`.
    virtual void end() {}

    [[nodiscard]] manager_impl& manager() { return manager_; }
    [[nodiscard]] Result nothing() const { return no_result<Result>(manager_.its_home()); }
    [[nodiscard]] std::weak_ptr<read_operation> weak() { return this->weak_from_this(); }
    [[nodiscard]] bool is_done() const { return done_; }
    void complete(error_code error, Result result) {
        if (std::exchange(done_, true)) {
            return;
        }
        const auto self = this->shared_from_this();
        manager_.remove(*this);
        end();
        handler_(error, std::move(result));
    }

  private:
    void on_manager_closed() override { complete(errc::closed, nothing()); }

    manager_impl& manager_;
    completion<error_code, Result> handler_;
    bool done_ = false;
};

/// Whether other clients of a node use another number of nodes: a majority of such nodes says
/// nothing of the locks of clients with others. Asks again for the next time, reading only:
/// somebody may have vouched.
[[nodiscard]] bool has_different_nodes(manager_impl& manager);

class status_operation final : public read_operation<resource_status> {
  public:
    status_operation(manager_impl& manager, resource_name resource,
                     completion<error_code, resource_status> handler);

  private:
    void begin() override;
    resource_name resource_;
};

class is_locked_operation final : public read_operation<bool> {
  public:
    is_locked_operation(manager_impl& manager, resource_name resource,
                        completion<error_code, bool> handler);

  private:
    void begin() override;
    resource_name resource_;
};

struct wanted_keys {
    std::string pattern;
    std::size_t limit;
    driver::listed_keys what;
};

/// Looks for keys on all nodes and hands them to `take`, with `errc::no_quorum` if too few nodes
/// answered, of which `details` then tells, if given. Not if `operation` is gone by then.
void look_for_keys(manager_impl& manager, const wanted_keys& wanted, diagnostics* details,
                   std::weak_ptr<void> operation,
                   std::function<void(error_code, const std::set<std::string>&)> take);

class list_operation final : public read_operation<std::vector<resource_name>> {
  public:
    list_operation(manager_impl& manager, std::string pattern, std::size_t limit,
                   diagnostics* details,
                   completion<error_code, std::vector<resource_name>> handler);

  private:
    void begin() override;
    std::string pattern_;
    std::size_t limit_;
    diagnostics* details_;
};

class examine_operation final : public read_operation<std::vector<node_health>> {
  public:
    examine_operation(manager_impl& manager, doctor::examination_terms terms, diagnostics* details,
                      completion<error_code, std::vector<node_health>> handler);

  private:
    void begin() override;
    void end() override { examination_.reset(); }
    doctor::examination_terms terms_;
    diagnostics* details_;
    std::optional<doctor::examination> examination_;
};

}  // namespace redlock::manager
