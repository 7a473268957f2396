// A form that is sent twice is processed once. A double click, a browser that repeats a request, a
// queue that delivers again: two servers get the same form at the same time, and one charge must
// come of it. Shows that a lock alone is not "once": the lock makes the look into the ledger and
// the entry one step, the ledger remembers.
//
//     redlock local -n 3 -- build/bin/examples/3_submit_once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <redlock/redlock.hpp>
#include <set>

#include "support.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

using receipt = int;

/// Stands for the database of payments: form id -> receipt.
class ledger {
  public:
    asio::awaitable<std::optional<receipt>> find(const std::string& form) const {
        co_await example::pause(1ms);
        const auto entry = receipts_.find(form);
        co_return entry == receipts_.end() ? std::nullopt : std::optional{entry->second};
    }
    asio::awaitable<receipt> charge(const std::string& form) {
        co_await example::pause(20ms);  // The bank takes its time: here a second click comes in.
        ++charges_;
        co_return receipts_[form] = 1000 + charges_;
    }
    [[nodiscard]] int charges() const { return charges_; }

  private:
    std::map<std::string, receipt> receipts_;
    int charges_ = 0;
};

/// What a server does with a form. Result: the receipt, the same one however often it is sent; none
/// if the form could not be processed now and should be sent again.
asio::awaitable<std::optional<receipt>> submit(redlock::lock_manager& locks, ledger& payments,
                                               std::string form) {
    auto once = [&payments, &form](redlock::lock&) -> asio::awaitable<receipt> {
        if (const auto earlier = co_await payments.find(form)) {
            co_return *earlier;
        }
        co_return co_await payments.charge(form);
    };
    try {
        co_return co_await redlock::with_lock(locks, "example:form:" + form, once, {.wait = 10s});
    } catch (const redlock::lock_error& problem) {
        // Whatever it was, sending the form again is safe: that is the point of it.
        fmt::print("  form {} has to be sent again: {}\n", form, problem.what());
        co_return std::nullopt;
    }
}

int run_submit() {
    asio::io_context io;
    ledger payments;
    redlock::lock_manager berlin{io.get_executor(), example::nodes()};
    redlock::lock_manager lisbon{io.get_executor(), example::nodes()};

    // Five forms, each sent four times at once, to two servers in turn.
    const std::set<std::string> forms{"7f3a", "81c0", "9d42", "a6ee", "c155"};
    std::map<std::string, std::set<receipt>> answers;
    int again = 0;
    for (const std::string& form : forms) {
        for (int click = 0; click < 4; ++click) {
            asio::co_spawn(io, submit(click % 2 == 0 ? berlin : lisbon, payments, form),
                           [&, form](std::exception_ptr failure, std::optional<receipt> got) {
                               example::rethrow(std::move(failure));
                               if (got) {
                                   answers[form].insert(*got);
                               } else {
                                   ++again;
                               }
                           });
        }
    }
    io.run();

    bool kept = payments.charges() <= static_cast<int>(forms.size());
    for (const auto& [form, receipts] : answers) {
        fmt::print("form {}: receipt {}\n", form, *receipts.begin());
        kept = kept && receipts.size() == 1;
    }
    fmt::print("{} forms sent 4 times each: {} charges, {} to be sent again\n", forms.size(),
               payments.charges(), again);
    kept = kept && (again > 0 || payments.charges() == static_cast<int>(forms.size()));
    return example::verdict(kept, "one charge a form, the same receipt for all who sent it");
}

}  // namespace

int main() {
    return example::run(run_submit);
}
