// Which address is tried when: the decision alone, and then with real sockets, one of which never
// answers.
#include "outside/system/address_race.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "outside/made_up_names.hpp"
#include "outside/system/transport.hpp"
#include "redis/fake_server.hpp"
#include "redis/test_connection.hpp"

namespace redlock::outside::address_race_cases {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tcp = asio::ip::tcp;
using redis::connection;
using redis::connection_options;
using redis::fake_server;
using redis::options_for;
using redis::test_connection;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int six = AF_INET6;
constexpr int four = AF_INET;

TEST(interleave, takes_families_in_turn_beginning_with_the_first) {
    EXPECT_THAT(interleave({}), IsEmpty());
    EXPECT_THAT(interleave({four}), ElementsAre(0));
    EXPECT_THAT(interleave({six, six, six, four, four}), ElementsAre(0, 3, 1, 4, 2));
    EXPECT_THAT(interleave({four, six, six}), ElementsAre(0, 1, 2));
    EXPECT_THAT(interleave({six, six}), ElementsAre(0, 1));
    EXPECT_THAT(interleave({four, four, six}), ElementsAre(0, 2, 1));
}

RC_GTEST_PROP(interleave, loses_and_adds_nothing_and_keeps_the_order_within_a_family, ()) {
    const auto families = *rc::gen::container<std::vector<int>>(rc::gen::element(four, six));
    const std::vector<std::size_t> order = interleave(families);
    std::vector<std::size_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::size_t> all(families.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    RC_ASSERT(sorted == all);
    for (const int family : {four, six}) {
        std::vector<std::size_t> of_one;
        std::copy_if(order.begin(), order.end(), std::back_inserter(of_one),
                     [&](std::size_t each) { return families[each] == family; });
        RC_ASSERT(std::is_sorted(of_one.begin(), of_one.end()));
    }
}

TEST(address_race, tries_the_next_when_the_head_start_is_over) {
    address_race race{2};
    EXPECT_TRUE(race.more());
    EXPECT_EQ(race.next(), 0U);
    EXPECT_TRUE(race.more());
    EXPECT_EQ(race.next(), 1U);
    EXPECT_FALSE(race.more());
    EXPECT_EQ(race.next(), std::nullopt);
    EXPECT_FALSE(race.lost());
}

TEST(address_race, tries_the_next_at_once_after_a_failure) {
    address_race race{3};
    EXPECT_EQ(race.next(), 0U);
    EXPECT_EQ(race.failed(), 1U);
    EXPECT_FALSE(race.lost());
    EXPECT_EQ(race.failed(), 2U);
    EXPECT_EQ(race.failed(), std::nullopt);
    EXPECT_TRUE(race.lost());
}

TEST(address_race, is_lost_only_when_every_attempt_has_failed) {
    address_race race{2};
    EXPECT_EQ(race.next(), 0U);
    EXPECT_EQ(race.next(), 1U);
    EXPECT_EQ(race.failed(), std::nullopt);
    EXPECT_FALSE(race.lost());
    EXPECT_EQ(race.failed(), std::nullopt);
    EXPECT_TRUE(race.lost());
}

TEST(address_race, starts_nothing_after_its_end) {
    address_race race{3};
    EXPECT_EQ(race.next(), 0U);
    race.end();
    EXPECT_FALSE(race.more());
    EXPECT_EQ(race.failed(), std::nullopt);
    EXPECT_TRUE(race.lost());
}

TEST(address_race, without_addresses_is_lost) {
    address_race race;
    EXPECT_EQ(race.next(), std::nullopt);
    EXPECT_TRUE(race.lost());
}

// --- with sockets ---

/// Listens, but its queue is full: who tries to connect is neither refused nor accepted.
class never_answers {
  public:
    never_answers(asio::io_context& io, const std::string& address, std::uint16_t port)
        : acceptor_(io) {
        const tcp::endpoint here{asio::ip::make_address(address), port};
        acceptor_.open(here.protocol());
        acceptor_.bind(here);
        acceptor_.listen(0);
        // The kernel takes one more than it was told; the others wait to be let in.
        for (int i = 0; i < 4; ++i) {
            queue_.push_back(std::make_unique<tcp::socket>(io));
            queue_.back()->open(here.protocol());
            queue_.back()->native_non_blocking(true);
            // Not Asio's own, which waits.
            ::connect(queue_.back()->native_handle(), here.data(),
                      static_cast<socklen_t>(here.size()));
        }
    }

  private:
    tcp::acceptor acceptor_;
    std::vector<std::unique_ptr<tcp::socket>> queue_;
};

/// A client of a made-up name, at the port of a server on 127.0.0.1.
struct many_addresses : testing::Test {
    many_addresses() {
        connection_options options = options_for(server.url());
        options.where.host = name.name();
        client.use(options);
    }
    [[nodiscard]] std::uint16_t port() const { return parse_endpoint(server.url()).value().port; }

    test_connection client{options_for("redis://localhost")};
    fake_server server{client.io};
    made_up_name name{"node.redlock.test", {"127.0.0.1"}};
};

TEST_F(many_addresses, come_at_once_after_one_that_refuses) {
    name.move_to({"127.0.0.2", "127.0.0.3", "127.0.0.1"});
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(many_addresses, do_not_wait_for_one_that_never_answers) {
    const never_answers stalled{client.io, "127.0.0.2", port()};
    name.move_to({"127.0.0.2", "127.0.0.1"});
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    EXPECT_EQ(client.down_count, 0);
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST_F(many_addresses, leave_nothing_of_the_losers_in_the_event_loop) {
    const never_answers stalled{client.io, "127.0.0.2", port()};
    name.move_to({"127.0.0.2", "127.0.0.1"});
    asio::io_context loop;
    transport wire{loop.get_executor()};
    endpoint where;
    where.host = name.name();
    where.port = port();
    std::optional<error_code> connected;
    wire.async_resolve(where, [&](error_code unresolved) {
        ASSERT_FALSE(unresolved);
        wire.async_connect(where, [&](error_code failure) { connected = failure; });
    });
    loop.run_for(30s);
    EXPECT_EQ(connected, error_code{});
    EXPECT_TRUE(loop.stopped()) << "the kernel goes on trying for minutes";
}

TEST_F(many_addresses, of_both_families_are_tried_in_turn) {
    error_code unsupported;
    tcp::acceptor other{client.io};
    other.open(tcp::v6(), unsupported);
    if (unsupported) {
        GTEST_SKIP() << "this machine has no IPv6";
    }
    // In the order given, the last would come after twenty head starts, which is too late.
    const never_answers stalled{client.io, "::1", port()};
    std::vector<std::string> addresses(20, "::1");
    addresses.emplace_back("127.0.0.1");
    name.move_to(addresses);
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(many_addresses, fail_with_the_last_reason) {
    server.stop_listening();
    name.move_to({"127.0.0.2", "127.0.0.1"});
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_EQ(client.down_cause, node_errc::not_connected);
    EXPECT_EQ(client.down_message, "Connection refused");
}

TEST_F(many_addresses, end_in_time_when_none_answers) {
    const never_answers stalled{client.io, "127.0.0.2", port()};
    const never_answers as_well{client.io, "127.0.0.3", port()};
    connection_options options = options_for(server.url());
    options.where.host = name.name();
    options.connect_timeout = 400ms;
    client.use(options);
    name.move_to({"127.0.0.2", "127.0.0.3"});
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_EQ(client.down_message, "no answer within 400 ms while connecting");
}

TEST_F(many_addresses, can_be_left_while_they_are_tried) {
    const never_answers stalled{client.io, "127.0.0.2", port()};
    name.move_to({"127.0.0.2", "127.0.0.2"});
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return name.asked() > 0; }));
    client.link->stop();
    server.stop_listening();
    client.io.restart();
    client.io.run();  // Ends: nobody waits for them any more.
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(many_addresses, are_asked_for_anew_when_the_server_has_moved) {
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    const int before = name.asked();

    // As when a new machine takes over: the name leads elsewhere, the old address is dead.
    tcp::acceptor elsewhere{client.io, {asio::ip::make_address("127.0.0.2"), port()}};
    name.move_to({"127.0.0.2"});
    server.stop_listening();
    server.hang_up();
    std::optional<tcp::socket> newcomer;
    elsewhere.async_accept([&](error_code failure, tcp::socket accepted) {
        if (!failure) {
            newcomer.emplace(std::move(accepted));
        }
    });
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(client.run_until([&] { return newcomer.has_value(); }));
    EXPECT_GT(name.asked(), before);
}

}  // namespace
}  // namespace redlock::outside::address_race_cases
