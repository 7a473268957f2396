// Where a lock belongs: its manager, the clock that its lease is judged by, and where completions
// run when their handlers name no executor. Outlives the manager with any lock of it, an empty one
// included; but lets go of the executor when its event loop ends, which a lock may outlive as well.
// Any thread.
#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <mutex>
#include <utility>

#include "base/forks.hpp"
#include "core/instant.hpp"
#include "outside/environment.hpp"

namespace redlock::manager {

class manager_impl;

class home {
  public:
    [[nodiscard]] static std::shared_ptr<home> of(const boost::asio::any_io_executor& where);
    /// Once, before anybody else has it.
    void set_up(const std::shared_ptr<manager_impl>& manager,
                std::shared_ptr<outside::environment> surroundings) {
        manager_ = manager;
        environment_ = std::move(surroundings);
    }

    /// Null when it is gone. To be kept while anything is done on its strand.
    [[nodiscard]] std::shared_ptr<manager_impl> manager() const { return manager_.lock(); }
    [[nodiscard]] core::instant now() const { return environment_->now(); }
    /// None if the event loop is gone.
    [[nodiscard]] boost::asio::any_io_executor executor() const;
    /// Whether this process is a forked child of the manager's.
    [[nodiscard]] bool foreign() const noexcept { return stamp_.foreign(); }

  private:
    class keeper;

    explicit home(boost::asio::any_io_executor where) : executor_(std::move(where)) {}
    void leave();

    std::weak_ptr<manager_impl> manager_;
    std::shared_ptr<outside::environment> environment_;
    mutable std::mutex guard_;
    boost::asio::any_io_executor executor_;
    base::process_stamp stamp_;
};

/// That of a lock or manager that may know none.
[[nodiscard]] inline boost::asio::any_io_executor executor_of(
    const std::shared_ptr<const home>& at) {
    return at ? at->executor() : boost::asio::any_io_executor{};
}

/// A manager's executor, also in the type in which a handler names its own: to put an executor into
/// one of another type takes an allocation. None for a lock that knows no manager.
struct home_executor {
    home_executor() = default;
    explicit home_executor(boost::asio::any_io_executor where) : io(std::move(where)) {
        if (io) {
            own = boost::asio::any_completion_executor{io};
        }
    }

    boost::asio::any_io_executor io;
    boost::asio::any_completion_executor own;
};

}  // namespace redlock::manager
