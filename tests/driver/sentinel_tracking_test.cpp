// Changed keys of a node that Sentinels name: they are told by the very server that answers the
// commands, and after a failover by the next one. Real servers; the Sentinel is a fake, which says
// what the test wants it to say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "driver/tracked.hpp"
#include "redis/fake_server.hpp"
#include "support/redis_server.hpp"

namespace redlock::driver {
namespace {

using support::redis_server;

class sentinel_tracking : public testing::Test {
  protected:
    sentinel_tracking() : sentinel(loop) {
        name(first);
        auto options = tracking_options("redis://unused");
        const std::string url = sentinel.url();
        options.where.sentinel.emplace().master = "mymaster";
        options.where.sentinel->addresses = {
            {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))}};
        mine.emplace(options);
    }
    void name(const redis_server& master) {
        const std::string port = std::to_string(master.port());
        sentinel.on_command = [port](const redis::fake_server::words& command) {
            return command[0] == "SENTINEL"
                       ? redis::fake_server::answer{"*2\r\n$9\r\n127.0.0.1\r\n$" +
                                                    std::to_string(port.size()) + "\r\n" + port +
                                                    "\r\n"}
                       : redis::fake_server::usual(command);
        };
    }
    bool run_until(const std::function<bool()>& done) {
        return mine->run_until([&] {
            loop.restart();
            loop.poll();
            return done();
        });
    }
    void expect_it_hears_of(redis_server& server) {
        ASSERT_TRUE(run_until([&] { return mine->tracking.on(); }));
        server.command({"SET", "probe", "1"});
        EXPECT_EQ(mine->read("probe"), "1");
        mine->told.clear();
        server.command({"DEL", "probe"});
        EXPECT_TRUE(mine->run_until_told("probe"));
    }

    boost::asio::io_context loop{1};
    redis::fake_server sentinel;
    redis_server first;
    redis_server second;
    std::optional<tracked> mine;
};

TEST_F(sentinel_tracking, follows_the_commands_to_another_server) {
    mine->tracking.want(true);
    expect_it_hears_of(first);
    name(second);
    first.kill();
    ASSERT_TRUE(run_until([&] { return mine->ready == 2; }));
    expect_it_hears_of(second);
}

TEST_F(sentinel_tracking, follows_when_nobody_is_interested_just_then) {
    mine->tracking.want(true);
    expect_it_hears_of(first);
    mine->tracking.want(false);
    name(second);
    // Whoever has subscribed at the first server stays there, and is no use any more.
    first.command({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_TRUE(run_until([&] {
        mine->poke();
        return mine->ready == 2;
    }));
    mine->tracking.want(true);
    expect_it_hears_of(second);
}

}  // namespace
}  // namespace redlock::driver
