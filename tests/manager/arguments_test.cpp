// What callers may not ask for, and that each complaint names what is wrong, so that nobody has to
// guess which of ten options was meant.
#include "manager/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace redlock::manager {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

std::string said(const complaint& wrong) {
    return wrong.value_or("nothing");
}

std::vector<endpoint> nodes(std::size_t count) {
    std::vector<endpoint> all(count);
    for (std::size_t i = 0; i < count; ++i) {
        all[i].host = "h" + std::to_string(i);
    }
    return all;
}

complaint check(acquire_options with, milliseconds lease_time = 10s,
                const manager_options& options = {}) {
    return check_acquire(detail::acquire_request{with}, lease_time, options);
}

TEST(arguments, accept_any_resource_name_of_a_sensible_size) {
    EXPECT_EQ(check_resource("a"), std::nullopt);
    EXPECT_EQ(check_resource(std::string{"\0\r\n{}\xff", 6}), std::nullopt);
    EXPECT_EQ(check_resource(std::string(resource_name::max_size, 'x')), std::nullopt);
}

TEST(arguments, refuse_an_empty_or_endless_resource_name) {
    EXPECT_THAT(said(check_resource("")), HasSubstr("empty"));
    EXPECT_THAT(said(check_resource(std::string(resource_name::max_size + 1, 'x'))),
                AllOf(HasSubstr("65537"), HasSubstr("65536")));
}

TEST(arguments, refuse_names_that_are_reserved_with_and_without_a_prefix) {
    EXPECT_THAT(said(check_resource("redlock:epoch")),
                AllOf(HasSubstr("begins with redlock:,"), HasSubstr("another name")));
    EXPECT_EQ(check_resource("redlock"), std::nullopt);
    EXPECT_EQ(check_resource("team:redlock:x"), std::nullopt);
    const driver::key_names team{"team:"};
    EXPECT_THAT(said(check_resource("team:redlock:x", team)), HasSubstr("with team:redlock:,"));
    EXPECT_THAT(said(check_resource("redlock:x", team)), HasSubstr("with redlock:,"));
    EXPECT_EQ(check_resource("team:x", team), std::nullopt);
}

TEST(arguments, refuse_a_prefix_that_means_something_in_a_pattern_or_a_tag) {
    for (const char* const good : {"", "team:", "a-b_c.d/E9:"}) {
        EXPECT_EQ(check_key_prefix(good), std::nullopt) << good;
    }
    for (const char each : std::string_view{"{}*?[]\\^ \n\x7f\xc3'\"~%"}) {
        const manager_options with{.key_prefix = std::string{"a"} + each};
        EXPECT_THAT(said(check_manager(nodes(1), with)), HasSubstr("not allowed")) << each;
    }
    EXPECT_EQ(check_key_prefix(std::string(driver::max_key_prefix, 'a')), std::nullopt);
    EXPECT_THAT(said(check_key_prefix(std::string(driver::max_key_prefix + 1, 'a'))),
                AllOf(HasSubstr("129"), HasSubstr("128")));
}

TEST(arguments, accept_lease_times_up_to_the_longest) {
    const manager_options options;
    EXPECT_EQ(check_lease_time(10s, options), std::nullopt);
    EXPECT_EQ(check_lease_time(options.max_lease_time, options), std::nullopt);
    EXPECT_EQ(check_lease_time(3ms, options), std::nullopt);
}

