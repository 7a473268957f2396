// What a lock_manager is behind its handle: the strand, the nodes, the clock, and the lists of what
// is being acquired and held. Owns no rule of the protocol. Everything but `active_locks` and the
// construction happens on the strand.
//
// Ownership is a tree, so that nothing leaks when an event loop is given up half-way: the manager
// owns its nodes, operations and locks, which refer back to it without owning it. It lives as long
// as its handle, and while the event loop waits for an alarm of its.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/strand.hpp"
#include "core/local_queues.hpp"
#include "driver/node_pool.hpp"
#include "manager/arguments.hpp"
#include "manager/counters.hpp"
#include "manager/home.hpp"
#include "manager/kept_list.hpp"
#include "manager/opening.hpp"
#include "manager/semaphores.hpp"
#include "outside/alarm_clock.hpp"
#include "redlock/lock.hpp"
#include "redlock/options.hpp"
#include "redlock/types.hpp"

namespace redlock::manager {

class held_lock;
class close_operation;

/// Something that must end when the manager closes.
class closable : public keepable<closable> {
  public:
    virtual ~closable() = default;
    /// Completes with `errc::closed`.
    virtual void on_manager_closed() = 0;
};

class manager_impl : public std::enable_shared_from_this<manager_impl> {
  public:
    [[nodiscard]] static std::shared_ptr<manager_impl> make(boost::asio::any_io_executor executor,
                                                            const std::vector<endpoint>& endpoints,
                                                            const manager_options& options);
    manager_impl(const manager_impl&) = delete;
    manager_impl& operator=(const manager_impl&) = delete;
    ~manager_impl();

    [[nodiscard]] const home_executor& executor() const { return executor_; }
    [[nodiscard]] const boost::asio::any_io_executor& strand() const { return strand_; }
    [[nodiscard]] std::shared_ptr<const home> its_home() const { return home_; }
    /// For the public interface: runs `what` on the strand, at once if nobody else is on it.
    template <class What>
    void on_strand(What what) {
        if (base::is_on(strand_)) {
            // An observer calls: not under the feet of what it is being told of.
            base::post_to(strand_, std::move(what));
        } else {
            base::dispatch_to(strand_, std::move(what));
        }
    }
    [[nodiscard]] const manager_options& options() const { return nodes_.options(); }
    [[nodiscard]] driver::node_pool& nodes() { return nodes_; }
    /// Whether a resource may be called this here.
    [[nodiscard]] complaint check_name(const resource_name& resource) const {
        return check_resource(resource, nodes_.keys(), nodes_.clustered());
    }
    [[nodiscard]] outside::alarm_clock& clock() { return clock_; }
    [[nodiscard]] opening& gate() { return gate_; }
    [[nodiscard]] core::local_queues& queues() { return queues_; }
    [[nodiscard]] manager::semaphores& semaphores() { return semaphores_; }
    /// The same name, with the text of the last one if that was equal: many waiters keep it once.
    [[nodiscard]] const resource_name& shared_name(const resource_name& name) {
        if (last_name_.str() != name.str()) {
            last_name_ = name;
        }
        return last_name_;
    }
    [[nodiscard]] manager_counters& counters() { return counters_; }
    [[nodiscard]] diagnostics explain(std::string message, const driver::failures& why) const {
        return why.to_diagnostics(std::move(message), nodes_.names());
    }

    /// Who wants to know what this manager does to a lock: the nodes tell everybody else.
    [[nodiscard]] driver::key_watches& own_news() { return own_news_; }
    void tell_observers(const resource_name& resource) const {
        if (own_news_.any()) {
            own_news_.tell(0, resource.str());
        }
    }

    /// Owned from now on, until removed.
    void add(std::shared_ptr<closable> operation) { operations_.add(std::move(operation)); }
    void remove(closable& operation) { const auto last = operations_.remove(operation); }
    void add(held_handle held);
    /// Result: the reference that kept it, which may be the last.
    held_handle remove(held_lock& held);
    /// Any thread.
    [[nodiscard]] std::vector<active_lock> active_locks() const;

    [[nodiscard]] bool closed() const { return closed_; }
    /// Ends all operations and begins to release all locks, which it returns.
    [[nodiscard]] std::vector<held_handle> begin_close();
    /// In a forked child: ends all that the copy was at, without a word to the nodes.
    void leave_to_parent();
    /// The close under way or done; null before.
    [[nodiscard]] const std::shared_ptr<close_operation>& close() const { return close_; }
    void set_close(std::shared_ptr<close_operation> close) { close_ = std::move(close); }

  private:
    manager_impl(boost::asio::any_io_executor executor, const std::vector<endpoint>& endpoints,
                 const manager_options& options);

    home_executor executor_;
    std::shared_ptr<home> home_;
    boost::asio::any_io_executor strand_;
    outside::alarm_clock clock_;
    driver::node_pool nodes_;
    opening gate_;
    manager_counters counters_;
    bool closed_ = false;
    std::shared_ptr<close_operation> close_;
    resource_name last_name_;
    driver::key_watches own_news_{[](bool) {}};  // before the operations, some of which watch
    manager::semaphores semaphores_;
    core::local_queues queues_;  // before the operations, which stand in them
    kept_list<closable> operations_;
    mutable std::mutex held_guard_;  // for `active_locks`, which any thread may call
    kept_list<held_lock, held_handle> held_;
};

}  // namespace redlock::manager
