// Several resources as one lock, on real servers: all or none beside locks of single names and of
// readers, one token, one validity, and nothing left when it is over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::HasSubstr;

struct several_locks : testing::Test {
    /// On how many nodes it lies under all names.
    [[nodiscard]] std::size_t having_all(const std::string& value) {
        return nodes.count([&](redis_server& node) {
            return node.get("a") == value && node.get("b") == value && node.get("c") == value;
        });
    }
    [[nodiscard]] std::size_t having_any() {
        return nodes.having("a") + nodes.having("b") + nodes.having("c");
    }
    /// Nothing but fences, which end by themselves.
    void expect_nothing_left() {
        EXPECT_TRUE(turned.until([&] { return having_any() == 0; }));
        EXPECT_EQ(nodes.having(holder_of("a")) + nodes.having(holder_of("c")), 0U);
    }
    /// Known to all nodes.
    lock taken(acquire_options options = {.lease_time = 60s}) {
        lock held = one.take_all({"c", "a", "b"}, options);
        const std::string token = held.token().str();
        EXPECT_TRUE(turned.until([&] { return having_all(token) == 3; }));
        return held;
    }

    cluster nodes{3};
    loop turned;
    client one{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(several_locks, are_one_lock_with_one_token_under_each_name) {
    lock held = taken();
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(held.resource(), "a");
    EXPECT_THAT(held.resources(), testing::ElementsAre("a", "b", "c"));
    EXPECT_EQ(held.mode(), lock_mode::exclusive);
    EXPECT_EQ(one.manager->active_locks().size(), 3U);
    for (const char* const name : {"a", "b", "c"}) {
        const auto status = other.status(name);
        EXPECT_EQ(status.verdict, lock_verdict::held);
        EXPECT_EQ(status.holder, held.token());
        EXPECT_EQ(status.fencing, held.fencing_token());
    }
    EXPECT_FALSE(one.release(held));
    EXPECT_FALSE(held.valid());
    expect_nothing_left();
}

TEST_F(several_locks, of_one_name_are_a_plain_lock) {
    // The plain scripts do not read the lock key of a free lock.
    const auto reads_of = [this](lock held) {
        EXPECT_TRUE(turned.until([&] { return nodes.having("a", held.token().str()) == 3; }));
        return nodes.commands("get");
    };
    one.rehearse();
    EXPECT_TRUE(silent_for(50ms, turned, nodes));
    const auto before = nodes.commands("get");
    const auto with_plain = reads_of(one.take("a"));
    EXPECT_TRUE(silent_for(50ms, turned, nodes));
    const auto between = nodes.commands("get");
    const auto with_all = reads_of(one.take_all({"a"}));
    EXPECT_EQ(with_all - between, with_plain - before);
    expect_nothing_left();
}

TEST_F(several_locks, exclude_plain_ones_and_are_excluded_by_them) {
    lock held = taken();
    for (const char* const name : {"a", "b", "c"}) {
        EXPECT_EQ(other.try_acquire(name)->error, errc::contended) << name;
        EXPECT_EQ(one.try_acquire(name)->error, errc::contended) << name;
        EXPECT_EQ(other.try_acquire_shared(name)->error, errc::contended) << name;
    }
    EXPECT_FALSE(one.release(held));
    for (const char* const name : {"a", "b", "c"}) {
        lock plain = other.take(name);
        const auto refused = one.try_acquire_all({"a", "b", "c"});
        EXPECT_EQ(refused->error, errc::contended) << name;
        ASSERT_TRUE(refused->why.holder) << name;
        EXPECT_EQ(refused->why.holder->token, plain.token()) << name;
        EXPECT_EQ(nodes.having("a") + nodes.having("b") + nodes.having("c"), nodes.having(name))
            << "none of the others was taken";
        EXPECT_FALSE(other.release(plain));
        lock reader = other.take_shared(name);
        EXPECT_EQ(one.try_acquire_all({"a", "b", "c"})->error, errc::contended) << name;
        EXPECT_FALSE(other.release(reader));
    }
    expect_nothing_left();
}

TEST_F(several_locks, go_together_with_other_libraries_locks) {
    nodes.each([](redis_server& node) {
        node.command({"SET", "b", "theirs", "NX", "PX", "60000"});
    });
    EXPECT_EQ(one.try_acquire_all({"a", "b"})->error, errc::contended);
    nodes.each([](redis_server& node) { node.command({"DEL", "b"}); });
    lock held = one.take_all({"a", "b"});
    ASSERT_TRUE(turned.until([&] { return nodes.having("b", held.token().str()) == 3; }));
    nodes.each([](redis_server& node) {
        EXPECT_EQ(node.command({"SET", "b", "theirs", "NX", "PX", "60000"}), "(nil)");
    });
    EXPECT_FALSE(one.release(held));
}

TEST_F(several_locks, have_a_token_above_those_of_each_name_and_below_those_after) {
    fencing_token last;
    for (int round = 0; round < 5; ++round) {
        for (const char* const name : {"a", "b", "c"}) {
            lock plain = other.take(name);
            last = std::max(last, plain.fencing_token());
            ASSERT_FALSE(other.release(plain));
        }
        lock held = one.take_all({"a", "b", "c"});
        EXPECT_GT(held.fencing_token(), last);
        last = held.fencing_token();
        ASSERT_FALSE(one.release(held));
        for (const char* const name : {"c", "b", "a"}) {
            lock plain = other.take(name);
            EXPECT_GT(plain.fencing_token(), last) << name;
            ASSERT_FALSE(other.release(plain));
        }
    }
}

TEST_F(several_locks, are_above_a_fence_that_is_ahead) {
    lock plain = other.take("b");
    const auto ahead = std::to_string(plain.fencing_token().value() + 2'000'000);
    ASSERT_FALSE(other.release(plain));
    nodes.each([&](redis_server& node) {
        node.command({"SET", fence_of("b"), ahead, "PX", "60000"});
    });
    lock held = one.take_all({"a", "b"});
    EXPECT_GT(held.fencing_token().value(), std::stoull(ahead));
}

TEST_F(several_locks, are_extended_under_each_name) {
    lock held = taken({.lease_time = 5s});
    EXPECT_FALSE(one.extend(held, 30s));
    for (const char* const name : {"a", "b", "c"}) {
        EXPECT_TRUE(turned.until([&] {
            return nodes.count([&](redis_server& node) {
                return std::stoll(node.command({"PTTL", name})) > 20'000;
            }) == 3;
        })) << name;
    }
}

TEST_F(several_locks, are_renewed_by_themselves) {
    lock held = one.take_all({"a", "b"}, {.lease_time = 600ms, .renew = true});
    const auto log = [&] { return one.events().count(event_kind::extended); };
    ASSERT_TRUE(turned.until([&] { return log() >= 3; }));
    EXPECT_TRUE(held.valid());
    EXPECT_FALSE(one.release(held));
    expect_nothing_left();
}

TEST_F(several_locks, are_made_whole_on_a_node_that_has_lost_a_name) {
    lock held = taken();
    const std::string token = held.token().str();
    nodes[0].command({"DEL", "b"});
    EXPECT_FALSE(one.extend(held));
    ASSERT_TRUE(turned.until([&] { return having_all(token) == 3; }));
    EXPECT_FALSE(one.release(held));
    expect_nothing_left();
}

TEST_F(several_locks, are_not_put_back_beside_somebody_else) {
    lock held = taken();
    nodes[0].command({"SET", "b", "theirs", "PX", "60000"});
    nodes[0].command({"DEL", "c"});
    EXPECT_FALSE(one.extend(held)) << "a majority still has it";
    EXPECT_EQ(nodes[0].get("b"), "theirs");
    EXPECT_EQ(nodes[0].get("c"), std::nullopt);
    EXPECT_FALSE(one.release(held));
    EXPECT_EQ(nodes[0].get("b"), "theirs");
}

TEST_F(several_locks, are_lost_as_a_whole_with_one_name) {
    lock held = taken({.lease_time = 60s, .renew = false});
    for (std::size_t node = 0; node < 2; ++node) {
        nodes[node].command({"SET", "c", "theirs", "PX", "60000"});
    }
    EXPECT_EQ(one.extend(held), errc::lost);
    EXPECT_FALSE(held.valid());
    held = lock{};
    EXPECT_TRUE(turned.until([&] { return nodes.having("a") == 0 && nodes.having("b") == 0; }))
        << "what was left of it is given back";
    EXPECT_EQ(nodes.having("c"), 2U);
}

TEST_F(several_locks, know_early_that_one_name_is_lost) {
    for (const char* const gone : {"a", "b", "c"}) {
        lock held = taken();
        const auto before = nodes.commands();
        const auto watching = one.begin_wait_lost(held);
        ASSERT_TRUE(turned.until([&] { return nodes.commands() >= before + 9; }));
        one.warm_up();
        nodes[0].command({"DEL", gone});
        nodes[1].command({"DEL", gone});
        ASSERT_TRUE(turned.until([&] { return watching->done; }, soon)) << gone;
        EXPECT_EQ(watching->error, errc::lost);
        EXPECT_LT(boot_clock::now(), held.valid_until()) << "not by time";
        held = lock{};
        ASSERT_TRUE(turned.until([&] { return having_any() == 0; }));
    }
}

TEST_F(several_locks, are_not_lost_with_different_names_on_too_few_nodes) {
    lock held = taken();
    const auto before = nodes.commands();
    const auto watching = one.begin_wait_lost(held);
    ASSERT_TRUE(turned.until([&] { return nodes.commands() >= before + 9; }));
    nodes[0].command({"DEL", "a"});
    nodes[0].command({"DEL", "b"});
    ASSERT_TRUE(silent_for(100ms, turned, nodes));
    EXPECT_FALSE(watching->done);
    nodes[2].command({"DEL", "c"});
    ASSERT_TRUE(turned.until([&] { return watching->done; }, soon)) << "two nodes lack a name";
    EXPECT_EQ(watching->error, errc::lost);
}

TEST_F(several_locks, carry_a_label_under_each_name) {
    lock held = taken({.lease_time = 60s, .label = "transfer"});
    for (const char* const name : {"a", "b", "c"}) {
        const auto status = other.status(name);
        EXPECT_EQ(status.label, "transfer") << name;
        EXPECT_EQ(status.fencing, held.fencing_token()) << name;
    }
    EXPECT_FALSE(one.extend(held));
    EXPECT_FALSE(one.release(held));
    expect_nothing_left();
}

TEST_F(several_locks, stay_for_a_minimum_under_each_name) {
    lock held = taken({.lease_time = 60s, .min_hold = 30s});
    EXPECT_FALSE(one.release(held));
    for (const char* const name : {"a", "b", "c"}) {
        EXPECT_EQ(other.try_acquire(name)->error, errc::contended) << name;
        // Two of three nodes decide, and this one may be the third.
        EXPECT_TRUE(turned.until([&] { return nodes[0].pttl(name) < 31'000; })) << name;
    }
}

TEST_F(several_locks, cannot_be_shared) {
    lock held = taken();
    EXPECT_EQ(one.downgrade(held), errc::invalid_argument);
    EXPECT_THAT(held.last_error().message, HasSubstr("several names"));
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(held.mode(), lock_mode::exclusive);
}

TEST_F(several_locks, are_refused_before_anything_is_sent) {
    one.warm_up();
    const auto before = nodes.commands();
    const auto refused = [&](resource_names names) {
        return one.try_acquire_all(std::move(names));
    };
    EXPECT_EQ(refused({})->error, errc::no_resource);
    const auto twice = refused({"b", "a", "b"});
    EXPECT_EQ(twice->error, errc::resource_twice);
    EXPECT_THAT(twice->why.message, HasSubstr("b is named twice"));
    std::vector<resource_name> many;
    for (std::size_t i = 0; i <= resource_names::most; ++i) {
        many.emplace_back("name" + std::to_string(i));
    }
    const auto too_many = refused(many);
    EXPECT_EQ(too_many->error, errc::too_many_resources);
    EXPECT_THAT(too_many->why.message, HasSubstr("65"));
    EXPECT_EQ(refused({"a", ""})->error, errc::invalid_argument);
    EXPECT_EQ(refused({"a", "redlock:x"})->error, errc::invalid_argument);
    EXPECT_EQ(nodes.commands(), before);
    many.pop_back();
    lock held = one.take_all(many);
    EXPECT_EQ(held.resources().size(), resource_names::most);
    EXPECT_FALSE(one.release(held));
}

TEST_F(several_locks, without_fencing_exclude_as_well) {
    manager_options options = usual_options();
    options.fencing = false;
    client unfenced{turned, nodes.urls(), options};
    lock held = unfenced.take_all({"a", "b", "c"});
    EXPECT_EQ(held.fencing_token(), fencing_token{});
    EXPECT_EQ(other.try_acquire("b")->error, errc::contended);
    EXPECT_FALSE(unfenced.extend(held));
    EXPECT_FALSE(unfenced.release(held));
    expect_nothing_left();
    EXPECT_EQ(nodes.having(fence_of("a")), 0U);
}

TEST_F(several_locks, outlive_a_frozen_node) {
    one.rehearse();
    other.rehearse();
    lock before = taken();
    ASSERT_FALSE(one.release(before));
    nodes.freeze(2, 3);
    lock held = one.take_all({"a", "b", "c"});
    EXPECT_FALSE(one.release(held));
    nodes.thaw();
    expect_nothing_left();
}

TEST_F(several_locks, are_released_by_a_close) {
    lock held = taken();
    EXPECT_FALSE(one.close());
    EXPECT_FALSE(held.valid());
    expect_nothing_left();
}

TEST_F(several_locks, guard_a_coroutine) {
    turned.run([this]() -> asio::awaitable<void> {
        const int moved = co_await with_locks(
            *one.manager, {"a", "b"}, [this](lock& held) -> asio::awaitable<int> {
                EXPECT_TRUE(held.valid());
                EXPECT_GE(nodes.having("a", held.token().str()), 2U);
                EXPECT_GE(nodes.having("b", held.token().str()), 2U);
                co_return 7;
            });
        EXPECT_EQ(moved, 7);
        // In a list of a co_await expression.
        lock held = co_await one.manager->async_acquire_all(
            {"a", std::string(100, 'b'), resource_name{"c"}}, {.lease_time = 5s},
            asio::use_awaitable);
        EXPECT_EQ(held.resources().size(), 3U);
        co_await held.async_release(asio::use_awaitable);
    });
    expect_nothing_left();
}

}  // namespace
}  // namespace redlock::integration
