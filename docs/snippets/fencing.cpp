// The code of docs/fencing.md: a write that carries the fencing token to a database. What stands
// between the two snippet marks is what the page shows, letter by letter; check.sh in this folder
// sees to that.
#include <boost/asio.hpp>
#include <cstdint>
#include <redlock/redlock.hpp>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;

/// Stands for a client of PostgreSQL: how many rows a statement has changed.
class database {
  public:
    asio::awaitable<int> execute(const char* statement, std::int64_t first, std::int64_t second,
                                 std::int64_t third);
};

// snippet: fencing
asio::awaitable<void> set_total(redlock::lock_manager& locks, database& orders, std::int64_t order,
                                std::int64_t total) {
    co_await redlock::with_lock(
        locks, "orders:" + std::to_string(order),
        [&](redlock::lock& held) -> asio::awaitable<void> {
            const auto token = static_cast<std::int64_t>(held.fencing_token().value());
            const int changed = co_await orders.execute(
                "UPDATE orders SET total = $1, fence = $2 WHERE id = $3 AND fence <= $2", total,
                token, order);
            if (changed == 0) {
                throw std::runtime_error("a newer holder has come");
            }
        });
}
// end of snippet
