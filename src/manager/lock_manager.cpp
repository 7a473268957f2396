#include "redlock/lock_manager.hpp"

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "base/recycled.hpp"
#include "manager/acquire_all_operation.hpp"
#include "manager/acquire_operation.hpp"
#include "manager/arguments.hpp"
#include "manager/attach_operation.hpp"
#include "manager/close_operation.hpp"
#include "manager/home.hpp"
#include "manager/manager_impl.hpp"
#include "manager/observe_operation.hpp"
#include "manager/read_operations.hpp"
#include "manager/semaphore_operations.hpp"
#include "manager/vouch_operation.hpp"

namespace redlock {

namespace {

using manager::completion;
using manager::home_executor;
using manager::manager_impl;

/// Makes an operation, has it `begin` on the strand, and lets the caller cancel it from now on; or
/// completes with `errc::closed` if the manager is gone, `errc::forked` if it is the parent's.
template <class Manager, class Make, class Begin, class... Result>
void launch_made(const Manager& its,
                 boost::asio::any_completion_handler<void(error_code, Result...)> handler,
                 Make make, Begin begin) {
    const bool copy = its.home->foreign();
    const auto impl = copy ? nullptr : its.impl.lock();
    if (!impl) {
        completion<error_code, Result...>{std::move(handler), home_executor{its.home->executor()}}(
            copy ? errc::forked : errc::closed, manager::no_result<Result>(its.home)...);
        return;
    }
    auto operation =
        make(*impl, completion<error_code, Result...>{std::move(handler), impl->executor()});
    operation->handler().on_cancel(impl->strand(), operation);
    impl->on_strand([impl, operation = std::move(operation), begin] { begin(impl, operation); });
}

/// The same of an operation that is made of the manager, `args` and the completion, and started.
template <class Operation, class Manager, class... Result, class... Args>
void launch(const Manager& its,
            boost::asio::any_completion_handler<void(error_code, Result...)> handler,
            Args&&... args) {
    launch_made(
        its, std::move(handler),
        [&](manager_impl& manager, auto completion) {
            return base::make_recycled<Operation>(manager, std::forward<Args>(args)...,
                                                  std::move(completion));
        },
        [](const auto& /*impl*/, const auto& operation) { operation->start(); });
}

}  // namespace

node_list::node_list(std::initializer_list<std::string_view> urls) {
    for (const auto url : urls) {
        endpoints_.push_back(parse_endpoint(url).value());
    }
}

node_list::node_list(const std::vector<std::string>& urls) {
    for (const auto& url : urls) {
        endpoints_.push_back(parse_endpoint(url).value());
    }
}

node_list::node_list(std::vector<endpoint> endpoints) : endpoints_(std::move(endpoints)) {}

lock_manager::lock_manager(boost::asio::any_io_executor executor, const node_list& nodes,
                           manager_options options) {
    if (auto wrong = manager::check_manager(nodes.endpoints(), options)) {
        throw lock_error(errc::invalid_argument, {std::move(*wrong), {}});
    }
    impl_ = manager_impl::make(std::move(executor), nodes.endpoints(), options);
    home_ = impl_->its_home();
}

// What is left behind still knows where its completions belong.
lock_manager::lock_manager(lock_manager&& other) noexcept
    : impl_(std::move(other.impl_)),
      home_(other.home_) {}  // NOLINT(performance-move-constructor-init): it keeps it

lock_manager& lock_manager::operator=(lock_manager&& other) noexcept {
    // The old state closes with the temporary's end.
    lock_manager old{std::move(*this)};
    impl_ = std::move(other.impl_);
    home_ = other.home_;
    return *this;
}

lock_manager::~lock_manager() {
    if (!impl_ || home_->foreign()) {
        return;
    }
    try {
        boost::asio::post(impl_->strand(),
                          [impl = impl_] { manager::close_manager(impl, nullptr); });
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // No memory for the post: leases end by themselves.
    }
}

boost::asio::any_io_executor lock_manager::get_executor() const noexcept {
    return manager::executor_of(home_);
}

std::vector<active_lock> lock_manager::active_locks() const {
    return impl_->active_locks();
}

manager_statistics lock_manager::statistics() const {
    return impl_->counters().read();
}

void lock_manager::start_acquire(const weak_impl& impl, resource_name resource,
                                 detail::acquire_request request,
                                 any_handler<error_code, lock> handler) {
    launch<manager::acquire_operation>(impl, std::move(handler), std::move(resource),
                                       std::move(request));
}

void lock_manager::start_acquire_all(const weak_impl& impl, resource_names resources,
                                     detail::acquire_request request,
                                     any_handler<error_code, lock> handler) {
    auto names = std::move(resources).sorted();
    if (names.size() == 1) {
        start_acquire(impl, std::move(names.front()), std::move(request), std::move(handler));
        return;
    }
    launch<manager::acquire_all_operation>(impl, std::move(handler), std::move(names),
                                           std::move(request));
}

void lock_manager::start_attach(const weak_impl& impl, resource_names resources,
                                detail::acquire_request request,
                                any_handler<error_code, lock> handler) {
    launch<manager::attach_operation>(impl, std::move(handler), std::move(resources).sorted(),
                                      std::move(request));
}

void lock_manager::start_status(const weak_impl& impl, resource_name resource,
                                any_handler<error_code, resource_status> handler) {
    launch<manager::status_operation>(impl, std::move(handler), std::move(resource));
}

void lock_manager::start_semaphore_status(const weak_impl& impl, semaphore of,
                                          any_handler<error_code, semaphore_status> handler) {
    launch<manager::semaphore_status_operation>(impl, std::move(handler), std::move(of));
}

void lock_manager::start_observe(const weak_impl& impl, resource_name resource,
                                 std::optional<leader_view> seen,
                                 any_handler<error_code, leader_view> handler) {
    launch<manager::observe_operation>(impl, std::move(handler), std::move(resource),
                                       std::move(seen));
}

void lock_manager::start_is_locked(const weak_impl& impl, resource_name resource,
                                   any_handler<error_code, bool> handler) {
    launch<manager::is_locked_operation>(impl, std::move(handler), std::move(resource));
}

void lock_manager::start_list(const weak_impl& impl, std::string pattern, std::size_t limit,
                              diagnostics* details,
                              any_handler<error_code, std::vector<resource_name>> handler) {
    launch<manager::list_operation>(impl, std::move(handler), std::move(pattern), limit, details);
}

void lock_manager::start_list_semaphores(const weak_impl& impl, std::string pattern,
                                         std::size_t limit, diagnostics* details,
                                         any_handler<error_code, std::vector<semaphore>> handler) {
    launch<manager::list_semaphores_operation>(impl, std::move(handler), std::move(pattern), limit,
                                               details);
}

void lock_manager::start_vouch(const weak_impl& impl, const vouch_options& options,
                               any_handler<error_code> handler) {
    launch<manager::vouch_operation>(impl, std::move(handler), options);
}

void lock_manager::start_examine(const weak_impl& impl, std::size_t samples, std::string resource,
                                 diagnostics* details,
                                 any_handler<error_code, std::vector<node_health>> handler) {
    launch<manager::examine_operation>(impl, std::move(handler),
                                       doctor::examination_terms{samples, std::move(resource), {}},
                                       details);
}

void lock_manager::start_close(const weak_impl& impl, any_handler<error_code> handler) {
    // `errc::closed` if it has closed by itself: nobody can tell any more how that ended.
    launch_made(
        impl, std::move(handler),
        [](manager_impl& /*manager*/, auto completion) {
            return base::make_recycled<manager::outcome_waiter>(std::move(completion));
        },
        manager::close_manager);
}

}  // namespace redlock
