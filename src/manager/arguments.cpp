#include "manager/arguments.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/node_set.hpp"
#include "core/validity.hpp"
#include "driver/votes.hpp"

namespace redlock::manager {

namespace {

using std::chrono::milliseconds;

// Far beyond use and far below overflow.
constexpr milliseconds longest = std::chrono::hours{24};

/// `unless`: what else would do.
complaint check_positive(milliseconds value, std::string_view name, std::string_view unless = "") {
    if (value <= milliseconds{0}) {
        return fmt::format("{} is {}; it must be positive", name, value);
    }
    if (value > longest) {
        return fmt::format("{} is {}; it must be at most 24 hours{}", name, value, unless);
    }
    return {};
}

/// What no URL says, but a hand can fill in; and what would be believed without reason.
complaint check_endpoint(const endpoint& node) {
    const bool on_socket = node.transport == endpoint::transport_kind::unix_socket;
    if ((on_socket && (node.tls || node.sentinel || !node.cluster.empty())) ||
        (node.sentinel && !node.cluster.empty())) {
        return fmt::format("{} is several kinds of node at once", node.to_string());
    }
    if (node.sentinel && (node.sentinel->addresses.empty() || node.sentinel->master.empty())) {
        return fmt::format("{} lacks the Sentinels' addresses or the master's name",
                           node.to_string());
    }
    if (!node.cluster.empty() && node.database != 0) {
        return fmt::format("{}: a Redis Cluster has no database but 0", node.to_string());
    }
    if (node.sentinel && node.tls && node.tls->verify && !node.sentinel->tls &&
        node.tls->server_name.empty()) {
        return fmt::format(
            "{}: Sentinels without TLS may hand out anybody's name, so it proves nothing that a "
            "certificate carries it: give the servers' name with server_name",
            node.to_string());
    }
    return {};
}

}  // namespace

complaint check_resource(const resource_name& resource, const driver::key_names& keys,
                         bool clustered) {
    if (resource.str().empty()) {
        return "the resource name is empty; give the lock a name";
    }
    if (resource.str().size() > resource_name::max_size) {
        return fmt::format("the resource name has {} bytes; at most {} are allowed",
                           resource.str().size(), resource_name::max_size);
    }
    if (keys.is_reserved(resource.str())) {
        const std::string_view root = resource.str().starts_with(keys.root())
                                          ? std::string_view{keys.root()}
                                          : resource_name::reserved;
        return resource.str().starts_with(root)
                   ? fmt::format(
                         "the resource name begins with {}, and names under it are reserved "
                         "for redlock's own keys; give the lock another name",
                         root)
                   : "the resource name is that of one of redlock's own keys behind a key_prefix; "
                     "give the lock another name";
    }
    if (clustered && !driver::keys_share_a_slot(resource.str())) {
        return "the resource name has a '}' but no hash tag, so that its keys would lie in "
               "different slots of the Redis Cluster; give it a name without '}', or with a tag "
               "such as {orders}";
    }
    return {};
}

core::duration usable_part(milliseconds lease_time, const manager_options& options) {
    return core::duration{lease_time} - core::allowance_of(lease_time, options.clock_step);
}

complaint check_lease_time(milliseconds lease_time, const manager_options& options) {
    if (lease_time <= milliseconds{0}) {
        return fmt::format("the lease time is {}; it must be positive", lease_time);
    }
    if (lease_time > options.max_lease_time) {
        return fmt::format(
            "the lease time is {}, longer than max_lease_time, {}; ask for less, or raise "
            "max_lease_time in every client of these nodes",
            lease_time, options.max_lease_time);
    }
    if (usable_part(lease_time, options) <= core::duration{0}) {
        return fmt::format(
            "the lease time is {}, which the allowance for clock drift (1 % and 2 ms) uses up; ask "
            "for at least 3 ms, and for much more than a round trip to the nodes",
            lease_time);
    }
    return {};
}

complaint check_acquire(const detail::acquire_request& request, milliseconds lease_time,
                        const manager_options& options) {
    const acquire_options& wanted = request.options();
    if (auto wrong = check_lease_time(lease_time, options)) {
        return wrong;
    }
    if (wanted.wait.delay_min() < milliseconds{0} ||
        wanted.wait.delay_max() < wanted.wait.delay_min() || wanted.wait.delay_max() > longest) {
        return fmt::format(
            "the retry delay goes from {} to {}; it must go upwards from zero, to at most 24 hours",
            wanted.wait.delay_min(), wanted.wait.delay_max());
    }
    // First against the lease time itself: in the finer unit a huge margin would wrap round.
    if (wanted.stop_margin &&
        (*wanted.stop_margin < milliseconds{0} || *wanted.stop_margin > lease_time ||
         *wanted.stop_margin >= usable_part(lease_time, options))) {
        return fmt::format(
            "the stop margin is {}; it must be at least zero and leave something of the lease "
            "time, {}",
            *wanted.stop_margin, lease_time);
    }
    if (wanted.min_hold < milliseconds{0} || wanted.min_hold > options.max_lease_time) {
        return fmt::format(
            "min_hold is {}; it must be from 0 to max_lease_time, {}, since the lease has to last "
            "as long; ask for less, or raise max_lease_time in every client of these nodes",
            wanted.min_hold, options.max_lease_time);
    }
    if (request.wants_permit()) {
        if (auto wrong = check_permits(request.permits())) {
            return wrong;
        }
    }
    if (request.wants_term() && !options.fencing) {
        return "a term has a number only with fencing: set manager_options::fencing";
    }
    if (request.wants_term() && !request.identifier().empty()) {
        return "a candidate acquires its lock more than once, so it cannot have an identifier of "
               "its own: leave it out, and use a label";
    }
    constexpr std::size_t max_label = 4096;
    if (request.label().size() > max_label) {
        return fmt::format("the label has {} bytes; at most {} are allowed", request.label().size(),
                           max_label);
    }
    if (driver::tells_of_readers(request.identifier())) {
        return fmt::format(
            "the identifier is or begins with the word {}, which stands for shared locks on the "
            "nodes; give another one",
            driver::readers_marker);
    }
    if (request.identifier().size() > resource_name::max_size) {
        return fmt::format("the identifier has {} bytes; at most {} are allowed",
                           request.identifier().size(), resource_name::max_size);
    }
    return {};
}

complaint check_permits(std::size_t permits) {
    if (permits == 0 || permits > semaphore::max_permits) {
        return fmt::format("the semaphore has {} permits; give it from 1 to {}", permits,
                           semaphore::max_permits);
    }
    return {};
}

std::string permits_in_use(std::size_t here, std::size_t elsewhere) {
    return fmt::format(
        "the semaphore has {} permits here and {} elsewhere in this process; give all clients the "
        "same number",
        here, elsewhere);
}

complaint check_key_prefix(std::string_view prefix) {
    // None that means something in a pattern of an ACL or of SCAN, or in a hash tag.
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-/";
    if (prefix.size() > driver::max_key_prefix) {
        return fmt::format("key_prefix has {} bytes; at most {} are allowed", prefix.size(),
                           driver::max_key_prefix);
    }
    if (prefix.find_first_not_of(allowed) != std::string_view::npos) {
        return "key_prefix has a character that is not allowed; use letters, digits and : . _ - / "
               "as in team:";
    }
    return {};
}

complaint check_manager(const std::vector<endpoint>& nodes, const manager_options& options) {
    if (nodes.empty()) {
        return "there is no node; give at least one Redis URL";
    }
    if (nodes.size() > core::node_set::max_nodes) {
        return fmt::format("there are {} nodes; at most {} are supported", nodes.size(),
                           core::node_set::max_nodes);
    }
    for (auto node = nodes.begin(); node != nodes.end(); ++node) {
        if (auto wrong = check_endpoint(*node)) {
            return wrong;
        }
        if (std::find(nodes.begin(), node, *node) != node) {
            return fmt::format("{} is listed twice: its vote would count twice", node->to_string());
        }
    }
    if (options.quorum_timeout != manager_options::no_limit) {
        if (auto wrong = check_positive(options.quorum_timeout, "quorum_timeout", ", or forever")) {
            return wrong;
        }
    }
    const std::pair<milliseconds, std::string_view> durations[] = {
        {options.lease_time, "lease_time"},         {options.max_lease_time, "max_lease_time"},
        {options.node_timeout, "node_timeout"},     {options.connect_timeout, "connect_timeout"},
        {options.reconnect_min, "reconnect_min"},   {options.reconnect_max, "reconnect_max"},
        {options.close_timeout, "close_timeout"},   {options.clock_window, "clock_window"},
        {options.fence_lifetime, "fence_lifetime"}, {options.clock_step, "clock_step"},
    };
    if (auto wrong = check_key_prefix(options.key_prefix)) {
        return wrong;
    }
    if (options.hand_over_time < milliseconds{0} || options.hand_over_time > longest) {
        return fmt::format("hand_over_time is {}; it must be from 0 to 24 hours",
                           options.hand_over_time);
    }
    // The fencing tokens that a turn may need are reserved in microseconds of the nodes' clocks.
    constexpr std::size_t most = 65'535;
    if (options.hand_over_count > most) {
        return fmt::format("hand_over_count is {}; it must be at most {}", options.hand_over_count,
                           most);
    }
    for (const auto& [value, name] : durations) {
        if (auto wrong = check_positive(value, name)) {
            return wrong;
        }
    }
    if (options.fence_lifetime <= 2 * options.clock_window + options.clock_step ||
        options.fence_lifetime < options.max_lease_time) {
        return fmt::format(
            "fence_lifetime is {}; it must be longer than twice clock_window, {}, and clock_step, "
            "{}, together, and at least max_lease_time, {}: otherwise fencing tokens could fall "
            "back",
            options.fence_lifetime, options.clock_window, options.clock_step,
            options.max_lease_time);
    }
    if (options.reconnect_max < options.reconnect_min) {
        return "reconnect_max is shorter than reconnect_min";
    }
    return check_lease_time(options.lease_time, options);
}

}  // namespace redlock::manager
