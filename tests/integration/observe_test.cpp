// What observers of a leader see on real servers: who leads, in which term, what it has proclaimed,
// each change of that, and nobody. The nodes tell them; an idle observer asks nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Goes on from each change to the next, and notes them all.
class leader_watcher {
    // Kept by the handlers, which may come when the watcher is gone.
    struct notes {
        lock_manager* locks;
        std::string name;
        std::vector<leader_view> seen{};
        std::optional<error_code> ended{};
        asio::cancellation_signal stop{};
        bool gone = false;
    };

  public:
    leader_watcher(client& by, std::string name)
        : notes_(new notes{&*by.manager, std::move(name)}) {
        go_on(notes_, std::nullopt);
    }
    leader_watcher(const leader_watcher&) = delete;
    leader_watcher& operator=(const leader_watcher&) = delete;
    ~leader_watcher() {
        notes_->gone = true;
        notes_->stop.emit(asio::cancellation_type::total);
    }

    [[nodiscard]] std::vector<std::string> labels() const {
        std::vector<std::string> all;
        for (const auto& each : seen) {
            all.push_back(each ? each.label : "nobody");
        }
        return all;
    }

  private:
    static void go_on(const std::shared_ptr<notes>& in, std::optional<leader_view> last) {
        in->locks->async_observe(
            in->name, std::move(last),
            asio::bind_cancellation_slot(in->stop.slot(), [in](error_code error, leader_view now) {
                if (in->gone) {
                    return;
                }
                if (error) {
                    in->ended = error;
                    return;
                }
                in->seen.push_back(now);
                go_on(in, std::move(now));
            }));
    }

    std::shared_ptr<notes> notes_;

  public:
    const std::vector<leader_view>& seen = notes_->seen;
    const std::optional<error_code>& ended = notes_->ended;
};

struct observe_leader : testing::Test {
    [[nodiscard]] bool until(const std::function<bool()>& what) { return turned.until(what, soon); }
    error_code proclaim(lock& held, const std::string& text) {
        std::optional<error_code> came;
        held.async_proclaim(text, [&](error_code error) { came = error; });
        EXPECT_TRUE(turned.until([&] { return came.has_value(); }));
        return came.value_or(error_code{});
    }
    void remove() {
        nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    }

    cluster nodes{3};
    loop turned;
    client leader{turned, nodes.urls()};
    client user{turned, nodes.urls()};
};

TEST_F(observe_leader, sees_nobody_then_who_comes_and_who_goes) {
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    lock held = leader.take("job", {.label = "first"});
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    EXPECT_EQ(watching.seen[1].term, held.fencing_token());
    EXPECT_EQ(watching.seen[1].token, held.token());
    EXPECT_FALSE(leader.release(held));
    ASSERT_TRUE(until([&] { return watching.seen.size() == 3; }));
    EXPECT_THAT(watching.labels(), ElementsAre("nobody", "first", "nobody"));
}

TEST_F(observe_leader, sees_each_text_that_the_leader_proclaims) {
    lock held = leader.take("job", {.label = "first"});
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    EXPECT_EQ(watching.seen[0].proclaimed, "");
    EXPECT_FALSE(proclaim(held, "http://here:80"));
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    EXPECT_EQ(watching.seen[1].proclaimed, "http://here:80");
    EXPECT_EQ(watching.seen[1].label, "first");
    EXPECT_FALSE(proclaim(held, ""));
    ASSERT_TRUE(until([&] { return watching.seen.size() == 3; }));
    EXPECT_EQ(watching.seen[2].proclaimed, "");
    EXPECT_EQ(watching.seen[2].edition, 2U);
    EXPECT_EQ(watching.seen[2].term, held.fencing_token());
}

TEST_F(observe_leader, sees_a_text_that_comes_without_a_longer_lease) {
    lock held = leader.take("job", {.lease_time = 20s});
    EXPECT_FALSE(leader.extend(held, 60s));
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    EXPECT_FALSE(proclaim(held, "ready"));
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    EXPECT_EQ(watching.seen[1].proclaimed, "ready");
}

TEST_F(observe_leader, sees_what_its_own_manager_does) {
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    lock held = user.take("job", {.label = "mine"});
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    EXPECT_FALSE(proclaim(held, "ready"));
    ASSERT_TRUE(until([&] { return watching.seen.size() == 3; }));
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(until([&] { return watching.seen.size() == 4; }));
    EXPECT_THAT(watching.labels(), ElementsAre("nobody", "mine", "mine", "nobody"));
}

