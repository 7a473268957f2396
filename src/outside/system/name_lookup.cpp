// The threads and what they share with the event loop; see name_lookup.hpp. A thread may outlive
// everything here, so that all it may touch is a desk of its own share, and nothing of the event
// loop once the desk is closed.
#include "outside/system/name_lookup.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <csignal>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/forks.hpp"

namespace redlock::outside {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct question {
    std::string host;
    std::uint16_t port = 0;

    auto operator<=>(const question&) const = default;
};

// The synchronous resolver needs no thread of Asio's, and words its failures as the other does.
name_lookup::addresses look_up(const question& asked, error_code& failure) {
    asio::io_context own{1};
    tcp::resolver resolver{own};
    const auto found = resolver.resolve(asked.host, std::to_string(asked.port),
                                        tcp::resolver::numeric_service, failure);
    name_lookup::addresses all;
    for (const auto& each : found) {
        all.push_back(each.endpoint());
    }
    return all;
}

std::atomic<std::size_t> looking_up{0};

/// Signals are for the program's own threads: one that is created meanwhile gets none.
class without_signals {
  public:
    without_signals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    without_signals(const without_signals&) = delete;
    without_signals& operator=(const without_signals&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace

/// Who waits for which name, of one execution context. Any thread.
class name_lookup::desk : public std::enable_shared_from_this<desk> {
  public:
    void ask(const name_lookup& owner, const asio::any_io_executor& executor, const question& asked,
             handler found) {
        const std::lock_guard lock{guard_};
        if (closed_) {
            return;
        }
        const auto [at, first] = asked_.try_emplace(asked);
        at->second.emplace_back(owner, executor, std::move(found));
        if (!first) {
            return;
        }
        if (const error_code failure = start_thread(asked)) {
            tell(std::move(asked_.extract(at).mapped()), failure, {});
        }
    }

    void forget(const name_lookup& owner) {
        const std::unique_lock lock = enter();
        if (!lock) {
            return;
        }
        for (auto& [asked, waiting] : asked_) {
            const auto its_own =
                std::stable_partition(waiting.begin(), waiting.end(),
                                      [&](const waiter& each) { return each.owner != &owner; });
            tell({std::make_move_iterator(its_own), std::make_move_iterator(waiting.end())},
                 asio::error::operation_aborted, {});
            waiting.erase(its_own, waiting.end());
        }
    }

    /// The execution context ends: whoever still waits is told nothing, but destroyed, as Asio does
    /// with all that is outstanding then.
    void close() {
        std::map<question, std::vector<waiter>> left;
        {
            const std::unique_lock lock = enter();
            if (!lock) {
                return;
            }
            closed_ = true;
            left.swap(asked_);
        }
    }

  private:
    struct waiter {
        waiter(const name_lookup& asking, const asio::any_io_executor& its, handler its_own)
            : owner(&asking),
              executor(asio::prefer(its, asio::execution::outstanding_work.tracked)),
              found(std::move(its_own)) {}

        const name_lookup* owner;
        asio::any_io_executor executor;
        handler found;
    };

    // In a forked child, a thread that was left behind in the parent may have the lock for ever.
    std::unique_lock<std::mutex> enter() {
        return stamp_.foreign() ? std::unique_lock{guard_, std::try_to_lock}
                                : std::unique_lock{guard_};
    }

    // Under the lock, like whatever else touches an executor: what it belongs to is there as long
    // as the desk is open. Nothing is called from inside a post.
    static void tell(std::vector<waiter> waiting, error_code failure, const addresses& all) {
        for (waiter& each : waiting) {
            asio::post(each.executor,
                       [found = std::move(each.found), failure, all] { found(failure, all); });
        }
    }

    void answer(const question& asked, error_code failure, const addresses& all) {
        const std::lock_guard lock{guard_};
        if (!closed_) {
            tell(std::move(asked_.extract(asked).mapped()), failure, all);
        }
    }

    error_code start_thread(const question& asked) {
        const without_signals blocked;
        ++looking_up;
        try {
            std::thread{[self = shared_from_this(), asked]() mutable {
                error_code failure;
                const addresses all = look_up(asked, failure);
                self->answer(asked, failure, all);
                self.reset();
                --looking_up;
            }}.detach();
        } catch (const std::system_error& none) {
            --looking_up;
            return {none.code().value(), boost::system::system_category()};
        }
        return {};
    }

    base::process_stamp stamp_;
    std::mutex guard_;
    bool closed_ = false;
    /// Each has a thread, even if nobody waits for it any more.
    std::map<question, std::vector<waiter>> asked_;
};

/// Closes the desk when its execution context ends.
class name_lookup::lookup_service final : public asio::execution_context::service {
  public:
    using key_type = lookup_service;

    static inline asio::execution_context::id id;

    explicit lookup_service(asio::execution_context& of) : service(of) {}

    const std::shared_ptr<desk> open = std::make_shared<desk>();

  private:
    void shutdown() override { open->close(); }
};

name_lookup::name_lookup(asio::any_io_executor executor) : executor_(std::move(executor)) {}

name_lookup::~name_lookup() {
    cancel();
}

void name_lookup::async_resolve(const std::string& host, std::uint16_t port, handler found) {
    if (desk_ == nullptr) {
        asio::execution_context& context = asio::query(executor_, asio::execution::context);
        desk_ = asio::use_service<lookup_service>(context).open;
    }
    desk_->ask(*this, executor_, {host, port}, std::move(found));
}

std::size_t name_lookup::under_way() noexcept {
    return looking_up.load();
}

void name_lookup::cancel() noexcept {
    if (desk_ != nullptr) {
        desk_->forget(*this);
    }
}

}  // namespace redlock::outside
