// What the tests of campaigns share: candidates on real servers, and what has become of them. One
// thread.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {

inline asio::awaitable<void> until_cancelled() {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(std::chrono::hours{1});
    co_await timer.async_wait(asio::use_awaitable);
}

/// One that campaigns, and what has become of it.
class candidate {
  public:
    candidate(loop& turned, const std::vector<std::string>& urls,
              manager_options options = usual_options())
        : user(turned, urls, std::move(options)) {}

    /// Runs `then` while it leads, or leads until it is cancelled.
    void campaign(std::function<asio::awaitable<void>(term)> then = {},
                  acquire_options options = {}) {
        async_campaign(
            *user.manager, "job",
            [this, then = std::move(then)](term now) -> asio::awaitable<void> {
                terms.push_back(now.number());
                current = now;
                try {
                    asio::awaitable<void> work = then ? then(now) : until_cancelled();
                    co_await std::move(work);
                } catch (const boost::system::system_error& failure) {
                    valid_at_end = now.valid();
                    end_of_body = failure.code();
                    current.reset();
                    throw;
                }
                current.reset();
            },
            options, asio::bind_cancellation_slot(stop.slot(), [this](std::exception_ptr failure) {
                done = true;
                thrown = std::move(failure);
            }));
    }
    [[nodiscard]] bool leads() const { return current && current->valid(); }
    /// The code of what the campaign has ended with.
    [[nodiscard]] error_code failure() const {
        try {
            if (thrown) {
                std::rethrow_exception(thrown);
            }
        } catch (const boost::system::system_error& failure) {
            return failure.code();
        }
        return {};
    }

    client user;
    asio::cancellation_signal stop;
    std::vector<fencing_token> terms;
    std::optional<term> current;
    error_code end_of_body;
    bool valid_at_end = false;
    bool done = false;
    std::exception_ptr thrown;
};

struct leadership : testing::Test {
    [[nodiscard]] bool until(const std::function<bool()>& what) { return turned.until(what, soon); }
    [[nodiscard]] bool released() {
        return turned.until([&] { return nodes.having("job") == 0; });
    }
    void remove() {
        nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    }

    cluster nodes{3};
    loop turned;
    candidate one{turned, nodes.urls()};
    candidate other{turned, nodes.urls()};
};

}  // namespace redlock::integration
