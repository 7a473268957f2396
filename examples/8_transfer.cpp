// Moving money between two accounts. Three branches of a bank move it in all directions at once. A
// transfer needs both accounts; whoever locked one and then waited for the other could wait for a
// transfer in the opposite direction for ever. Shows several resources as one lock, and one fencing
// token that guards them all.
//
//     redlock local -n 3 -- build/bin/examples/8_transfer
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <numeric>
#include <redlock/redlock.hpp>

#include "support.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Stands for a database on another machine: every access takes a moment. It refuses a fencing
/// token that is smaller than the largest it has seen for the account.
class bank {
  public:
    asio::awaitable<int> read(std::string account, redlock::fencing_token token) {
        co_await example::pause(1ms);
        check(account, token);
        co_return balances_[account];
    }
    asio::awaitable<void> write(std::string account, int balance, redlock::fencing_token token) {
        co_await example::pause(1ms);
        check(account, token);
        balances_[account] = balance;
    }
    void open(const std::string& account, int balance) { balances_[account] = balance; }
    [[nodiscard]] int total() const {
        return std::accumulate(balances_.begin(), balances_.end(), 0,
                               [](int sum, const auto& each) { return sum + each.second; });
    }

  private:
    void check(const std::string& account, redlock::fencing_token token) {
        auto& largest = largest_seen_[account];
        if (token < largest) {
            throw std::runtime_error("a late write of an earlier holder was refused");
        }
        largest = token;
    }

    std::map<std::string, int> balances_;
    std::map<std::string, redlock::fencing_token> largest_seen_;
};

/// True if the money was moved, false if there was too little.
asio::awaitable<bool> transfer(redlock::lock_manager& locks, bank& accounts, std::string from,
                               std::string to, int amount) {
    auto move = [&](redlock::lock& both) -> asio::awaitable<bool> {
        const auto token = both.fencing_token();
        const int source = co_await accounts.read(from, token);
        const int target = co_await accounts.read(to, token);
        if (source < amount) {
            co_return false;
        }
        co_await accounts.write(from, source - amount, token);
        co_await accounts.write(to, target + amount, token);
        co_return true;
    };
    // In any order: all names are acquired together or not at all.
    co_return co_await redlock::with_locks(
        locks, {"example:account:" + from, "example:account:" + to}, move, {.wait = 60s});
}

int run_transfers() {
    constexpr int start = 100;
    constexpr int transfers = 30;
    const std::vector<std::string> names{"alice", "bob", "carol"};
    asio::io_context io;
    bank accounts;
    for (const auto& name : names) {
        accounts.open(name, start);
    }

    std::deque<redlock::lock_manager> branches;  // A deque, since the coroutines refer to them.
    for (int branch = 0; branch < 3; ++branch) {
        branches.emplace_back(io.get_executor(), example::nodes());
    }

    int moved = 0;
    int refused = 0;
    for (std::size_t i = 0; i < transfers; ++i) {
        // Each pair in both directions.
        const auto& from = names[i % names.size()];
        const auto& to = names[(i + 1 + i / names.size() % 2) % names.size()];
        asio::co_spawn(io, transfer(branches[i % branches.size()], accounts, from, to, 40),
                       [&](std::exception_ptr failure, bool done) {
                           example::rethrow(std::move(failure));
                           (done ? moved : refused) += 1;
                       });
    }
    io.run();

    const int total = accounts.total();
    fmt::print("{} transfers, {} refused for lack of money, {} in all accounts\n", moved, refused,
               total);
    const bool kept = moved + refused == transfers && total == start * std::ssize(names);
    return example::verdict(kept, "no money was made or lost, and nobody waited for ever");
}

}  // namespace

int main() {
    return example::run(run_transfers);
}
