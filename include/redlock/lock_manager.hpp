// The entry to the library: a set of independent Redis nodes, and the locks taken on them.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution_context.hpp>
#include <concepts>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redlock/endpoint.hpp"
#include "redlock/export.hpp"
#include "redlock/health.hpp"
#include "redlock/lock.hpp"
#include "redlock/options.hpp"
#include "redlock/resource_names.hpp"
#include "redlock/same_asio.hpp"
#include "redlock/statistics.hpp"
#include "redlock/status.hpp"

namespace redlock {

namespace manager {
class manager_impl;
}

/// The nodes of a manager, from URLs or endpoints. Throws `lock_error` (`errc::invalid_argument`)
/// for a URL that cannot be read, naming the part at fault and no secret.
class REDLOCK_API node_list {
  public:
    node_list(std::initializer_list<std::string_view> urls);  // NOLINT(*-explicit-*)
    node_list(const std::vector<std::string>& urls);          // NOLINT(*-explicit-*)
    node_list(std::vector<endpoint> endpoints);               // NOLINT(*-explicit-*)

    [[nodiscard]] const std::vector<endpoint>& endpoints() const noexcept { return endpoints_; }

  private:
    std::vector<endpoint> endpoints_;
};

/// Options of `async_list`.
struct list_options {
    /// A glob pattern of Redis over lock keys. Empty: every resource with a living fence, that is,
    /// all that this library locked within `manager_options::fence_lifetime`.
    std::string_view pattern{};  ///< Copied by the initiating call.
    /// The largest number of names.
    std::size_t limit = 10'000;
    diagnostics* details = nullptr;
};

static_assert(std::is_trivially_destructible_v<list_options>);

/// Options of `async_vouch`.
struct vouch_options {
    /// Omitted: all nodes.
    std::optional<node_index> node{};
    diagnostics* details = nullptr;  ///< As in `acquire_options`.
};

static_assert(std::is_trivially_destructible_v<vouch_options>);

/// Acquires and releases locks on N independent Redis nodes; a lock is held when a majority has
/// granted it.
///
/// Lifetime: the destructor begins a close in the background and returns at once; keep running the
/// executor for as long as that takes, or await `async_close` first. Locks may outlive the manager.
/// Forks: in a forked child a manager is a copy. Its operations complete with `errc::forked`, and
/// neither they nor its destructor send anything; see docs/fork.md. Threads: all functions may be
/// called from any thread. The manager's own work runs on a strand over the given executor;
/// completions are posted to the handler's associated executor, else to the given one, and nowhere
/// else, even when the manager was moved from or is gone. So blocking work there does not delay the
/// watchdog as long as the executor has another thread. An idle manager that holds nothing has no
/// work outstanding: `io_context::run()` can return.
class REDLOCK_API lock_manager {
  public:
    /// Connects on first use. Throws `lock_error` (`errc::invalid_argument`) if there is no node,
    /// there are more than 63, one is listed twice, or an option cannot be used.
    lock_manager(boost::asio::any_io_executor executor, const node_list& nodes,
                 manager_options options = {});
    /// The same on the executor of an `io_context`, a `thread_pool` or a similar context, which
    /// must outlive the manager's outstanding operations.
    template <std::derived_from<boost::asio::execution_context> Context>
    lock_manager(Context& context, const node_list& nodes, manager_options options = {})
        : lock_manager(boost::asio::any_io_executor{context.get_executor()}, nodes,
                       std::move(options)) {}
    lock_manager(lock_manager&& other) noexcept;
    lock_manager& operator=(lock_manager&&) noexcept;
    ~lock_manager();

    [[nodiscard]] boost::asio::any_io_executor get_executor() const noexcept;

    /// Acquires the lock, waiting as `options.wait` says.
    ///
    /// Completes with `void(error_code, lock)`: the lock, valid at that moment; or
    /// `errc::contended`, `errc::timed_out`, `errc::no_quorum`, `errc::closed`,
    /// `errc::invalid_argument`, `errc::same_server_twice`, `errc::different_nodes`. Cancellation
    /// (terminal, partial, total): completes with `asio::error::operation_aborted`, and any grant
    /// that the attempt may have left on a node is released.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_acquire(resource_name resource, const acquire_options& options = {},
                       CompletionToken&& token = CompletionToken{}) {
        return async_acquire_as(std::move(resource), detail::acquire_request{options},
                                std::forward<CompletionToken>(token));
    }

