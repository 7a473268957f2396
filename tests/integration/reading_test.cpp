// What is documented as reading writes nothing, on servers that nobody has used and on servers that
// are in use: the whole key space is compared around each call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/harness.hpp"
#include "support/key_space.hpp"

namespace redlock::integration {
namespace {

struct reading : testing::Test {
    [[nodiscard]] std::vector<std::string> all_keys() {
        std::vector<std::string> all;
        nodes.each([&](redis_server& node) { all.push_back(support::key_space(node)); });
        return all;
    }
    /// That `read`, with a manager that is new and with one that is connected, changes nothing.
    void expect_unchanged(std::size_t count, const std::function<void(client&)>& read,
                          manager_options options = usual_options()) {
        std::vector<std::string> urls = nodes.urls();
        urls.resize(count);
        const auto before = all_keys();
        client user{turned, urls, options};
        read(user);
        EXPECT_EQ(all_keys(), before) << count << " nodes, on first contact";
        nodes.each([](redis_server& node) { node.command({"CLIENT", "KILL", "TYPE", "normal"}); });
        read(user);
        EXPECT_EQ(all_keys(), before) << count << " nodes, connected anew";
    }
    void expect_reads_only(const std::function<void(client&)>& read) {
        manager_options other = usual_options();
        other.max_lease_time = 90s;
        other.fence_lifetime = 180s;
        manager_options off = usual_options();
        off.guard = restart_guard::off;
        for (const std::size_t count : {1U, 2U, 3U}) {
            expect_unchanged(count, read);
            expect_unchanged(count, read, other);
            expect_unchanged(count, read, off);
        }
    }
    void expect_reads_only_everywhere(const std::function<void(client&)>& read) {
        nodes.each([](redis_server& node) { node.restart(); });
        expect_reads_only(read);  // empty, and nobody has vouched
        client user{turned, nodes.urls()};
        ASSERT_FALSE(user.vouch()->error);
        expect_reads_only(read);
        held = user.take("job", {.lease_time = 60s, .label = "somebody"});
        ASSERT_TRUE(user.await([&] { return nodes.having(holder_of("job")) == 3; }));
        nodes[1].command({"SET", "not ours", "x", "EX", "1000"});
        expect_reads_only(read);
        held.detach();
    }

    cluster nodes{3};
    loop turned;
    lock held;
};

TEST_F(reading, a_status_writes_nothing) {
    expect_reads_only_everywhere([](client& user) { user.status("job"); });
}

TEST_F(reading, asking_whether_it_is_locked_writes_nothing) {
    expect_reads_only_everywhere([](client& user) { user.is_locked("job"); });
}

TEST_F(reading, a_list_writes_nothing) {
    expect_reads_only_everywhere([](client& user) { user.list(); });
}

TEST_F(reading, an_examination_writes_nothing) {
    expect_reads_only_everywhere([this](client& user) {
        bool done = false;
        user.manager->async_examine(
            {.samples = 2, .resource = "job"},
            [&](const error_code&, const std::vector<node_health>&) { done = true; });
        EXPECT_TRUE(turned.until([&] { return done; }));
    });
}

TEST_F(reading, attaching_and_waiting_for_the_loss_write_nothing) {
    expect_reads_only_everywhere([this](client& user) {
        const auto attached = user.attach("job", held.token());
        if (!attached->error) {
            const auto lost = user.begin_wait_lost(attached->value);
            user.status("job");
            lost->cancel();
            EXPECT_TRUE(turned.until([&] { return lost->done; }));
            attached->value.detach();
        }
    });
}

// The counterpart: who asks for a vote leaves the settings, else nobody could compare them.
TEST_F(reading, is_not_what_an_acquisition_does) {
    const auto before = all_keys();
    client user{turned, nodes.urls()};
    lock taken = user.take("job");
    EXPECT_FALSE(user.release(taken));
    EXPECT_NE(all_keys(), before);
}

// A record that was left by whoever only looked refused the others: doctor with three nodes, then
// locks with five.
TEST_F(reading, leaves_it_to_others_how_many_nodes_there_are) {
    nodes.each([](redis_server& node) {
        node.command({"DEL", "redlock:epoch"});
        node.vouch();
    });
    client reader{turned, nodes.urls()};
    reader.status("job");
    reader.list();
    cluster more{2};
    std::vector<std::string> five = nodes.urls();
    for (const std::string& each : more.urls()) {
        five.push_back(each);
    }
    client user{turned, five};
    EXPECT_FALSE(user.try_acquire("job")->error);
}

}  // namespace
}  // namespace redlock::integration
