// Campaigns on real servers: one leader at a time, each in a larger term; the body is cancelled and
// awaited before the lock goes on; what each way out of the body means for the campaign.
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "integration/leadership_fixture.hpp"

namespace redlock::integration {
namespace {

TEST_F(leadership, is_one_candidates_at_a_time) {
    one.campaign();
    ASSERT_TRUE(until([&] { return one.leads(); }));
    other.campaign();
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    EXPECT_TRUE(other.terms.empty());
    EXPECT_TRUE(one.leads());
}

TEST_F(leadership, passes_on_when_the_leaders_lock_is_deleted_and_its_body_is_cancelled) {
    one.campaign();
    ASSERT_TRUE(until([&] { return one.leads(); }));
    other.campaign();
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    const auto first = one.terms.front();
    remove();
    ASSERT_TRUE(until([&] { return other.leads(); }));
    EXPECT_GT(other.terms.front(), first);
    ASSERT_TRUE(until([&] { return one.end_of_body == asio::error::operation_aborted; }));
    EXPECT_FALSE(one.done) << "it campaigns again";
    ASSERT_TRUE(until([&] { return nodes.in_line("job", 1); }));
    other.current->resign();
    ASSERT_TRUE(until([&] { return one.leads(); }));
    EXPECT_GT(one.terms.back(), other.terms.front());
}

TEST_F(leadership, ends_the_body_while_the_lock_is_valid_when_the_nodes_freeze) {
    bool valid = false;
    one.campaign(
        [&](term now) -> asio::awaitable<void> {
            nodes.freeze(0, 3);
            try {
                co_await until_cancelled();
            } catch (const boost::system::system_error&) {
                valid = boot_clock::now() <= now.held().valid_until();
                throw;
            }
        },
        {.lease_time = 1s, .stop_margin = 500ms});
    ASSERT_TRUE(turned.until([&] { return one.end_of_body == asio::error::operation_aborted; }));
    EXPECT_TRUE(valid);
    nodes.thaw();
}

TEST_F(leadership, renews_the_lock_also_with_a_lease_time_of_its_own) {
    one.campaign({}, {.lease_time = 600ms});
    ASSERT_TRUE(turned.until([&] { return one.user.events().count(event_kind::extended) >= 4; }));
    EXPECT_TRUE(one.leads());
    EXPECT_EQ(one.terms.size(), 1U);
}

TEST_F(leadership, goes_to_those_who_wait_when_the_leader_resigns) {
    one.campaign();
    ASSERT_TRUE(until([&] { return one.leads(); }));
    other.campaign();
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    one.current->resign();
    ASSERT_TRUE(until([&] { return other.leads(); }));
    EXPECT_EQ(one.end_of_body, asio::error::operation_aborted);
    EXPECT_TRUE(one.valid_at_end) << "it is released after its body";
    EXPECT_FALSE(one.done);
    EXPECT_EQ(one.terms.size(), 1U);
}

TEST_F(leadership, comes_back_to_who_resigns_when_nobody_else_wants_it) {
    one.campaign();
    ASSERT_TRUE(until([&] { return one.leads(); }));
    const term first = *one.current;
    first.resign();
    ASSERT_TRUE(until([&] { return one.terms.size() == 2 && one.leads(); }));
    EXPECT_GT(one.terms[1], one.terms[0]);
    first.resign();
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    EXPECT_EQ(one.terms.size(), 2U) << "the handle of a term that is over does nothing";
}

TEST_F(leadership, is_not_released_before_the_body_has_ended) {
    bool held_while_it_ends = false;
    one.campaign([&](term now) -> asio::awaitable<void> {
        now.resign();
        try {
            co_await until_cancelled();
        } catch (const boost::system::system_error&) {
            held_while_it_ends = nodes.having("job") == 3;
            now.resign();  // once more, in vain
            throw;
        }
    });
    ASSERT_TRUE(until([&] { return one.terms.size() >= 2; }));
    EXPECT_TRUE(held_while_it_ends);
}

TEST_F(leadership, ends_for_good_when_the_body_returns) {
    one.campaign([](term) -> asio::awaitable<void> { co_return; });
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.thrown, nullptr);
    EXPECT_EQ(one.terms.size(), 1U);
    EXPECT_TRUE(released());
}

TEST_F(leadership, goes_on_when_a_body_returns_because_it_was_cancelled) {
    one.campaign([&](term now) -> asio::awaitable<void> {
        if (one.terms.size() > 1) {
            co_return;
        }
        now.resign();
        try {
            co_await until_cancelled();
        } catch (const boost::system::system_error&) {
            co_return;
        }
    });
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.thrown, nullptr);
    EXPECT_EQ(one.terms.size(), 2U);
}

