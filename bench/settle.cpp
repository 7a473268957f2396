// Asking by a read, which leaves nothing on the nodes.
#include "bench/settle.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bench {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<bool> all_answer(redlock::lock_manager& locks, clock::time_point end) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    while (clock::now() < end) {
        auto [error, status] =
            co_await locks.async_status("redlock-bench:settle", asio::as_tuple(asio::deferred));
        bool all = !error;
        for (const redlock::node_status& node : status.nodes) {
            all = all && !node.error;
        }
        if (all) {
            co_return true;
        }
        timer.expires_after(20ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return false;
}

}  // namespace bench