    /// For the library itself: whatever the request describes.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_acquire_as(resource_name&& resource, detail::acquire_request&& request,
                          CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code, lock)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_name name,
                                             detail::acquire_request wanted) {
                start_acquire(impl, std::move(name), std::move(wanted), std::move(handler));
            },
            token, std::move(resource), std::move(request));
    }

    /// Acquires it as one of any number of holders: together they exclude those who acquire it by
    /// `async_acquire`, and clients of other libraries. Completes as that does.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_acquire_shared(resource_name resource, const acquire_options& options = {},
                              CompletionToken&& token = CompletionToken{}) {
        return async_acquire_as(std::move(resource),
                                detail::acquire_request{options, lock_mode::shared},
                                std::forward<CompletionToken>(token));
    }

    /// Acquires one of the permits of a semaphore: any one that is free, with a lock of its own on
    /// the nodes. `lock::slot` tells which. A permit is renewed, extended, released and lost like
    /// any lock; it cannot be downgraded.
    ///
    /// Completes as `async_acquire` does; also with `errc::permits_mismatch` if other clients use
    /// the semaphore with another number of permits.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_acquire_any(const semaphore& from, const acquire_options& options = {},
                           CompletionToken&& token = CompletionToken{}) {
        return async_acquire_as(resource_name{from.name},
                                detail::acquire_request::for_permit(options, from.permits),
                                std::forward<CompletionToken>(token));
    }

    /// `async_acquire_any` with a single attempt, whatever `options.wait` says: it looks at every
    /// slot that may be free, and waits for none.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_try_acquire_any(const semaphore& from, acquire_options options = {},
                               CompletionToken&& token = CompletionToken{}) {
        options.wait = wait_policy::none();
        return async_acquire_any(from, options, std::forward<CompletionToken>(token));
    }

    /// `async_acquire` with a single attempt, whatever `options.wait` says.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_try_acquire(resource_name resource, acquire_options options = {},
                           CompletionToken&& token = CompletionToken{}) {
        options.wait = wait_policy::none();
        return async_acquire(std::move(resource), options, std::forward<CompletionToken>(token));
    }

    /// Acquires several resources as one lock, all of them or none: no client holds some of them
    /// while it waits for the others, so acquisitions in different orders cannot block each other
    /// for ever. The lock has one token, one fencing token, which is above those of each resource,
    /// and one validity. The loss of one resource is the loss of all. To others each is an ordinary
    /// lock. With one name it is `async_acquire`.
    ///
    /// It does not stand in the nodes' line, so waiters of other processes may come before it; see
    /// docs/decisions/all-or-none.md. Completes as `async_acquire` does, and with
    /// `errc::no_resource`, `errc::too_many_resources`, `errc::resource_twice` or
    /// `errc::different_slots`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_acquire_all(resource_names resources, const acquire_options& options = {},
                           CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code, lock)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_names names,
                                             detail::acquire_request request) {
                start_acquire_all(impl, std::move(names), std::move(request), std::move(handler));
            },
            token, std::move(resources), detail::acquire_request{options});
    }

    /// `async_acquire_all` with a single attempt, whatever `options.wait` says.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_try_acquire_all(resource_names resources, acquire_options options = {},
                               CompletionToken&& token = CompletionToken{}) {
        options.wait = wait_policy::none();
        return async_acquire_all(std::move(resources), options,
                                 std::forward<CompletionToken>(token));
    }

    /// Takes over a lock that is held already, exclusive or shared, by its token: after
    /// `lock::detach`, or in another process. `lock::mode()` of the result says which it is. Not
    /// renewed by the watchdog unless `options.renew` says so. `options.wait` and `options.label`
    /// are ignored.
    ///
    /// Completes with `void(error_code, lock)`: `errc::lost` if no quorum holds this token;
    /// `errc::no_quorum` if too few nodes answered; `errc::different_nodes` if other clients of a
    /// node use another number of nodes. Cancellation as for `async_status`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_attach(resource_name resource, const lock_token& identifier,
                      acquire_options options = {}, CompletionToken&& token = CompletionToken{}) {
        options.identifier = identifier.str();
        return boost::asio::async_initiate<CompletionToken, void(error_code, lock)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_name name,
                                             detail::acquire_request request) {
                start_attach(impl, std::move(name), std::move(request), std::move(handler));
            },
            token, std::move(resource), detail::acquire_request{options});
    }

    /// `async_attach` for a lock of several resources: all that it was acquired with, since the
    /// keys of others are neither renewed nor released. Completes as `async_attach` and
    /// `async_acquire_all` do.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_attach_all(resource_names resources, const lock_token& identifier,
                          acquire_options options = {},
                          CompletionToken&& token = CompletionToken{}) {
        options.identifier = identifier.str();
        return boost::asio::async_initiate<CompletionToken, void(error_code, lock)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_names names,
                                             detail::acquire_request request) {
                start_attach(impl, std::move(names), std::move(request), std::move(handler));
            },
            token, std::move(resources), detail::acquire_request{options});
    }

    /// `async_attach` for a permit, whose slot it finds. Completes as `async_attach` does, and with
    /// `errc::permits_mismatch` if this manager, or other clients, use another number of permits.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_attach_any(const semaphore& from, const lock_token& identifier,
                          acquire_options options = {},
                          CompletionToken&& token = CompletionToken{}) {
        options.identifier = identifier.str();
        return boost::asio::async_initiate<CompletionToken, void(error_code, lock)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_names names,
                                             detail::acquire_request request) {
                start_attach(impl, std::move(names), std::move(request), std::move(handler));
            },
            token, resource_names{from.name},
            detail::acquire_request::for_permit(options, from.permits));
    }

    /// Asks every node for the holder of the resource, or for those who share it, and waits for
    /// each answer or its timeout.
    ///
    /// Completes with `void(error_code, resource_status)`; too few answers are no error but the
    /// verdict `unknown`, and so is another number of nodes than other clients use. For a name that
    /// no lock can have, `resource_status::message` says why. Reads only. Cancellation:
    /// `asio::error::operation_aborted`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_status(resource_name resource, CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code, resource_status)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_name name) {
                start_status(impl, std::move(name), std::move(handler));
            },
            token, std::move(resource));
    }

    /// The same of each permit of a semaphore: one question a permit to each node.
    ///
    /// Completes with `void(error_code, semaphore_status)`. Another number of permits than other
    /// clients use is no error: see `semaphore_status::remembered_permits`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_status(const semaphore& of, CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code, semaphore_status)>(
            [impl = weak_impl{impl_, home_}](auto handler, semaphore which) {
                start_semaphore_status(impl, std::move(which), std::move(handler));
            },
            token, of);
    }

    /// Waits until another client holds the resource than the one in `seen`, or it has proclaimed
    /// another text, or nobody holds it any more. Without `seen`: only until it is known who does.
    /// Pass the last result to learn of each change; of quick ones only the last may be seen. The
    /// nodes report changes, so that no question is sent while nothing changes. A renewal of the
    /// lock is a change on the nodes, and each of them is asked once after it. Nodes that do not
    /// report are asked again and again, at most every 250 ms.
    ///
    /// Completes with `void(error_code, leader_view)`; what it says may be over when it arrives.
    /// `errc::no_quorum` when too few nodes have answered for `manager_options::quorum_timeout`,
    /// `errc::different_nodes`, `errc::invalid_argument`, `errc::closed`. Reads only. Cancellation
    /// (terminal, partial, total): `asio::error::operation_aborted`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_observe(resource_name resource, std::optional<leader_view> seen = std::nullopt,
                       CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code, leader_view)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_name name,
                                             std::optional<leader_view> known) {
                start_observe(impl, std::move(name), std::move(known), std::move(handler));
            },
            token, std::move(resource), std::move(seen));
    }

    /// Whether any client holds the resource on a quorum of nodes.
    ///
    /// Completes with `void(error_code, bool)`; `errc::no_quorum` when too few nodes answered,
    /// `errc::different_nodes` when other clients of a node use another number of nodes.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_is_locked(resource_name resource, CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code, bool)>(
            [impl = weak_impl{impl_, home_}](auto handler, resource_name name) {
                start_is_locked(impl, std::move(name), std::move(handler));
            },
            token, std::move(resource));
    }

    /// Names of resources that are or recently were locked, sorted, found by SCAN on every node.
    ///
    /// Completes with `void(error_code, std::vector<resource_name>)`; `errc::no_quorum` if too few
    /// nodes answered. Cancellation: `asio::error::operation_aborted`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_list(const list_options& options = {}, CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken,
                                           void(error_code, std::vector<resource_name>)>(
            [impl = weak_impl{impl_, home_}](auto handler, std::string pattern, std::size_t limit,
                                             diagnostics* details) {
                start_list(impl, std::move(pattern), limit, details, std::move(handler));
            },
            token, std::string{options.pattern}, options.limit, options.details);
    }

    /// Semaphores of which a permit is or recently was held, sorted by their names, with only as
    /// many permits as include those that were found. A pattern is one over the names of
    /// semaphores, and finds permits that are held; the limit is one of permits. Completes with
    /// `void(error_code, std::vector<semaphore>)`, otherwise as `async_list` does.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_list_semaphores(const list_options& options = {},
                               CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken,
                                           void(error_code, std::vector<semaphore>)>(
            [impl = weak_impl{impl_, home_}](auto handler, std::string pattern, std::size_t limit,
                                             diagnostics* details) {
                start_list_semaphores(impl, std::move(pattern), limit, details, std::move(handler));
            },
            token, std::string{options.pattern}, options.limit, options.details);
    }

    /// Confirms, for an operator, that no lock can have been forgotten on these nodes, so that they
    /// vote without waiting out their quarantine; and that every client with other settings is
    /// gone. That is true for servers that were started just now, or whose clients have all been
    /// idle for `max_lease_time`. If it is not true, two clients may hold one lock.
    ///
    /// Completes with `void(error_code)`: no error if every node accepted it; `errc::indeterminate`
    /// if some did, `errc::no_quorum` if none did, `errc::closed`, `errc::invalid_argument`. Nodes
    /// without the guard have nothing to accept. Cancellation: `asio::error::operation_aborted`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_vouch(const vouch_options& options = {},
                     CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [impl = weak_impl{impl_, home_}](auto handler, vouch_options wanted) {
                start_vouch(impl, wanted, std::move(handler));
            },
            token, options);
    }

    /// Examines every node: whether it can be reached, its facts, and its possible problems;
    /// `diagnose` judges them. Takes a few round trips and the samples, and on a node that does not
    /// answer `connect_timeout` and `node_timeout`. Changes nothing on the nodes.
    ///
    /// Completes with `void(error_code, std::vector<node_health>)`, one entry for each node in
    /// their order; a node that does not answer is no error. `errc::closed`;
    /// `errc::invalid_argument` for a resource name that no lock can have. Cancellation:
    /// `asio::error::operation_aborted`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_examine(const examine_options& options = {},
                       CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken,
                                           void(error_code, std::vector<node_health>)>(
            [impl = weak_impl{impl_, home_}](auto handler, std::size_t samples,
                                             std::string resource, diagnostics* details) {
                start_examine(impl, samples, std::move(resource), details, std::move(handler));
            },
            token, options.samples, std::string{options.resource}, options.details);
    }

    /// All locks that this manager holds now and that are valid. Asks no node. Any thread.
    [[nodiscard]] std::vector<active_lock> active_locks() const;

    /// Counters of this manager. Any thread.
    [[nodiscard]] manager_statistics statistics() const;

    /// Releases every lock, ends every acquisition with `errc::closed` and every connection.
    ///
    /// Completes with `void(error_code)` within `manager_options::close_timeout`, even with every
    /// node frozen: no error if each lock was confirmed as released or gone, else
    /// `errc::indeterminate`. Within that time it waits for nodes that have not yet answered an
    /// acquisition or extension, a node timeout at most, so that each of them has a detached lock.
    /// Cancellation ends only the waiting. Closing again is allowed.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_close(CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [impl = weak_impl{impl_, home_}](auto handler) {
                start_close(impl, std::move(handler));
            },
            token);
    }

  private:
    using impl_ptr = std::shared_ptr<manager::manager_impl>;
    // What an initiation keeps: a coroutine that is suspended in an operation would otherwise own
    // the manager, which owns the operation and so the coroutine.
    struct weak_impl {
        std::weak_ptr<manager::manager_impl> impl;
        std::shared_ptr<const manager::home> home;
    };
    template <class... Args>
    using any_handler = boost::asio::any_completion_handler<void(Args...)>;

    static void start_acquire(const weak_impl& impl, resource_name resource,
                              detail::acquire_request request,
                              any_handler<error_code, lock> handler);
    static void start_acquire_all(const weak_impl& impl, resource_names resources,
                                  detail::acquire_request request,
                                  any_handler<error_code, lock> handler);
    static void start_attach(const weak_impl& impl, resource_names resources,
                             detail::acquire_request request,
                             any_handler<error_code, lock> handler);
    static void start_status(const weak_impl& impl, resource_name resource,
                             any_handler<error_code, resource_status> handler);
    static void start_semaphore_status(const weak_impl& impl, semaphore of,
                                       any_handler<error_code, semaphore_status> handler);
    static void start_observe(const weak_impl& impl, resource_name resource,
                              std::optional<leader_view> seen,
                              any_handler<error_code, leader_view> handler);
    static void start_is_locked(const weak_impl& impl, resource_name resource,
                                any_handler<error_code, bool> handler);
    static void start_list(const weak_impl& impl, std::string pattern, std::size_t limit,
                           diagnostics* details,
                           any_handler<error_code, std::vector<resource_name>> handler);
    static void start_list_semaphores(const weak_impl& impl, std::string pattern, std::size_t limit,
                                      diagnostics* details,
                                      any_handler<error_code, std::vector<semaphore>> handler);
    static void start_vouch(const weak_impl& impl, const vouch_options& options,
                            any_handler<error_code> handler);
    static void start_examine(const weak_impl& impl, std::size_t samples, std::string resource,
                              diagnostics* details,
                              any_handler<error_code, std::vector<node_health>> handler);
    static void start_close(const weak_impl& impl, any_handler<error_code> handler);

    impl_ptr impl_;
    std::shared_ptr<const manager::home> home_;
};

}  // namespace redlock
