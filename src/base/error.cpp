#include "redlock/error.hpp"

#include <fmt/format.h>

namespace redlock {

namespace {

// Whole sentences that say what to do: this is all that a caller sees of an exception which Asio
// made of the error code alone, as it does for a plain co_await.
class lock_category_type final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "redlock"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
            case errc::contended:
                return "somebody else holds the lock; wait longer, or try again later";
            case errc::timed_out:
                return "somebody else held the lock until the wait ran out; wait longer, "
                       "or try again later";
            case errc::no_quorum:
                return "too few nodes answered for a majority; acquire_options::details "
                       "or lock::last_error() names each node and its reason";
            case errc::lost:
                return "the lock is not held any more, and somebody else may hold it; "
                       "check what the work has done meanwhile";
            case errc::indeterminate:
                return "too few nodes answered, and some of them may have done what was "
                       "asked; acquire_options::details or lock::last_error() names each "
                       "node and its reason";
            case errc::closed:
                return "the lock manager is closed and carries out no operation; make "
                       "another one";
            case errc::invalid_argument:
                return "an argument cannot be used; the operation's details or "
                       "lock::last_error() says which one and why";
            case errc::same_server_twice:
                return "two of the endpoints are one and the same server, whose vote "
                       "would count twice; list each server once";
            case errc::forked:
                return "this is a copy in a forked child, where it can do nothing; make a "
                       "lock manager there";
            case errc::different_nodes:
                return "other clients use another number of nodes, so that this lock "
                       "would not exclude theirs; give all clients the same nodes";
        }
        return "unknown error";
    }
};

class node_category_type final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "redlock.node"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<node_errc>(code)) {
            case node_errc::no_answer:
                return "no answer within the node timeout";
            case node_errc::not_connected:
                return "not connected";
            case node_errc::unresponsive:
                return "has not answered for so long that it is not asked";
            case node_errc::connection_lost:
                return "the connection was lost";
            case node_errc::bad_reply:
                return "answered something that is not a valid reply";
            case node_errc::authentication_failed:
                return "refused the user or password";
            case node_errc::permission_denied:
                return "the user lacks a right";
            case node_errc::read_only:
                return "is a replica";
            case node_errc::out_of_memory:
                return "is out of memory";
            case node_errc::loading:
                return "is still loading its data";
            case node_errc::cannot_persist:
                return "refuses writes because it cannot persist them";
            case node_errc::error_reply:
                return "answered with an error";
            case node_errc::same_server:
                return "is the same server as another node";
            case node_errc::clock_window:
                return "refused the fencing token: clocks are too far apart";
            case node_errc::fence_ahead:
                return "its fence for the resource is too far ahead";
            case node_errc::wrong_type:
                return "keeps something else under the lock's name";
            case node_errc::quarantined:
                return "in quarantine: it may have forgotten locks";
            case node_errc::configuration_mismatch:
                return "its other clients have other settings";
            case node_errc::tls_failed:
                return "no secure connection could be made";
            case node_errc::slot_unserved:
                return "no server of the cluster serves this key now";
            case node_errc::several_servers:
                return "is more than one server";
            case node_errc::different_nodes:
                return "its other clients use another number of nodes";
            case node_errc::unknown_command:
                return "does not know a command";
            case node_errc::protected_mode:
                return "is in protected mode";
        }
        return "unknown error";
    }
};

}  // namespace

const boost::system::error_category& lock_category() noexcept {
    static const lock_category_type category;
    return category;
}

const boost::system::error_category& node_category() noexcept {
    static const node_category_type category;
    return category;
}

std::string diagnostics::to_string() const {
    std::string text = message;
    for (const auto& failure : nodes) {
        text += fmt::format("{}node {} ({}): {}", text.empty() ? "" : "; ", failure.node,
                            failure.message, failure.cause.message());
    }
    return text;
}

}  // namespace redlock