TEST_F(leadership, goes_on_when_a_body_has_seen_by_itself_that_its_term_is_over) {
    one.campaign(
        [&](term now) -> asio::awaitable<void> {
            if (one.terms.size() > 1) {
                co_return;
            }
            // It blocks the event loop, which so can neither renew the lock nor announce its loss.
            pass_until(now.held().valid_until());
            EXPECT_FALSE(now.valid());
        },
        {.lease_time = 300ms});
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.thrown, nullptr);
    EXPECT_EQ(one.terms.size(), 2U);
}

TEST_F(leadership, goes_on_when_the_loss_was_the_answer_of_an_operation_on_the_lock) {
    one.campaign([&](term now) -> asio::awaitable<void> {
        if (one.terms.size() > 1) {
            co_return;
        }
        now.resign();
        throw boost::system::system_error(errc::lost);
    });
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.thrown, nullptr);
    EXPECT_EQ(one.terms.size(), 2U);
}

TEST_F(leadership, goes_on_when_several_operations_of_the_body_were_cancelled) {
    using namespace asio::experimental::awaitable_operators;
    one.campaign([&](term now) -> asio::awaitable<void> {
        if (one.terms.size() > 1) {
            co_return;
        }
        now.resign();
        co_await (until_cancelled() && until_cancelled());
    });
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.thrown, nullptr);
    EXPECT_EQ(one.terms.size(), 2U);
}

TEST_F(leadership, on_a_manager_that_was_moved_from_ends_as_on_a_closed_one) {
    lock_manager gone{turned.io.get_executor(), node_list{nodes.urls()}, usual_options()};
    const lock_manager moved = std::move(gone);
    std::exception_ptr thrown;
    bool done = false;
    async_campaign(
        gone, "job",  // NOLINT(bugprone-use-after-move)
        [](term) -> asio::awaitable<void> { co_return; }, {},
        [&](std::exception_ptr failure) {
            thrown = std::move(failure);
            done = true;
        });
    ASSERT_TRUE(until([&] { return done; }));
    try {
        std::rethrow_exception(thrown);
    } catch (const lock_error& failure) {
        EXPECT_EQ(failure.code(), errc::closed);
    }
}

TEST_F(leadership, ends_with_what_the_body_throws_after_the_release) {
    one.campaign([](term) -> asio::awaitable<void> {
        throw std::out_of_range{"shelf"};
        co_return;
    });
    ASSERT_TRUE(until([&] { return one.done; }));
    ASSERT_NE(one.thrown, nullptr);
    EXPECT_THROW(std::rethrow_exception(one.thrown), std::out_of_range);
    EXPECT_TRUE(released());
}

TEST_F(leadership, ends_with_what_the_body_throws_in_answer_to_a_loss) {
    one.campaign([&](term) -> asio::awaitable<void> {
        try {
            co_await until_cancelled();
        } catch (const boost::system::system_error&) {
        }
        throw std::out_of_range{"shelf"};
    });
    ASSERT_TRUE(until([&] { return one.leads(); }));
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    remove();
    ASSERT_TRUE(until([&] { return one.done; }));
    ASSERT_NE(one.thrown, nullptr);
    EXPECT_THROW(std::rethrow_exception(one.thrown), std::out_of_range);
}

TEST_F(leadership, of_a_body_that_is_cancelled_by_somebody_else_ends_with_that) {
    one.campaign([](term) -> asio::awaitable<void> {
        throw boost::system::system_error(asio::error::operation_aborted);
        co_return;
    });
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.failure(), asio::error::operation_aborted);
}

TEST_F(leadership, is_given_up_at_each_kind_of_cancellation) {
    for (const auto kind : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
        candidate leading{turned, nodes.urls()};
        leading.campaign();
        ASSERT_TRUE(until([&] { return leading.leads(); }));
        candidate waiting{turned, nodes.urls()};
        waiting.campaign();
        ASSERT_TRUE(silent_for(100ms, turned, nodes));
        waiting.stop.emit(kind);
        ASSERT_TRUE(until([&] { return waiting.done; }));
        EXPECT_EQ(waiting.failure(), asio::error::operation_aborted);
        EXPECT_TRUE(leading.leads());
        leading.stop.emit(kind);
        ASSERT_TRUE(until([&] { return leading.done; }));
        EXPECT_EQ(leading.failure(), asio::error::operation_aborted);
        EXPECT_EQ(leading.end_of_body, asio::error::operation_aborted);
        EXPECT_TRUE(released());
    }
}

TEST_F(leadership, is_given_up_when_it_is_cancelled_at_once) {
    one.campaign();
    one.stop.emit(asio::cancellation_type::total);
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.failure(), asio::error::operation_aborted);
    EXPECT_TRUE(one.terms.empty());
}

