// The nodes are asked, and not only the environment: that outlives the lock in a daemon which was
// started under it and left running, and on other nodes the same name is another lock. A token is
// drawn at random, so that whatever nodes know it know the very lock. And the nodes alone would not
// do: a lock with a minimum stays on them after its redlock has ended, and nobody renews it. So two
// names with one digest do no harm: the nodes do not know the token under the other name.
#include "cli/commands/outer_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/environment.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/session.hpp"
#include "cli/output/outcome.hpp"

namespace redlock::cli {

namespace {

template <class Number>
bool read_number(std::string_view digits, Number& into) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
    return error == std::errc{} && end == digits.data() + digits.size() && into > 0;
}

/// Of many readers a status does not list all: each of ours is asked for.
asio::awaitable<std::optional<lock_holder>> reader_among(lock_manager& locks,
                                                         const std::string& resource,
                                                         const std::vector<outer_lock>& ours) {
    for (const outer_lock& each : ours) {
        auto [error, found] = co_await locks.async_attach(resource, each.token, {}, awaited);
        if (!error) {
            lock_holder reader{.token = each.token, .fencing = found.fencing_token()};
            reader.mode = found.mode();
            found.detach();
            co_return reader;
        }
    }
    co_return std::nullopt;
}

asio::awaitable<int> look(lock_manager& locks, const std::string& resource,
                          const std::vector<outer_lock>& ours, std::optional<lock_holder>& holder) {
    auto [error, status] = co_await locks.async_status(resource, awaited);
    if (!error) {
        holder = status.held_by();
    }
    if (holder && holder->mode == lock_mode::shared) {
        holder = co_await reader_among(locks, resource, ours);
    }
    co_return exit_ok;
}

/// "TOKEN:PID.START", behind the name.
std::optional<outer_lock> parse_entry(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto point = text.rfind('.');
    if (colon == text.npos || point == text.npos || point < colon) {
        return std::nullopt;
    }
    outer_lock lock;
    lock.token = lock_token{std::string{text.substr(0, colon)}};
    const bool is_read =
        read_number(text.substr(colon + 1, point - colon - 1), lock.renewer.number) &&
        read_number(text.substr(point + 1), lock.renewer.started);
    return is_read ? std::optional{std::move(lock)} : std::nullopt;
}

/// A process that has ended, or lives where we cannot see it, renews nothing that we may rely on.
bool is_renewed(const outer_lock& lock) {
    const seen_process now = look_again(lock.renewer);
    return now.number != 0 && now.state != 'Z';
}

/// FNV-1a.
std::string digest(std::string_view name) {
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const char each : name) {
        sum = (sum ^ static_cast<unsigned char>(each)) * 0x100000001b3;
    }
    return fmt::format("{:016x}", sum);
}

/// A permit that one of these tokens still holds.
asio::awaitable<int> look_for_permit(lock_manager& locks, const semaphore& of,
                                     const std::vector<outer_lock>& ours, outer_search& into) {
    for (const outer_lock& each : ours) {
        auto [error, found] = co_await locks.async_attach_any(of, each.token, {}, awaited);
        if (!error) {
            into.holder = lock_holder{.token = each.token, .fencing = found.fencing_token()};
            into.slot = found.slot();
            found.detach();
            break;
        }
    }
    co_return exit_ok;
}

std::string with_entry(std::string_view known, std::string_view name, std::string_view token,
                       const seen_process& renewer) {
    return fmt::format("{}{}{}:{}:{}.{}", known, known.empty() ? "" : " ", name, token,
                       renewer.number, renewer.started);
}

std::vector<outer_lock> entries(std::string_view known, std::string_view name) {
    const std::string begin = std::string{name} + ":";
    std::vector<outer_lock> found;
    while (!known.empty()) {
        const auto blank = std::min(known.find(' '), known.size());
        const std::string_view entry = known.substr(0, blank);
        if (entry.starts_with(begin)) {
            if (auto lock = parse_entry(entry.substr(begin.size()))) {
                found.push_back(std::move(*lock));
            }
        }
        known.remove_prefix(std::min(blank + 1, known.size()));
    }
    return found;
}

