#include "cli/exporter/survey.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <utility>

#include "cli/commands/awaited.hpp"
#include "cli/commands/held_locks.hpp"

namespace redlock::cli {

namespace asio = boost::asio;

namespace {

/// Few: what counts is the order of magnitude, and each is a command.
constexpr std::size_t round_trip_samples = 5;

/// Leaves the first ones.
template <class Name>
std::size_t cut(std::vector<Name>& names, std::size_t most) {
    const std::size_t left_out = names.size() - std::min(names.size(), most);
    names.erase(names.end() - static_cast<std::ptrdiff_t>(left_out), names.end());
    return left_out;
}

asio::awaitable<watched_pattern> look_for(lock_manager& locks, std::string pattern,
                                          std::size_t most) {
    watched_pattern out{.pattern = std::move(pattern), .locks = {}};
    list_options options;
    options.pattern = out.pattern;
    auto [error, names] = co_await locks.async_list(options, awaited);
    auto [permits_error, semaphores] = co_await locks.async_list_semaphores(options, awaited);
    out.failed = error || permits_error;
    if (out.failed) {
        co_return out;
    }
    out.left_out = cut(names, most) + cut(semaphores, most);
    const found_names all{std::move(names), std::move(semaphores)};
    seen_locks seen = co_await look_at(locks, all);
    out.failed = static_cast<bool>(seen.error);
    std::erase_if(seen.found,
                  [](const resource_status& each) { return each.verdict == lock_verdict::free; });
    out.left_out += cut(seen.found, most);
    out.locks = std::move(seen.found);
    co_return out;
}

}  // namespace

asio::awaitable<sighting> take_survey(lock_manager& locks, const survey_options& options) {
    const auto began = std::chrono::steady_clock::now();
    sighting out;
    const examine_options examined{.samples = round_trip_samples};
    auto [error, nodes] = co_await locks.async_examine(examined, awaited);
    if (!error) {
        out.findings = diagnose(nodes, options.settings);
        out.nodes = std::move(nodes);
    }
    for (const std::string& pattern : options.patterns) {
        if ((co_await asio::this_coro::cancellation_state).cancelled() !=
            asio::cancellation_type::none) {
            break;
        }
        out.patterns.push_back(co_await look_for(locks, pattern, options.most_locks));
    }
    out.at = std::chrono::system_clock::now();
    out.took = std::chrono::steady_clock::now() - began;
    co_return out;
}

}  // namespace redlock::cli