TEST_F(leadership, that_is_cancelled_does_not_go_on_when_the_body_swallows_it) {
    one.campaign([](term) -> asio::awaitable<void> {
        try {
            co_await until_cancelled();
        } catch (const boost::system::system_error&) {
        }
    });
    ASSERT_TRUE(until([&] { return one.leads(); }));
    one.stop.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.failure(), asio::error::operation_aborted);
    EXPECT_TRUE(released());
}

TEST_F(leadership, ends_with_the_error_of_a_failed_acquisition) {
    manager_options options = impatient_options();
    options.quorum_timeout = 200ms;
    candidate alone{
        turned, {"redis://127.0.0.1:1", "redis://127.0.0.1:2", nodes[0].url()}, options};
    alone.campaign();
    ASSERT_TRUE(turned.until([&] { return alone.done; }));
    EXPECT_EQ(alone.failure(), errc::no_quorum);
    EXPECT_TRUE(alone.terms.empty());
}

TEST_F(leadership, ends_when_the_manager_closes) {
    one.campaign();
    ASSERT_TRUE(until([&] { return one.leads(); }));
    EXPECT_FALSE(one.user.close());
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.failure(), errc::closed);
    EXPECT_EQ(one.end_of_body, asio::error::operation_aborted);
}

TEST_F(leadership, needs_terms_with_numbers_and_tokens_of_its_own) {
    manager_options options = usual_options();
    options.fencing = false;
    candidate unfenced{turned, nodes.urls(), options};
    for (std::size_t node = 0; node < nodes.size(); ++node) {
        nodes[node].command({"SET", "job", "another's"});
    }
    unfenced.campaign();
    ASSERT_TRUE(until([&] { return unfenced.done; })) << "it does not wait to be told";
    EXPECT_EQ(unfenced.failure(), errc::invalid_argument);
    EXPECT_TRUE(unfenced.terms.empty());
    remove();
    one.campaign({}, {.identifier = "mine"});
    ASSERT_TRUE(until([&] { return one.done; }));
    EXPECT_EQ(one.failure(), errc::invalid_argument);
}

TEST_F(leadership, of_candidates_in_one_process_has_a_token_of_its_own_each_time) {
    std::vector<lock_token> tokens;
    const auto body = [&](const term& now) -> asio::awaitable<void> {
        tokens.push_back(now.held().token());
        co_return;
    };
    int ended = 0;
    for (int i = 0; i < 3; ++i) {
        async_campaign(*one.user.manager, "job", body, {}, [&](const std::exception_ptr& failure) {
            EXPECT_EQ(failure, nullptr);
            ++ended;
        });
    }
    ASSERT_TRUE(until([&] { return ended == 3; }));
    ASSERT_EQ(tokens.size(), 3U);
    EXPECT_NE(tokens[0], tokens[1]);
    EXPECT_NE(tokens[1], tokens[2]);
    EXPECT_EQ(one.user.events().count(event_kind::handed_over), 0U);
}

TEST_F(leadership, can_be_awaited_and_its_body_can_be_moved_only) {
    struct work {
        explicit work(int& ran) : ran_(&ran), mine_(std::make_unique<int>(1)) {}
        asio::awaitable<void> operator()(term) {
            *ran_ += *mine_;
            co_return;
        }
        int* ran_;
        std::unique_ptr<int> mine_;
    };
    int ran = 0;
    turned.run([&]() -> asio::awaitable<void> {
        co_await async_campaign(*one.user.manager, "job", work{ran});
        co_await async_campaign(*one.user.manager, "job", work{ran}, {}, asio::use_awaitable);
    });
    EXPECT_EQ(ran, 2);
}

TEST(leadership_future, throws_from_its_future) {
    cluster nodes{1};
    asio::io_context io;
    auto work = asio::make_work_guard(io);
    std::thread thread{[&] { io.run(); }};
    lock_manager locks{io, nodes.urls(), usual_options()};
    auto pending = async_campaign(
        locks, "job",
        [](term) -> asio::awaitable<void> {
            throw std::out_of_range{"shelf"};
            co_return;
        },
        {}, asio::use_future);
    EXPECT_THROW(pending.get(), std::out_of_range);
    locks.async_close(asio::use_future).get();
    work.reset();
    thread.join();
}

TEST(leadership_abandoned, leaves_nothing_behind_when_the_event_loop_is_given_up) {
    cluster nodes{3};
    asio::cancellation_signal stop;
    std::optional<term> kept;
    {
        loop turned;
        lock_manager locks{turned.io, nodes.urls(), usual_options()};
        async_campaign(
            locks, "job",
            [&](term now) -> asio::awaitable<void> {
                kept = now;
                co_await until_cancelled();
            },
            {}, asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {
                ADD_FAILURE() << "the loop is gone";
            }));
        ASSERT_TRUE(turned.until([&] { return kept.has_value(); }));
    }
    kept->resign();
    stop.emit(asio::cancellation_type::terminal);
    EXPECT_FALSE(kept->valid());
}

}  // namespace
}  // namespace redlock::integration
