// Texts and names that people read in logs: each enumerator has its own, and none says "unknown".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <redlock/error.hpp>
#include <redlock/lock_manager.hpp>
#include <redlock/observer.hpp>
#include <redlock/status.hpp>
#include <set>
#include <string>
#include <string_view>

namespace redlock {
namespace {

using testing::HasSubstr;

/// Calls `text` for 1, 2, ... up to `last`; all must differ, and nothing beyond has a text.
template <class Text>
void expect_texts_of_their_own(int last, Text text) {
    std::set<std::string> seen;
    for (int code = 1; code <= last; ++code) {
        const std::string said{text(code)};
        EXPECT_FALSE(said.empty());
        EXPECT_THAT(said, testing::Not(HasSubstr("unknown error")));
        EXPECT_TRUE(seen.insert(said).second) << said;
    }
    EXPECT_EQ(text(0), "unknown error");
    EXPECT_EQ(text(last + 1), "unknown error");
}

TEST(error, has_a_text_for_each_result_of_an_operation) {
    expect_texts_of_their_own(static_cast<int>(errc::permits_mismatch),
                              [](int code) { return lock_category().message(code); });
}

boost::asio::awaitable<void> acquire_plainly(lock_manager& locks) {
    co_await locks.async_acquire("a");
}

/// What a caller reads who awaits without more ado, and lets Asio throw.
TEST(error, thrown_by_a_plain_co_await_is_a_sentence_that_says_what_to_do) {
    boost::asio::io_context loop;
    lock_manager locks{loop.get_executor(), {"redis://127.0.0.1:1"}};
    locks.async_close([](const error_code&) {});
    loop.run();
    loop.restart();
    std::string said;
    boost::asio::co_spawn(loop, acquire_plainly(locks), [&](const std::exception_ptr& thrown) {
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& failure) {
            said = failure.what();
        }
    });
    loop.run();
    EXPECT_THAT(said, testing::StartsWith("the lock manager is closed and carries out no "
                                          "operation; make another one"));
}

TEST(error, of_an_operation_says_what_happened_and_what_to_do_or_where_to_look) {
    for (int code = 1; code <= static_cast<int>(errc::permits_mismatch); ++code) {
        const std::string said = lock_category().message(code);
        EXPECT_THAT(said, HasSubstr("; ")) << "what happened; what to do";
        EXPECT_GT(said.size(), 40U) << said;
    }
}

TEST(error, has_a_text_for_each_cause_of_a_node) {
    expect_texts_of_their_own(static_cast<int>(node_errc::wrong_type),
                              [](int code) { return node_category().message(code); });
}

TEST(error, is_made_from_its_enumerator_in_its_own_category) {
    const error_code lost = errc::lost;
    const error_code silent = node_errc::no_answer;
    EXPECT_STREQ(lost.category().name(), "redlock");
    EXPECT_STREQ(silent.category().name(), "redlock.node");
    EXPECT_EQ(lost, errc::lost);
    EXPECT_NE(lost, errc::timed_out);
    EXPECT_TRUE(lost.failed());
    EXPECT_FALSE(error_code{}.failed());
    // The same number means something else in each.
    EXPECT_NE(error_code{errc::contended}, error_code{node_errc::no_answer});
}

TEST(error, keeps_apart_what_a_caller_treats_differently) {
    const std::set<error_code> different{errc::contended, errc::timed_out, errc::no_quorum,
                                         errc::indeterminate};
    EXPECT_EQ(different.size(), 4U);
}

TEST(diagnostics, are_one_line_for_a_log) {
    const diagnostics details{"too few",
                              {{1, node_errc::read_only, "redis://b:1"},
                               {4, node_errc::error_reply, "redis://e:1: ERR no"}}};
    EXPECT_EQ(details.to_string(),
              "too few; node 1 (redis://b:1): is a replica; node 4 "
              "(redis://e:1: ERR no): answered with an error");
    EXPECT_EQ(diagnostics{}.to_string(), "");
    EXPECT_EQ((diagnostics{"only this", {}}.to_string()), "only this");
    EXPECT_EQ((diagnostics{"", {{0, node_errc::loading, "x"}}}.to_string()),
              "node 0 (x): is still loading its data");
}

TEST(diagnostics, say_once_what_several_nodes_say_alike) {
    const diagnostics details{"too few",
                              {{0, node_errc::not_connected, "redis://a:1: refused"},
                               {1, node_errc::read_only, "redis://b:1"},
                               {2, node_errc::not_connected, "redis://c:1: refused"},
                               {3, node_errc::not_connected, "redis://d:1: unreachable"},
                               {4, node_errc::read_only, "redis://e:1"}}};
    EXPECT_EQ(details.to_string(),
              "too few; node 0 (redis://a:1), node 2 (redis://c:1): not connected: refused; "
              "node 1 (redis://b:1), node 4 (redis://e:1): is a replica; "
              "node 3 (redis://d:1: unreachable): not connected");
}

TEST(lock_error, carries_code_and_details) {
    const lock_error thrown{errc::no_quorum, {"why", {{0, node_errc::no_answer, "x"}}}};
    EXPECT_EQ(thrown.code(), errc::no_quorum);
    EXPECT_EQ(thrown.details().nodes.size(), 1U);
    EXPECT_THAT(thrown.what(), testing::AllOf(HasSubstr("why"), HasSubstr("node 0 (x)"),
                                              HasSubstr("too few nodes answered")));
}

/// All names up to the last enumerator, each its own.
template <class Enum>
void expect_names_of_their_own(Enum last) {
    std::set<std::string_view> seen;
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        const std::string_view name = to_string(static_cast<Enum>(i));
        EXPECT_NE(name, "?");
        EXPECT_TRUE(seen.insert(name).second) << name;
    }
    EXPECT_EQ(to_string(static_cast<Enum>(static_cast<int>(last) + 1)), "?");
}

TEST(names, has_one_for_each_event) {
    expect_names_of_their_own(event_kind::node_unverified);
    EXPECT_EQ(to_string(event_kind::late_grant_released), "late grant released");
}

TEST(names, has_one_for_each_verdict) {
    expect_names_of_their_own(lock_verdict::unknown);
    EXPECT_EQ(to_string(lock_verdict::held), "held");
    EXPECT_EQ(to_string(lock_verdict::free), "free");
}

}  // namespace
}  // namespace redlock