std::vector<outer_lock> still_renewed(std::vector<outer_lock> among) {
    std::erase_if(among, [](const outer_lock& each) { return !is_renewed(each); });
    return among;
}

std::string permit_name(std::string_view semaphore) {
    return "permit-" + digest(semaphore);
}

}  // namespace

std::string with_outer_lock(std::string_view known, std::string_view resource,
                            std::string_view token, const seen_process& renewer) {
    return with_entry(known, digest(resource), token, renewer);
}

std::string with_outer_permit(std::string_view known, std::string_view semaphore,
                              std::string_view token, const seen_process& renewer) {
    return with_entry(known, permit_name(semaphore), token, renewer);
}

std::string with_outer(std::string known, const std::string& resource, const shape_options& shape,
                       std::string_view token, const seen_process& renewer) {
    if (shape.permits) {
        return with_outer_permit(known, resource, token, renewer);
    }
    for (const resource_name& each : shape.names(resource)) {
        known = with_outer_lock(known, each.str(), token, renewer);
    }
    return known;
}

std::vector<outer_lock> outer_locks(std::string_view known, std::string_view resource) {
    return entries(known, digest(resource));
}

std::vector<outer_lock> outer_permits(std::string_view known, std::string_view semaphore) {
    return entries(known, permit_name(semaphore));
}

std::string outer_locks_of_environment() {
    return std::string{environment_value("REDLOCK_OUTER").value_or("")};
}

outer_search find_outer_lock(const common_options& common, const std::string& resource) {
    const auto ours = still_renewed(outer_locks(outer_locks_of_environment(), resource));
    outer_search found;
    if (ours.empty()) {
        return found;
    }
    found.interrupted = run_session(
        common, [&](lock_manager& locks) { return look(locks, resource, ours, found.holder); });
    const bool is_ours = found.holder && std::ranges::find(ours, found.holder->token,
                                                           &outer_lock::token) != ours.end();
    if (!is_ours) {
        found.holder.reset();
    }
    return found;
}

outer_search find_outer_permit(const common_options& common, const semaphore& of) {
    const auto ours = still_renewed(outer_permits(outer_locks_of_environment(), of.name.str()));
    outer_search found;
    if (!ours.empty()) {
        found.interrupted = run_session(
            common, [&](lock_manager& locks) { return look_for_permit(locks, of, ours, found); });
    }
    return found;
}

std::optional<int> refused_within_outer_locks(const common_options& common,
                                              const std::string& resource,
                                              const shape_options& shape, lock_mode wanted,
                                              std::string_view advice) {
    if (shape.permits) {
        return refused_within_outer_lock(find_outer_permit(common, {resource, *shape.permits}),
                                         resource, wanted, advice);
    }
    for (const resource_name& each : shape.names(resource)) {
        if (const auto refused = refused_within_outer_lock(find_outer_lock(common, each.str()),
                                                           each.str(), wanted, advice)) {
            return refused;
        }
    }
    return std::nullopt;
}

std::optional<int> refused_within_outer_lock(const outer_search& found, const std::string& resource,
                                             lock_mode wanted, std::string_view advice) {
    if (found.interrupted != exit_ok) {
        return found.interrupted;
    }
    if (!found.holder) {
        return std::nullopt;
    }
    const bool both_share = found.holder->mode == lock_mode::shared && wanted == lock_mode::shared;
    const std::string line =
        fmt::format("{}: this command runs under {} already and {} wait for itself; {}",
                    printable(resource), found.slot ? "a permit of that semaphore" : "that lock",
                    // A shared one waits for its like only behind an exclusive one that waits, and
                    // a permit for another only where none is left.
                    both_share || found.slot ? "might" : "would", advice);
    say({.event = events::usage, .text = line, .resource = resource, .code = "usage"});
    note_failure("usage", line);
    return exit_usage;
}

}  // namespace redlock::cli
