#include "redlock/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace redlock {

namespace {

template <class Code>
struct known_error {
    Code code;
    std::string_view name;
    std::string_view text;
};

// Whole sentences that say what to do: this is all that a caller sees of an exception which Asio
// made of the error code alone, as it does for a plain co_await.
constexpr std::array<known_error<errc>, 15> operation_errors{{
    {errc::contended, "contended", "somebody else holds the lock; wait longer, or try again later"},
    {errc::timed_out, "timed_out",
     "somebody else held the lock until the wait ran out; wait longer, or try again later"},
    {errc::no_quorum, "no_quorum",
     "too few nodes answered for a majority; acquire_options::details or lock::last_error() "
     "names each node and its reason"},
    {errc::lost, "lost",
     "the lock is not held any more, and somebody else may hold it; check what the work has "
     "done meanwhile"},
    {errc::indeterminate, "indeterminate",
     "too few nodes answered, and some of them may have done what was asked; "
     "acquire_options::details or lock::last_error() names each node and its reason"},
    {errc::closed, "closed",
     "the lock manager is closed and carries out no operation; make another one"},
    {errc::invalid_argument, "invalid_argument",
     "an argument cannot be used; the operation's details or lock::last_error() says which one "
     "and why"},
    {errc::same_server_twice, "same_server_twice",
     "two of the endpoints are one and the same server, whose vote would count twice; list each "
     "server once"},
    {errc::forked, "forked",
     "this is a copy in a forked child, where it can do nothing; make a lock manager there"},
    {errc::different_nodes, "different_nodes",
     "other clients use another number of nodes, so that this lock would not exclude theirs; "
     "give all clients the same nodes"},
    {errc::no_resource, "no_resource", "no resource was named for the lock; name at least one"},
    {errc::too_many_resources, "too_many_resources",
     "too many resources were to be acquired together; name at most 64"},
    {errc::resource_twice, "resource_twice", "a resource was named twice; name each once"},
    {errc::different_slots, "different_slots",
     "the resources lie in different slots of a Redis Cluster; give them names with one hash tag, "
     "such as {bank}.alice and {bank}.bob"},
    {errc::permits_mismatch, "permits_mismatch",
     "other clients use this semaphore with another number of permits; give all clients the same "
     "number"},
}};

constexpr std::array<known_error<node_errc>, 24> node_errors{{
    {node_errc::no_answer, "no_answer", "no answer within the node timeout"},
    {node_errc::not_connected, "not_connected", "not connected"},
    {node_errc::unresponsive, "unresponsive", "has not answered for so long that it is not asked"},
    {node_errc::connection_lost, "connection_lost", "the connection was lost"},
    {node_errc::bad_reply, "bad_reply", "answered something that is not a valid reply"},
    {node_errc::authentication_failed, "authentication_failed", "refused the user or password"},
    {node_errc::permission_denied, "permission_denied", "the user lacks a right"},
    {node_errc::read_only, "read_only", "is a replica"},
    {node_errc::out_of_memory, "out_of_memory", "is out of memory"},
    {node_errc::loading, "loading", "is still loading its data"},
    {node_errc::cannot_persist, "cannot_persist", "refuses writes because it cannot persist them"},
    {node_errc::error_reply, "error_reply", "answered with an error"},
    {node_errc::same_server, "same_server", "is the same server as another node"},
    {node_errc::clock_window, "clock_window",
     "refused the fencing token: clocks are too far apart"},
    {node_errc::fence_ahead, "fence_ahead", "its fence for the resource is too far ahead"},
    {node_errc::wrong_type, "wrong_type", "keeps something else under the lock's name"},
    {node_errc::quarantined, "quarantined", "in quarantine: it may have forgotten locks"},
    {node_errc::configuration_mismatch, "configuration_mismatch",
     "its other clients have other settings"},
    {node_errc::tls_failed, "tls_failed", "no secure connection could be made"},
    {node_errc::slot_unserved, "slot_unserved", "no server of the cluster serves this key now"},
    {node_errc::several_servers, "several_servers", "is more than one server"},
    {node_errc::different_nodes, "different_nodes",
     "its other clients use another number of nodes"},
    {node_errc::unknown_command, "unknown_command", "does not know a command"},
    {node_errc::protected_mode, "protected_mode", "is in protected mode"},
}};

template <class Code, std::size_t Size>
constexpr const known_error<Code>* find_in(const std::array<known_error<Code>, Size>& all,
                                           int code) {
    const auto* const found =
        std::ranges::find(all, code, [](const auto& each) { return static_cast<int>(each.code); });
    return found == all.end() ? nullptr : found;
}

template <const auto& known>
class category final : public boost::system::error_category {
  public:
    explicit category(const char* name) : name_(name) {}

    [[nodiscard]] const char* name() const noexcept override { return name_; }

    [[nodiscard]] std::string message(int code) const override {
        const auto* const found = find_in(known, code);
        return std::string{found != nullptr ? found->text : "unknown error"};
    }

  private:
    const char* name_;
};

/// The endpoint and what is said of it; see `node_failure::message`.
std::pair<std::string_view, std::string_view> name_and_words(const node_failure& failure) {
    constexpr std::string_view between = ": ";
    const std::string_view all = failure.message;
    const auto at = all.find(between);
    return at == all.npos ? std::pair{all, std::string_view{}}
                          : std::pair{all.substr(0, at), all.substr(at + between.size())};
}

bool are_alike(const node_failure& one, const node_failure& other) {
    return one.cause == other.cause && name_and_words(one).second == name_and_words(other).second;
}

}  // namespace

std::string_view to_string(errc code) noexcept {
    const auto* const found = find_in(operation_errors, static_cast<int>(code));
    return found != nullptr ? found->name : "unknown";
}

std::string_view to_string(node_errc code) noexcept {
    const auto* const found = find_in(node_errors, static_cast<int>(code));
    return found != nullptr ? found->name : "unknown";
}

const boost::system::error_category& lock_category() noexcept {
    static const category<operation_errors> only{"redlock"};
    return only;
}

const boost::system::error_category& node_category() noexcept {
    static const category<node_errors> only{"redlock.node"};
    return only;
}

// What several nodes say alike is said once, behind their names.
std::string diagnostics::to_string() const {
    std::string text = message;
    for (auto first = nodes.begin(); first != nodes.end(); ++first) {
        const auto is_alike = [&](const node_failure& each) { return are_alike(*first, each); };
        if (std::any_of(nodes.begin(), first, is_alike)) {
            continue;
        }
        text += text.empty() ? "" : "; ";
        if (std::count_if(first, nodes.end(), is_alike) == 1) {
            text += fmt::format("node {} ({}): {}", first->node, first->message,
                                first->cause.message());
            continue;
        }
        for (auto each = first; each != nodes.end(); ++each) {
            if (is_alike(*each)) {
                text += fmt::format("{}node {} ({})", each == first ? "" : ", ", each->node,
                                    name_and_words(*each).first);
            }
        }
        const std::string_view words = name_and_words(*first).second;
        text += fmt::format(": {}{}{}", first->cause.message(), words.empty() ? "" : ": ", words);
    }
    return text;
}

}  // namespace redlock