TEST(arguments, refuse_lease_times_that_cannot_be_kept) {
    const manager_options options;
    EXPECT_THAT(said(check_lease_time(0ms, options)), HasSubstr("0ms; it must be positive"));
    EXPECT_THAT(said(check_lease_time(-5ms, options)), HasSubstr("-5ms; it must be positive"));
    EXPECT_THAT(said(check_lease_time(milliseconds::min(), options)), HasSubstr("positive"));
    EXPECT_THAT(said(check_lease_time(2ms, options)), HasSubstr("at least 3 ms"));
    EXPECT_THAT(said(check_lease_time(60'001ms, options)),
                AllOf(HasSubstr("60001ms"), HasSubstr("max_lease_time, 60000ms")));
    EXPECT_THAT(said(check_lease_time(milliseconds::max(), options)), HasSubstr("max_lease_time"));
}

TEST(arguments, accept_the_defaults) {
    EXPECT_EQ(check({}), std::nullopt);
    EXPECT_EQ(check_manager(nodes(1), {}), std::nullopt);
    EXPECT_EQ(check_manager(nodes(63), {}), std::nullopt);
}

TEST(arguments, look_at_the_lease_time_of_an_acquisition) {
    EXPECT_THAT(said(check({}, 0ms)), HasSubstr("lease time is 0ms"));
}

TEST(arguments, refuse_retry_delays_that_do_not_go_upwards) {
    EXPECT_EQ(check({.wait = wait_policy::attempts(3, 0ms, 0ms)}), std::nullopt);
    EXPECT_THAT(said(check({.wait = wait_policy::attempts(3, 20ms, 10ms)})),
                HasSubstr("from 20ms to 10ms"));
    EXPECT_THAT(said(check({.wait = wait_policy::attempts(3, -1ms, 10ms)})),
                HasSubstr("retry delay"));
    EXPECT_THAT(said(check({.wait = wait_policy::attempts(3, 0ms, milliseconds::max())})),
                HasSubstr("at most 24 hours"));
}

TEST(arguments, refuse_a_stop_margin_that_leaves_nothing_of_the_lease) {
    EXPECT_EQ(check({.stop_margin = 0ms}), std::nullopt);
    EXPECT_EQ(check({.stop_margin = 8'897ms}), std::nullopt);
    EXPECT_THAT(said(check({.stop_margin = -1ms})), HasSubstr("stop margin is -1ms"));
    // 10 s less 1 % and 2 ms.
    EXPECT_THAT(said(check({.stop_margin = 8'898ms})), HasSubstr("stop margin is 8898ms"));
    EXPECT_THAT(said(check({.stop_margin = milliseconds::max()})), HasSubstr("stop margin"));
}

TEST(arguments, bound_label_and_identifier) {
    const std::string label(4096, 'l');
    const std::string identifier(resource_name::max_size, 'i');
    EXPECT_EQ(check({.identifier = identifier, .label = label}), std::nullopt);
    EXPECT_THAT(said(check({.label = label + "l"})),
                AllOf(HasSubstr("label"), HasSubstr("4097"), HasSubstr("4096")));
    EXPECT_THAT(said(check({.identifier = identifier + "i"})),
                AllOf(HasSubstr("identifier"), HasSubstr("65537")));
}

TEST(arguments, refuse_no_node_and_too_many) {
    EXPECT_THAT(said(check_manager({}, {})), HasSubstr("no node"));
    EXPECT_THAT(said(check_manager(nodes(64), {})), AllOf(HasSubstr("64"), HasSubstr("63")));
}

TEST(arguments, refuse_a_node_that_is_listed_twice_without_showing_its_secret) {
    auto twice = nodes(3);
    twice[0].password = twice[2].password = "s3cret";
    twice[2].host = twice[0].host;
    const std::string wrong = said(check_manager(twice, {}));
    EXPECT_THAT(wrong, AllOf(HasSubstr("redis://h0:6379"), HasSubstr("twice")));
    EXPECT_THAT(wrong, testing::Not(HasSubstr("s3cret")));
    twice[2].port = 6380;
    EXPECT_EQ(check_manager(twice, {}), std::nullopt);
}

sentinel_group sentinels(std::vector<server_address> addresses) {
    sentinel_group group;
    group.addresses = std::move(addresses);
    group.master = "m";
    return group;
}

TEST(arguments, refuse_endpoints_that_are_several_things_or_believe_anybody) {
    const auto complaint_of = [](const endpoint& node) { return said(check_manager({node}, {})); };
    endpoint node;
    node.sentinel = sentinels({{"s", 26379}});
    EXPECT_EQ(complaint_of(node), "nothing");
    node.cluster = {{"c", 6379}};
    EXPECT_THAT(complaint_of(node), HasSubstr("several kinds"));
    node.sentinel.reset();
    EXPECT_EQ(complaint_of(node), "nothing");
    node.database = 1;
    EXPECT_THAT(complaint_of(node), HasSubstr("no database but 0"));

    endpoint socket;
    socket.transport = endpoint::transport_kind::unix_socket;
    socket.path = "/s";
    EXPECT_EQ(complaint_of(socket), "nothing");
    socket.tls.emplace();
    EXPECT_THAT(complaint_of(socket), HasSubstr("several kinds"));

    endpoint nobody;
    nobody.sentinel = sentinels({});
    EXPECT_THAT(complaint_of(nobody), HasSubstr("lacks"));

    endpoint named;
    named.sentinel = sentinels({{"s", 26379}});
    named.tls.emplace();
    EXPECT_THAT(complaint_of(named), HasSubstr("server_name"));
    named.tls->server_name = "redis.internal";
    EXPECT_EQ(complaint_of(named), "nothing");
    named.tls->server_name.clear();
    named.sentinel->tls = true;
    EXPECT_EQ(complaint_of(named), "nothing");
}

TEST(arguments, name_the_duration_that_is_out_of_range) {
    const std::vector<std::pair<std::string, milliseconds manager_options::*>> durations{
        {"lease_time", &manager_options::lease_time},
        {"max_lease_time", &manager_options::max_lease_time},
        {"node_timeout", &manager_options::node_timeout},
        {"connect_timeout", &manager_options::connect_timeout},
        {"quorum_timeout", &manager_options::quorum_timeout},
        {"reconnect_min", &manager_options::reconnect_min},
        {"reconnect_max", &manager_options::reconnect_max},
        {"close_timeout", &manager_options::close_timeout},
        {"clock_window", &manager_options::clock_window},
        {"fence_lifetime", &manager_options::fence_lifetime}};
    for (const auto& [name, member] : durations) {
        for (const auto& [value, word] :
             {std::pair{0ms, "positive"}, std::pair{milliseconds{-1}, "positive"},
              std::pair{milliseconds{24h} + 1ms, "24 hours"},
              std::pair{milliseconds::max(), "24 hours"}}) {
            manager_options options;
            options.*member = value;
            EXPECT_THAT(said(check_manager(nodes(1), options)),
                        AllOf(testing::StartsWith(name + " is "), HasSubstr(word)));
        }
    }
}

TEST(arguments, let_a_quorum_be_waited_for_without_limit) {
    manager_options options;
    options.quorum_timeout = manager_options::no_limit;
    EXPECT_EQ(check_manager(nodes(1), options), std::nullopt);
}

TEST(arguments, refuse_a_minimum_that_no_lease_can_cover) {
    const manager_options options;
    const auto complaint_about = [&](milliseconds least) {
        acquire_options with;
        with.min_hold = least;
        return check_acquire(detail::acquire_request{with}, 10s, options);
    };
    EXPECT_EQ(complaint_about(0ms), std::nullopt);
    EXPECT_EQ(complaint_about(60s), std::nullopt) << "though it is longer than the lease time";
    EXPECT_THAT(said(complaint_about(60'001ms)),
                AllOf(HasSubstr("min_hold is 60001ms"), HasSubstr("max_lease_time, 60000ms")));
    EXPECT_THAT(said(complaint_about(milliseconds{-1})), HasSubstr("min_hold is -1ms"));
    EXPECT_THAT(said(complaint_about(milliseconds::max())), HasSubstr("min_hold is"));
}

TEST(arguments, refuse_a_fence_that_is_forgotten_too_soon) {
    manager_options options;
    options.max_lease_time = 1s;
    options.lease_time = 500ms;
    options.clock_window = 10s;
    options.clock_step = 1s;
    options.fence_lifetime = 21s;
    EXPECT_THAT(said(check_manager(nodes(1), options)),
                AllOf(HasSubstr("fence_lifetime is 21000ms"), HasSubstr("clock_window"),
                      HasSubstr("clock_step")));
    options.fence_lifetime = 21'001ms;
    EXPECT_EQ(check_manager(nodes(1), options), std::nullopt);
    options.max_lease_time = 21'002ms;
    EXPECT_THAT(said(check_manager(nodes(1), options)), HasSubstr("max_lease_time, 21002ms"));
}

TEST(arguments, refuse_delays_and_leases_that_contradict_each_other) {
    manager_options options;
    options.reconnect_min = 3s;
    EXPECT_THAT(said(check_manager(nodes(1), options)), HasSubstr("reconnect_max is shorter"));
    options = {};
    options.max_lease_time = 5s;
    EXPECT_THAT(said(check_manager(nodes(1), options)),
                AllOf(HasSubstr("lease time is 10000ms"), HasSubstr("max_lease_time, 5000ms")));
}

}  // namespace
}  // namespace redlock::manager