TEST_F(observe_leader, sees_what_its_own_manager_does_with_any_of_several_names) {
    leader_watcher watching{user, "second"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    const auto both = user.begin_acquire_all({"first", "second"});
    ASSERT_TRUE(turned.until([&] { return watching.seen.size() == 2; }, soon));
    EXPECT_EQ(watching.seen[1].token, both->value.token());
    EXPECT_FALSE(user.release(both->value));
    ASSERT_TRUE(turned.until([&] { return watching.seen.size() == 3; }, soon));
    EXPECT_FALSE(watching.seen[2]);
}

TEST_F(observe_leader, takes_no_reader_for_a_leader) {
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    lock reader = leader.take_shared("job");
    EXPECT_FALSE(leader.release(reader));
    lock leading = leader.take("job");
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    EXPECT_EQ(watching.seen[1].token, leading.token());
}

TEST_F(observe_leader, sees_the_end_of_a_lease_and_a_deletion) {
    lock held = leader.take("job", {.lease_time = 500ms, .label = "brief"});
    static_cast<void>(held.detach());
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    held = leader.take("job", {.label = "second"});
    ASSERT_TRUE(until([&] { return watching.seen.size() == 3; }));
    remove();
    ASSERT_TRUE(until([&] { return watching.seen.size() >= 4; }));
    EXPECT_EQ(watching.labels()[0], "brief");
    EXPECT_EQ(watching.labels()[1], "nobody");
    EXPECT_EQ(watching.labels()[2], "second");
    EXPECT_EQ(watching.labels()[3], "nobody");
}

TEST_F(observe_leader, sees_a_lock_of_another_library_without_a_term) {
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    nodes.each([](redis_server& node) { node.command({"SET", "job", "theirs", "PX", "60000"}); });
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    EXPECT_EQ(watching.seen[1].token, lock_token{"theirs"});
    EXPECT_FALSE(watching.seen[1].term);
}

TEST_F(observe_leader, asks_nothing_while_nothing_changes) {
    leader_watcher free{user, "nobody wants it"};
    const lock held = leader.take("job", {.lease_time = 60s});
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1 && free.seen.size() == 1; }));
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    const auto before = nodes.commands();
    EXPECT_TRUE(silent_for(3s, turned, nodes));
    EXPECT_EQ(nodes.commands(), before);
    EXPECT_EQ(watching.seen.size(), 1U);
}

TEST_F(observe_leader, misses_no_change_at_any_step) {
    for (int steps = 0; steps < 60; ++steps) {
        lock held = leader.take("job");
        leader_watcher watching{user, "job"};
        for (int i = 0; i < steps; ++i) {
            turned.step();
        }
        const auto releasing = leader.begin_release(held);
        ASSERT_TRUE(until([&] { return !watching.seen.empty() && !watching.seen.back(); }))
            << "after " << steps << " steps";
        ASSERT_TRUE(turned.until([&] { return releasing->done; }));
    }
}

