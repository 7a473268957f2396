// The life of a lock on 1, 3 and 5 healthy servers, and the keys that it leaves there at each
// stage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Pair;

struct main_path : testing::TestWithParam<std::size_t> {
    [[nodiscard]] bool on_all(const std::string& key, const std::string& value) {
        return turned.until([&] { return nodes.having(key, value) == nodes.size(); });
    }
    [[nodiscard]] bool on_none(const std::string& key) {
        return turned.until([&] { return nodes.having(key) == 0; });
    }

    cluster nodes{GetParam()};
    loop turned;
    client user{turned, nodes.urls()};
};

INSTANTIATE_TEST_SUITE_P(nodes, main_path, testing::Values(1, 3, 5));

TEST_P(main_path, the_lock_key_is_the_name_and_its_value_the_token_on_every_node) {
    lock held = user.take("orders:42");
    EXPECT_TRUE(held.valid());
    EXPECT_TRUE(static_cast<bool>(held));
    EXPECT_EQ(held.resource(), resource_name{"orders:42"});
    EXPECT_FALSE(held.token().empty());
    EXPECT_GT(held.fencing_token().value(), 0U);
    EXPECT_GT(held.remaining(), 0ns);
    EXPECT_LT(held.remaining(), 10s);
    EXPECT_TRUE(on_all("orders:42", held.token().str()));
    nodes.each([](redis_server& node) {
        EXPECT_GT(node.pttl("orders:42"), 0);
        EXPECT_LE(node.pttl("orders:42"), 10'000);
        EXPECT_GT(node.pttl(fence_of("orders:42")), 10'000);
        EXPECT_EQ(node.command({"DBSIZE"}), "3") << "no other key but the epoch";
    });
}

TEST_P(main_path, a_release_leaves_nothing_but_the_fence_with_a_time_to_live) {
    lock held = user.take("orders:42");
    ASSERT_TRUE(user.await([&] { return nodes.having("orders:42") == nodes.size(); }));
    EXPECT_FALSE(user.release(held));
    EXPECT_FALSE(held.valid());
    EXPECT_EQ(held.remaining(), 0ns);
    EXPECT_TRUE(turned.until([&] {
        return nodes.count([](redis_server& node) { return cleaned(node, "orders:42"); }) ==
               nodes.size();
    }));
    nodes.each([](redis_server& node) {
        EXPECT_GT(node.pttl(fence_of("orders:42")), 0);
        EXPECT_EQ(node.command({"DBSIZE"}), "2");
    });
}

TEST_P(main_path, what_is_held_cannot_be_had_again_until_it_is_released) {
    client other{turned, nodes.urls()};
    lock held = user.take("orders:42");
    EXPECT_EQ(user.try_acquire("orders:42")->error, errc::contended);
    EXPECT_EQ(other.try_acquire("orders:42")->error, errc::contended);
    EXPECT_FALSE(user.release(held));
    lock again = other.take("orders:42");
    EXPECT_GT(again.fencing_token(), held.fencing_token());
    EXPECT_NE(again.token(), held.token());
}

TEST_P(main_path, a_waiter_gets_the_lock_when_it_is_released) {
    client other{turned, nodes.urls()};
    lock held = user.take("orders:42");
    const auto waiting = other.begin_acquire("orders:42");
    EXPECT_TRUE(user.await([&] { return other.events().count(event_kind::attempt_failed) > 1; }));
    EXPECT_FALSE(waiting->done);
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(user.await([&] { return waiting->done; }));
    EXPECT_FALSE(waiting->error);
    EXPECT_TRUE(waiting->value.valid());
}

TEST_P(main_path, an_extension_resets_the_lease_and_never_shortens_it) {
    lock held = user.take("orders:42", {.lease_time = 5s});
    const auto before = held.valid_until();
    EXPECT_FALSE(user.extend(held, 30s));
    const auto extended = held.valid_until();
    EXPECT_GT(extended, before + 20s);
    EXPECT_TRUE(turned.until([&] {
        return nodes.size() ==
               nodes.count([](redis_server& node) { return node.pttl("orders:42") > 20'000; });
    }));
    EXPECT_FALSE(user.extend(held));  // the lock's own 5 s
    EXPECT_GE(held.valid_until(), extended);
    nodes.each([](redis_server& node) { EXPECT_GT(node.pttl("orders:42"), 20'000); });
}

TEST_P(main_path, the_status_tells_who_holds_it) {
    EXPECT_EQ(user.status("orders:42").verdict, lock_verdict::free);
    lock held = user.take("orders:42", {.label = "billing on host-7"});
    ASSERT_TRUE(on_all("orders:42", held.token().str()));
    client other{turned, nodes.urls()};
    const resource_status told = other.status("orders:42");
    EXPECT_EQ(told.verdict, lock_verdict::held);
    EXPECT_EQ(told.holder, held.token());
    EXPECT_EQ(told.fencing, held.fencing_token());
    EXPECT_EQ(told.label, "billing on host-7");
    ASSERT_TRUE(told.remaining);
    EXPECT_GT(*told.remaining, 0ms);
    EXPECT_LE(*told.remaining, 10s);
    ASSERT_EQ(told.nodes.size(), nodes.size());
    for (const node_status& view : told.nodes) {
        EXPECT_FALSE(view.error);
        EXPECT_EQ(view.holder, held.token());
        EXPECT_GE(view.fence, held.fencing_token());
    }
}

TEST_P(main_path, is_locked_tells_held_from_free) {
    EXPECT_THAT(user.is_locked("orders:42"), Pair(error_code{}, false));
    lock held = user.take("orders:42");
    EXPECT_THAT(user.is_locked("orders:42"), Pair(error_code{}, true));
    EXPECT_FALSE(user.release(held));
    EXPECT_THAT(user.is_locked("orders:42"), Pair(error_code{}, false));
}

TEST_P(main_path, a_detached_lock_can_be_attached_to_by_its_token) {
    lock held = user.take("orders:42", {.label = "left over"});
    const auto fencing = held.fencing_token();
    ASSERT_TRUE(on_all("orders:42", held.token().str()));
    const lock_token token = held.detach();
    EXPECT_FALSE(held.valid());
    EXPECT_TRUE(held.token().empty());

    client other{turned, nodes.urls()};
    const auto attached = other.attach("orders:42", token);
    ASSERT_FALSE(attached->error) << attached->why.to_string();
    EXPECT_TRUE(attached->value.valid());
    EXPECT_EQ(attached->value.token(), token);
    EXPECT_EQ(attached->value.fencing_token(), fencing);
    EXPECT_FALSE(other.extend(attached->value, 20s));
    EXPECT_FALSE(other.release(attached->value));
    EXPECT_TRUE(on_none("orders:42"));
    EXPECT_TRUE(on_none(holder_of("orders:42")));
}

TEST_P(main_path, nobody_attaches_to_a_lock_with_another_token) {
    lock held = user.take("orders:42");
    EXPECT_EQ(user.attach("orders:42", lock_token{"not it"})->error, errc::lost);
    EXPECT_EQ(user.attach("nothing", held.token())->error, errc::lost);
    EXPECT_TRUE(held.valid());
}

TEST_P(main_path, the_list_names_what_is_or_was_locked) {
    lock b = user.take("orders:2");
    lock a = user.take("orders:1");
    lock c = user.take("parcels:1");
    EXPECT_FALSE(user.release(c));
    ASSERT_TRUE(on_all("orders:1", a.token().str()));
    ASSERT_TRUE(on_none("parcels:1"));
    const auto [error, names] = user.list();
    EXPECT_FALSE(error);
    EXPECT_THAT(names, ElementsAre(resource_name{"orders:1"}, resource_name{"orders:2"},
                                   resource_name{"parcels:1"}));
    const auto [no_error, held] = user.list({.pattern = "*:1"});
    EXPECT_FALSE(no_error);
    EXPECT_THAT(held, ElementsAre(resource_name{"orders:1"}));
    EXPECT_EQ(user.list({.limit = 1}).second.size(), 1U);
}

TEST_P(main_path, active_locks_are_those_that_this_manager_holds) {
    EXPECT_THAT(user.manager->active_locks(), IsEmpty());
    lock held = user.take("orders:42");
    EXPECT_THAT(user.manager->active_locks(),
                ElementsAre(AllOf(Field(&active_lock::resource, resource_name{"orders:42"}),
                                  Field(&active_lock::token, held.token()),
                                  Field(&active_lock::mode, lock_mode::exclusive))));
    client other{turned, nodes.urls()};
    EXPECT_THAT(other.manager->active_locks(), IsEmpty());
    EXPECT_FALSE(user.release(held));
    EXPECT_THAT(user.manager->active_locks(), IsEmpty());
}

TEST_P(main_path, a_close_releases_every_lock) {
    std::vector<lock> held;
    for (const char* name : {"a", "b", "c"}) {
        held.push_back(user.take(name));
    }
    EXPECT_FALSE(user.close());
    for (const lock& each : held) {
        EXPECT_FALSE(each.valid());
        EXPECT_EQ(nodes.having(each.resource().str()), 0U);
    }
    EXPECT_THAT(user.manager->active_locks(), IsEmpty());
}

TEST_P(main_path, a_destroyed_lock_is_released) {
    { const lock held = user.take("orders:42"); }
    EXPECT_TRUE(on_none("orders:42"));
}

TEST(fencing, tokens_grow_with_every_acquisition_by_whichever_manager) {
    cluster nodes{3};
    loop turned;
    std::vector<std::unique_ptr<client>> users;
    std::uint64_t last = 0;
    for (int turn = 0; turn < 120; ++turn) {
        if (turn % 30 == 0) {
            users.push_back(std::make_unique<client>(turned, nodes.urls()));
        }
        client& user = *users[static_cast<std::size_t>(turn) % users.size()];
        lock held = user.take("orders:42");
        ASSERT_GT(held.fencing_token().value(), last);
        last = held.fencing_token().value();
        ASSERT_FALSE(user.release(held));
    }
}

TEST(fencing, a_token_is_above_a_fence_from_a_clock_that_runs_ahead) {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    const std::uint64_t first = user.take("orders:42").fencing_token().value();
    // As if somebody with a clock 5 s ahead had held it: within the window, so it is no error.
    nodes.each([&](redis_server& node) {
        node.command({"SET", fence_of("orders:42"), std::to_string(first + 5'000'000)});
    });
    EXPECT_GT(user.take("orders:42").fencing_token().value(), first + 5'000'000);
}

TEST(holder_key, stands_beside_a_lock_with_a_label_or_an_identifier_only_and_goes_with_it) {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    lock plain = user.take("plain");
    lock labelled = user.take("labelled", {.label = "why"});
    lock named = user.take("named", {.identifier = "me"});
    // A node that does not know the script yet may carry out the second before the first.
    ASSERT_TRUE(turned.until([&] {
        return nodes.having("plain") == nodes.size() && nodes.having("labelled") == nodes.size() &&
               nodes.having("named", "me") == nodes.size();
    }));
    EXPECT_EQ(nodes.having(holder_of("plain")), 0U);
    EXPECT_EQ(nodes.having(holder_of("labelled")), nodes.size());
    EXPECT_EQ(nodes.having(holder_of("named")), nodes.size());
    nodes.each([](redis_server& node) { EXPECT_GT(node.pttl(holder_of("named")), 0); });
    EXPECT_FALSE(user.extend(named, 40s));
    EXPECT_TRUE(turned.until([&] {
        return nodes.size() == nodes.count([](redis_server& node) {
            return node.pttl(holder_of("named")) > 30'000;
        });
    }));
    EXPECT_FALSE(user.release(labelled));
    EXPECT_FALSE(user.release(named));
    EXPECT_TRUE(turned.until([&] {
        return nodes.having(holder_of("labelled")) == 0 && nodes.having(holder_of("named")) == 0;
    }));
}

TEST(identifier, becomes_the_token_and_its_fencing_token_is_known_to_all) {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    lock held = user.take("orders:42", {.identifier = "worker 7"});
    EXPECT_EQ(held.token(), lock_token{"worker 7"});
    ASSERT_TRUE(
        turned.until([&] { return nodes.having("orders:42", "worker 7") == nodes.size(); }));
    EXPECT_EQ(user.status("orders:42").fencing, held.fencing_token());
    client other{turned, nodes.urls()};
    const auto attached = other.attach("orders:42", lock_token{"worker 7"});
    EXPECT_EQ(attached->value.fencing_token(), held.fencing_token());
    EXPECT_EQ(user.try_acquire("orders:42", {.identifier = "worker 7"})->error, errc::contended);
}

}  // namespace
}  // namespace redlock::integration
