// Every way in which a node can be no help: a minority of such nodes makes no difference to the
// lock, and a majority gives no_quorum in bounded time with each node's own cause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "integration/bad_node.hpp"
#include "integration/harness.hpp"
#include "scripts/scripts.hpp"

namespace redlock::integration {
namespace {

/// `good` healthy servers, and as many ill ones as are asked for; those come first in the list.
struct mixed_cluster {
    mixed_cluster(ailment what, std::size_t bad_count, std::size_t good_count) : good(good_count) {
        for (std::size_t i = 0; i < bad_count; ++i) {
            bad.push_back(std::make_unique<bad_node>(turned, what));
            urls.push_back(bad.back()->url());
        }
        for (const std::string& url : good.urls()) {
            urls.push_back(url);
        }
    }
    void fall_ill(client& user) {
        // Contact must not be awaited where there is none to be had.
        user.warm_up();
        for (const auto& each : bad) {
            each->fall_ill();
        }
    }

    loop turned;
    cluster good;
    std::vector<std::unique_ptr<bad_node>> bad;
    std::vector<std::string> urls;
};

manager_options somewhat_patient() {
    manager_options options = usual_options();
    options.node_timeout = 700ms;  // of the ill; the healthy answer at once
    options.connect_timeout = 700ms;
    options.close_timeout = 300ms;
    return options;
}

using minority_case = std::tuple<ailment, std::size_t>;

std::string name_of(ailment what, std::size_t bad, std::size_t good) {
    return std::string{to_string(what)} + "_" + std::to_string(bad) + "_of_" +
           std::to_string(bad + good);
}

struct minority : testing::TestWithParam<minority_case> {};

std::string minority_name(const testing::TestParamInfo<minority_case>& each) {
    const std::size_t bad = std::get<1>(each.param);
    return name_of(std::get<0>(each.param), bad, bad + 1);
}

INSTANTIATE_TEST_SUITE_P(bad, minority,
                         testing::Combine(testing::ValuesIn(all_ailments()),
                                          testing::Values(std::size_t{1}, std::size_t{2})),
                         minority_name);

TEST_P(minority, makes_no_difference) {
    const auto [what, bad_count] = GetParam();
    mixed_cluster nodes{what, bad_count, bad_count + 1};
    client user{nodes.turned, nodes.urls, somewhat_patient()};
    nodes.fall_ill(user);
    for (int turn = 0; turn < 3; ++turn) {
        const auto got = user.try_acquire("job", {.label = "x"});
        ASSERT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
        EXPECT_FALSE(user.extend(got->value, 30s));
        EXPECT_EQ(nodes.good.having("job", got->value.token().str()), nodes.good.size());
        EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
        EXPECT_FALSE(user.release(got->value));
        EXPECT_EQ(nodes.good.having("job"), 0U);
    }
}

struct majority : testing::TestWithParam<ailment> {};

INSTANTIATE_TEST_SUITE_P(bad, majority, testing::ValuesIn(all_ailments()),
                         [](const auto& each) { return name_of(each.param, 2, 1); });

TEST_P(majority, is_no_quorum_with_each_nodes_own_cause) {
    mixed_cluster nodes{GetParam(), 2, 1};
    // What has lost is not sent again to a node that does not know the script.
    nodes.good[0].command({"SCRIPT", "LOAD", std::string{scripts::acquire.body}});
    client user{nodes.turned, nodes.urls, somewhat_patient()};
    nodes.fall_ill(user);
    const auto failed = user.try_acquire("job");
    EXPECT_EQ(failed->error, errc::no_quorum) << failed->error.message();
    EXPECT_FALSE(failed->value.valid());
    EXPECT_FALSE(failed->why.message.empty());
    for (node_index bad = 0; bad < 2; ++bad) {
        EXPECT_EQ(failed->cause(bad), expected_cause(GetParam())) << failed->why.to_string();
        EXPECT_THAT(failed->why.to_string(), testing::HasSubstr("node " + std::to_string(bad)));
    }
    EXPECT_FALSE(failed->cause(2)) << "the healthy node is not to blame";
    EXPECT_THAT(failed->why.to_string(), testing::Not(testing::HasSubstr("wrong@")));
    // The healthy node was told to forget it.
    EXPECT_TRUE(user.await([&] { return cleaned(nodes.good[0], "job"); }));
}

TEST_P(majority, ends_a_wait_in_time_and_a_close_too) {
    mixed_cluster nodes{GetParam(), 2, 1};
    manager_options options = impatient_options();
    client user{nodes.turned, nodes.urls, options};
    nodes.fall_ill(user);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(user.acquire("job", {.wait = 400ms})->error, errc::no_quorum);
    EXPECT_EQ(user.acquire("job", {.wait = wait_policy::forever()})->error, errc::no_quorum)
        << "the quorum timeout ends even an endless wait";
    if (can_be_read(GetParam())) {
        EXPECT_EQ(user.status("job").verdict, lock_verdict::free);
    } else {
        EXPECT_EQ(user.is_locked("job").first, errc::no_quorum);
        EXPECT_EQ(user.status("job").verdict, lock_verdict::unknown);
        EXPECT_EQ(user.list().first, errc::no_quorum);
    }
    static_cast<void>(user.close());
    EXPECT_LT(std::chrono::steady_clock::now() - before, 10s) << "all of it together";
}

TEST(bad_node_diagnostics, name_the_endpoint_and_the_servers_own_words_without_secrets) {
    loop turned;
    redis_server_options locked;
    locked.password = "open sesame";
    cluster nodes{1, locked};
    std::string url = nodes.urls()[0];
    url.insert(url.find("//") + 2, "default:hunter2@");
    client user{turned, std::vector<std::string>{url}, usual_options()};
    const auto failed = user.try_acquire("job");
    EXPECT_EQ(failed->error, errc::no_quorum);
    EXPECT_EQ(failed->cause(0), node_errc::authentication_failed);
    const std::string told = failed->why.to_string();
    EXPECT_THAT(told, testing::HasSubstr(nodes.urls()[0]));
    EXPECT_THAT(told, testing::HasSubstr("WRONGPASS"));
    EXPECT_THAT(told, testing::Not(testing::HasSubstr("hunter2")));
}

TEST(bad_nodes, that_recover_are_used_again) {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls(), impatient_options()};
    user.warm_up();
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(user.acquire("job", {.wait = 100ms})->error, errc::no_quorum);
    nodes[0].restart();
    nodes[0].vouch();
    lock held = user.take("job");
    EXPECT_EQ(nodes[0].get("job"), held.token().str());
}

TEST(bad_nodes, each_with_another_ailment_still_leave_a_quorum_of_five) {
    loop turned;
    cluster good{3};
    bad_node garbage{turned, ailment::garbage};
    bad_node frozen{turned, ailment::frozen_before_contact};
    std::vector<std::string> urls = good.urls();
    urls.push_back(garbage.url());
    urls.push_back(frozen.url());
    client user{turned, urls, somewhat_patient()};
    for (int turn = 0; turn < 20; ++turn) {
        const auto got = user.try_acquire("job");
        ASSERT_FALSE(got->error) << got->why.to_string();
        ASSERT_FALSE(user.release(got->value));
    }
}

}  // namespace
}  // namespace redlock::integration
