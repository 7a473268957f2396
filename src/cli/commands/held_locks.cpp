#include "cli/commands/held_locks.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>

#include "cli/commands/awaited.hpp"

namespace redlock::cli {

namespace asio = boost::asio;

namespace {

struct round_of_looks {
    const std::vector<resource_name>& names;
    std::vector<resource_status> found;
    std::size_t next = 0;
    error_code error;
};

/// Takes one name after the other until none is left; several of these share one round.
asio::awaitable<void> look_at_names(lock_manager& locks, round_of_looks& work) {
    while (work.next < work.names.size() && !work.error) {
        const std::size_t mine = work.next++;
        auto [error, status] = co_await locks.async_status(work.names[mine], awaited);
        if (error) {
            work.error = error;
            co_return;
        }
        work.found[mine] = std::move(status);
    }
}

/// One after the other: each is as many questions as it has permits.
asio::awaitable<void> look_at_permits(lock_manager& locks, const std::vector<semaphore>& semaphores,
                                      round_of_looks& work) {
    for (const semaphore& each : semaphores) {
        auto [error, status] = co_await locks.async_status(each, awaited);
        if (error) {
            work.error = error;
            co_return;
        }
        std::ranges::move(status.slots, std::back_inserter(work.found));
    }
}

asio::awaitable<void> look_at_all_names(lock_manager& locks, round_of_looks& work) {
    constexpr std::size_t most_at_once = 32;
    work.found.resize(work.names.size());
    const auto executor = co_await asio::this_coro::executor;
    using one = decltype(asio::co_spawn(executor, look_at_names(locks, work), asio::deferred));
    std::vector<one> all;
    for (std::size_t i = 0; i < std::min(most_at_once, work.names.size()); ++i) {
        all.push_back(asio::co_spawn(executor, look_at_names(locks, work), asio::deferred));
    }
    if (!all.empty()) {
        co_await asio::experimental::make_parallel_group(std::move(all))
            .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    }
}

}  // namespace

asio::awaitable<seen_locks> look_at(lock_manager& locks, const found_names& names) {
    round_of_looks work{.names = names.locks, .found = {}, .error = {}};
    co_await look_at_all_names(locks, work);
    if (!work.error) {
        co_await look_at_permits(locks, names.semaphores, work);
    }
    co_return seen_locks{work.error, std::move(work.found)};
}

}  // namespace redlock::cli
