#include "cli/commands/stuck_permits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <redlock/status.hpp>
#include <vector>

#include "cli/commands/awaited.hpp"

namespace redlock::cli {

namespace {

bool is_stuck(const resource_status& slot) {
    const bool is_no_lock = std::ranges::any_of(
        slot.nodes, [](const node_status& each) { return !each.key_message.empty(); });
    return slot.verdict == lock_verdict::held && (!slot.remaining || is_no_lock);
}

}  // namespace

boost::asio::awaitable<std::string> stuck_permits(lock_manager& locks, const std::string& resource,
                                                  const shape_options& shape,
                                                  const error_code& error) {
    if (!shape.permits || (error != errc::contended && error != errc::timed_out)) {
        co_return std::string{};
    }
    auto [unknown, status] =
        co_await locks.async_status(semaphore{resource, *shape.permits}, awaited);
    std::vector<std::size_t> stuck;
    for (const resource_status& each : status.slots) {
        if (!unknown && is_stuck(each)) {
            stuck.push_back(each.slot.value_or(0));
        }
    }
    if (stuck.empty()) {
        co_return std::string{};
    }
    const bool one = stuck.size() == 1;
    co_return fmt::format(
        "the key of slot{} {} never expires or is no lock, so that no client gets {}: delete {}",
        one ? "" : "s", fmt::join(stuck, ", "), one ? "that permit" : "those permits",
        one ? "it" : "them");
}

}  // namespace redlock::cli