TEST_F(observe_leader, works_where_the_nodes_refuse_to_tell) {
    std::vector<std::string> urls;
    nodes.each([&](redis_server& node) {
        ASSERT_EQ(node.command({"ACL", "SETUSER", "limited", "reset", "on", ">pw", "~*", "&*",
                                "+@all", "-client|tracking"}),
                  "OK");
        urls.push_back("redis://limited:pw@127.0.0.1:" + std::to_string(node.port()));
    });
    client limited{turned, urls};
    leader_watcher watching{limited, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    lock held = leader.take("job", {.label = "first"});
    ASSERT_TRUE(until([&] { return watching.seen.size() == 2; }));
    EXPECT_FALSE(leader.release(held));
    ASSERT_TRUE(until([&] { return watching.seen.size() == 3; }));
}

TEST_F(observe_leader, does_not_go_back_to_an_earlier_text) {
    lock held = leader.take("job", {.lease_time = 60s, .label = "first"});
    EXPECT_FALSE(proclaim(held, "one"));
    EXPECT_FALSE(proclaim(held, "two"));
    // The nodes have the earlier record again, as if those with the later one did not answer.
    const std::string record = nodes[0].get(holder_of("job")).value_or("");
    const std::string size = std::to_string(held.token().str().size());
    const std::string earlier = std::to_string(held.fencing_token().value()) + " " + size +
                                ",5,1 " + held.token().str() + "firstone";
    ASSERT_THAT(record, HasSubstr(",5,2 "));
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    nodes.each([&](redis_server& node) {
        node.command({"SET", holder_of("job"), earlier, "KEEPTTL"});
    });
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    EXPECT_EQ(watching.seen.size(), 1U);
    EXPECT_EQ(watching.seen[0].proclaimed, "two");
}

TEST_F(observe_leader, gives_up_when_too_few_nodes_answer) {
    manager_options options = impatient_options();
    options.quorum_timeout = 300ms;
    client alone{turned, {"redis://127.0.0.1:1", "redis://127.0.0.1:2", nodes[0].url()}, options};
    leader_watcher watching{alone, "job"};
    ASSERT_TRUE(turned.until([&] { return watching.ended.has_value(); }));
    EXPECT_EQ(watching.ended, errc::no_quorum);
    EXPECT_TRUE(watching.seen.empty());
}

TEST_F(observe_leader, refuses_a_name_that_no_lock_can_have) {
    leader_watcher watching{user, "redlock:job"};
    ASSERT_TRUE(until([&] { return watching.ended.has_value(); }));
    EXPECT_EQ(watching.ended, errc::invalid_argument);
}

TEST_F(observe_leader, ends_with_the_manager_and_at_each_kind_of_cancellation) {
    for (const auto kind : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
        asio::cancellation_signal stop;
        std::optional<error_code> came;
        user.manager->async_observe(
            "job", leader_view{},
            asio::bind_cancellation_slot(
                stop.slot(), [&](error_code error, const leader_view&) { came = error; }));
        ASSERT_TRUE(silent_for(100ms, turned, nodes));
        EXPECT_FALSE(came);
        stop.emit(kind);
        ASSERT_TRUE(until([&] { return came.has_value(); }));
        EXPECT_EQ(came, asio::error::operation_aborted);
    }
    leader_watcher watching{user, "job"};
    ASSERT_TRUE(until([&] { return watching.seen.size() == 1; }));
    EXPECT_FALSE(user.close());
    ASSERT_TRUE(until([&] { return watching.ended.has_value(); }));
    EXPECT_EQ(watching.ended, errc::closed);
}

TEST_F(observe_leader, can_be_a_loop_in_a_coroutine) {
    std::vector<std::string> seen;
    asio::cancellation_signal stop;
    error_code ended;
    asio::co_spawn(
        turned.io,
        observe(*user.manager, "job",
                [&](const leader_view& now) { seen.push_back(now ? now.label : "nobody"); }),
        asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr& failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const boost::system::system_error& thrown) {
                ended = thrown.code();
            }
        }));
    ASSERT_TRUE(until([&] { return seen.size() == 1; }));
    lock held = leader.take("job", {.label = "first"});
    ASSERT_TRUE(until([&] { return seen.size() == 2; }));
    EXPECT_THAT(seen, ElementsAre("nobody", "first"));
    stop.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(until([&] { return ended == asio::error::operation_aborted; }));
}

TEST_F(observe_leader, sees_only_texts_that_are_allowed) {
    lock held = leader.take("job");
    EXPECT_EQ(proclaim(held, std::string(lock::max_proclaimed + 1, 'x')), errc::invalid_argument);
    EXPECT_THAT(held.last_error().message, HasSubstr("257 bytes; at most 256"));
    const std::string any("\0 \r\n{}", 6);
    EXPECT_FALSE(proclaim(held, any));
    EXPECT_EQ(user.status("job").proclaimed, any);
    EXPECT_EQ(user.status("job").label, "");
    EXPECT_FALSE(leader.release(held));
    EXPECT_EQ(proclaim(held, "late"), errc::lost);
    EXPECT_TRUE(until([&] { return nodes.having(holder_of("job")) == 0; })) << "it ends, too";
    lock shared = leader.take_shared("page");
    EXPECT_EQ(proclaim(shared, "any"), errc::invalid_argument);
}

TEST_F(observe_leader, finds_the_text_on_a_node_that_has_lost_the_lock_and_gets_it_again) {
    lock held = leader.take("job", {.lease_time = 60s, .label = "first"});
    EXPECT_FALSE(proclaim(held, "ready"));
    nodes[1].command({"DEL", "job", holder_of("job")});
    EXPECT_FALSE(leader.extend(held));
    ASSERT_TRUE(turned.until([&] { return nodes.having(holder_of("job")) == 3; }));
    EXPECT_EQ(nodes[1].get(holder_of("job")), nodes[0].get(holder_of("job")));
}

TEST_F(observe_leader, keeps_the_text_when_the_lock_is_attached_elsewhere_and_extended) {
    lock held = leader.take("job", {.lease_time = 60s});
    EXPECT_FALSE(proclaim(held, "ready"));
    const auto attached = user.attach("job", held.detach(), {.lease_time = 50s});
    ASSERT_FALSE(attached->error);
    EXPECT_FALSE(user.extend(attached->value, 60s));
    EXPECT_EQ(user.status("job").proclaimed, "ready");
    EXPECT_FALSE(proclaim(attached->value, "still ready"));
    EXPECT_EQ(user.status("job").edition, 2U);
}

}  // namespace
}  // namespace redlock::integration
