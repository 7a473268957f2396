// From replies to votes: each answer that the scripts give, and that nothing else is ever taken for
// a vote, since a node that answers nonsense must not help anybody to a lock.
#include "driver/votes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "driver/replies.hpp"
#include "driver/token.hpp"

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;
using core::acquire_answer;
using core::extend_answer;
using core::release_answer;
using testing::HasSubstr;

std::string bulk(std::string_view bytes) {
    return written_reply::bulk(bytes);
}

parsed<core::acquire_vote> acquire(std::string_view bytes, std::int64_t wall_us = 0) {
    return parse_acquire(written_reply{bytes}.view(), {wall_us, wall_us, 0}, 10s);
}
parsed<extend_reply> extend(std::string_view bytes) {
    return parse_extend(written_reply{bytes}.view());
}
parsed<release_reply> release(std::string_view bytes) {
    return parse_release(written_reply{bytes}.view());
}
/// `bytes`: the first four parts; the node's time and the fence's life go with them.
parsed<node_status> status(std::string_view bytes,
                           const std::string& time_and_life = ":1700000000000000\r\n:5000\r\n") {
    const std::string all = bytes.starts_with("*4")
                                ? "*6" + std::string{bytes.substr(2)} + time_and_life
                                : std::string{bytes};
    return parse_status(written_reply{all}.view(), "job", key_names{}, 10s);
}

TEST(votes, reads_a_grant) {
    const auto vote = acquire(":1700000000000000\r\n").vote.value();
    EXPECT_EQ(vote.answer, acquire_answer::granted);
    EXPECT_EQ(vote.node_time_us, 1700000000000000);
}

TEST(votes, reads_busy_with_lease_and_holder) {
    const auto first = acquire("*3\r\n:0\r\n:1500\r\n" + bulk("a")).vote.value();
    EXPECT_EQ(first.answer, acquire_answer::busy);
    EXPECT_EQ(first.holder_remaining, core::duration{1500ms});
    const auto same = acquire("*3\r\n:0\r\n:20\r\n" + bulk("a")).vote.value();
    const auto other = acquire("*3\r\n:0\r\n:20\r\n" + bulk("b")).vote.value();
    EXPECT_EQ(first.holder, same.holder);
    EXPECT_NE(first.holder, other.holder);
}

TEST(votes, reads_busy_without_an_end) {
    EXPECT_EQ(acquire("*3\r\n:0\r\n:-1\r\n" + bulk("a")).vote.value().holder_remaining,
              std::nullopt);
    EXPECT_EQ(acquire("*3\r\n:0\r\n:0\r\n" + bulk("a")).vote.value().holder_remaining,
              core::duration{0});
}

TEST(votes, cuts_a_lease_of_millions_of_years_down_to_what_can_be_reckoned_with) {
    const std::string endless = ":9223372036854775807\r\n";
    const auto vote = acquire("*3\r\n:0\r\n" + endless + bulk("a")).vote.value();
    EXPECT_GT(vote.holder_remaining, core::duration{24h * 365 * 200});
    const auto view = status("*4\r\n" + bulk("a") + endless + "$-1\r\n$-1\r\n").vote.value();
    EXPECT_GT(core::duration{view.remaining.value()}, core::duration{24h * 365 * 200});
}

TEST(votes, reads_a_grant_in_line) {
    for (const std::size_t waiting : {0U, 1U, 127U}) {
        const auto vote =
            acquire("*2\r\n:1700000000000000\r\n:" + std::to_string(waiting) + "\r\n").vote.value();
        EXPECT_EQ(vote.answer, acquire_answer::granted);
        EXPECT_EQ(vote.node_time_us, 1700000000000000);
        EXPECT_EQ(vote.waiting, waiting);
        EXPECT_EQ(vote.ahead, 0U);
    }
}

TEST(votes, reads_how_many_stand_before_us) {
    const auto in_line = acquire("*4\r\n:0\r\n:1500\r\n" + bulk("a") + ":3\r\n").vote.value();
    EXPECT_EQ(in_line.answer, acquire_answer::busy);
    EXPECT_EQ(in_line.holder_remaining, core::duration{1500ms});
    EXPECT_EQ(in_line.ahead, 3U);
    const auto plain = acquire("*3\r\n:0\r\n:1500\r\n" + bulk("a")).vote.value();
    EXPECT_EQ(in_line.holder, plain.holder);
    EXPECT_EQ(plain.ahead, 0U);
}

TEST(votes, reads_free_but_kept_for_an_earlier_place) {
    const auto kept = acquire("*3\r\n:-3\r\n:180\r\n:2\r\n").vote.value();
    EXPECT_EQ(kept.answer, acquire_answer::busy);
    EXPECT_EQ(kept.holder, core::acquire_vote::nobody_yet);
    EXPECT_EQ(kept.holder_remaining, core::duration{180ms});
    EXPECT_EQ(kept.ahead, 2U);
}

TEST(votes, cuts_numbers_of_the_line_down_to_what_can_be_meant) {
    const std::string most = ":9223372036854775807\r\n";
    const std::string least = ":-9223372036854775808\r\n";
    EXPECT_EQ(acquire("*4\r\n:0\r\n:5\r\n" + bulk("a") + most).vote.value().ahead, 1'000'000U);
    EXPECT_EQ(acquire("*4\r\n:0\r\n:5\r\n" + bulk("a") + least).vote.value().ahead, 0U);
    const auto long_kept = acquire("*3\r\n:-3\r\n" + most + most).vote.value();
    EXPECT_EQ(long_kept.holder_remaining, core::duration{1min});
    EXPECT_EQ(long_kept.ahead, 1'000'000U);
    const auto not_kept = acquire("*3\r\n:-3\r\n" + least + least).vote.value();
    EXPECT_EQ(not_kept.holder_remaining, core::duration{0});
    EXPECT_EQ(not_kept.ahead, 0U);
}

TEST(votes, reads_stale_with_the_fence) {
    const auto vote =
        acquire("*4\r\n:-1\r\n:1700000000000000\r\n:1699999999000000\r\n:5000\r\n").vote.value();
    EXPECT_EQ(vote.answer, acquire_answer::stale);
    EXPECT_EQ(vote.fence, 1700000000000000U);
    EXPECT_EQ(vote.node_time_us, 1699999999000000);
    // Somebody wrote nonsense there: no number above the limit may come of it, and no ballot
    // either.
    const auto nonsense =
        acquire("*4\r\n:-1\r\n:-9223372036854775808\r\n:5\r\n:5\r\n").vote.value();
    EXPECT_EQ(nonsense.answer, acquire_answer::fence_ahead);
    EXPECT_EQ(nonsense.fence, core::ballot_limit);
}

TEST(votes, tells_a_fence_that_nobody_can_be_above_from_one_that_is_only_higher) {
    const auto at = [](std::int64_t ahead_us, std::int64_t left_ms) {
        constexpr std::int64_t now = 1700000000000000;
        return acquire("*4\r\n:-1\r\n:" + std::to_string(now + ahead_us) +
                       "\r\n:" + std::to_string(now) + "\r\n:" + std::to_string(left_ms) + "\r\n")
            .vote.value();
    };
    EXPECT_EQ(at(9'999'999, 5).answer, acquire_answer::stale) << "one above it is in the window";
    EXPECT_EQ(at(10'000'000, 5).answer, acquire_answer::fence_ahead);
    EXPECT_EQ(at(3'600'000'000, 118'000).fence_left, core::duration{118s});
    EXPECT_EQ(at(3'600'000'000, -1).fence_left, std::nullopt);
}

TEST(votes, reads_how_far_the_nodes_clock_is_ahead) {
    const auto ahead = acquire("*2\r\n:-2\r\n:1700000000000000\r\n", 1600000000000000).vote.value();
    EXPECT_EQ(ahead.answer, acquire_answer::out_of_window);
    EXPECT_EQ(ahead.offset_us, 100000000000000);
    EXPECT_EQ(ahead.node_time_us, 1700000000000000) << "it may show that the clock was set";
    EXPECT_EQ(acquire("*2\r\n:-2\r\n:5\r\n", 7).vote.value().offset_us, -2);
}

TEST(votes, reckons_with_no_clock_beyond_the_end_of_numbers) {
    using limits = std::numeric_limits<std::int64_t>;
    const auto offset = [](std::int64_t node_us, std::int64_t wall_us) {
        const std::string told = std::to_string(node_us);
        return acquire("*2\r\n:-2\r\n:" + told + "\r\n", wall_us).vote.value().offset_us;
    };
    EXPECT_EQ(offset(limits::min(), 1), limits::min());
    EXPECT_EQ(offset(limits::min(), 1600000000000000), limits::min());
    EXPECT_EQ(offset(limits::min() + 7, 7), limits::min());
    EXPECT_EQ(offset(limits::max(), -1), limits::max());
    EXPECT_EQ(offset(limits::max() - 7, -7), limits::max());
    EXPECT_EQ(offset(limits::max(), limits::max()), 0);
    EXPECT_EQ(offset(0, -limits::max()), limits::max());
}

TEST(votes, takes_no_other_reply_for_an_acquire_vote) {
    const std::vector<std::string> wrong{":0\r\n",
                                         ":1\r\n",
                                         ":-1\r\n",
                                         "+OK\r\n",
                                         "$1\r\n1\r\n",
                                         "$-1\r\n",
                                         "*-1\r\n",
                                         "*0\r\n",
                                         "*1\r\n:0\r\n",
                                         "*1\r\n:1\r\n",
                                         "*1\r\n:1700000000000000\r\n",
                                         "*2\r\n:1\r\n:1\r\n",
                                         ":1000000\r\n",
                                         "*2\r\n:9\r\n:1\r\n",
                                         "*2\r\n:-4\r\n:1\r\n",
                                         "*2\r\n:1700000000000000\r\n$1\r\n5\r\n",
                                         "*1\r\n:-3\r\n",
                                         "*3\r\n:-3\r\n$1\r\n5\r\n:1\r\n",
                                         "*3\r\n:-3\r\n$-1\r\n:1\r\n",
                                         "*4\r\n:0\r\n:5\r\n:7\r\n:1\r\n",
                                         "*2\r\n$2\r\n-1\r\n:5\r\n",
                                         "*2\r\n:-1\r\n:5\r\n",
                                         "*4\r\n:-1\r\n:5\r\n:5\r\n$1\r\n5\r\n",
                                         "*4\r\n:-1\r\n$1\r\n5\r\n:5\r\n:5\r\n",
                                         "*2\r\n:0\r\n:5\r\n",
                                         "*3\r\n:0\r\n:5\r\n:7\r\n",
                                         "*3\r\n:0\r\n$-1\r\n$1\r\na\r\n",
                                         "*2\r\n*1\r\n:-1\r\n:5\r\n"};
    for (const auto& bytes : wrong) {
        const auto read = acquire(bytes);
        EXPECT_FALSE(read.vote) << bytes;
        EXPECT_EQ(read.why.cause, node_errc::bad_reply) << bytes;
        EXPECT_THAT(read.why.message, HasSubstr("unexpected")) << bytes;
    }
}

// No ballot helps an attempt that has been taken back.
TEST(votes, reads_that_a_reader_was_released_before) {
    const auto read = acquire("*2\r\n:-4\r\n:1700000000000000\r\n").vote.value();
    EXPECT_EQ(read.answer, acquire_answer::stale);
    EXPECT_EQ(read.node_time_us, 1'700'000'000'000'000);
    EXPECT_EQ(read.fence, 0U);
}

TEST(votes, reads_extend) {
    const auto answer_to = [](const std::string& code) {
        const auto read = extend("*2\r\n:" + code + "\r\n:1700000000000000\r\n").vote.value();
        EXPECT_EQ(read.node_us, 1'700'000'000'000'000);
        return read.answer;
    };
    EXPECT_EQ(answer_to("2"), extend_answer::replanted);
    EXPECT_EQ(answer_to("0"), extend_answer::taken);
    EXPECT_EQ(answer_to("-1"), extend_answer::missing);
    const auto extended = extend(":1700000000000000\r\n").vote.value();
    EXPECT_EQ(extended.answer, extend_answer::extended);
    EXPECT_EQ(extended.node_us, 1'700'000'000'000'000);
    for (const std::string bytes :
         {":1\r\n", "*2\r\n:1\r\n:5\r\n", "*2\r\n:3\r\n:5\r\n", "*2\r\n:-2\r\n:5\r\n", "+OK\r\n",
          "$1\r\n1\r\n", "*1\r\n:1\r\n", "*2\r\n:1\r\n$1\r\n5\r\n", "*3\r\n:1\r\n:5\r\n:5\r\n",
          "$-1\r\n"}) {
        EXPECT_FALSE(extend(bytes).vote) << bytes;
        EXPECT_EQ(extend(bytes).why.cause, node_errc::bad_reply) << bytes;
    }
}

TEST(votes, reads_release) {
    EXPECT_EQ(release(":1\r\n").vote->answer, release_answer::removed);
    EXPECT_EQ(release(":0\r\n").vote->answer, release_answer::absent);
    EXPECT_FALSE(release(":1\r\n").vote->waited_for);
    EXPECT_EQ(release(":2\r\n").vote->answer, release_answer::removed);
    EXPECT_TRUE(release(":2\r\n").vote->waited_for);
    for (const std::string bytes :
         {":3\r\n", ":-1\r\n", "+OK\r\n", "$1\r\n1\r\n", "*1\r\n:1\r\n", "$-1\r\n"}) {
        EXPECT_FALSE(release(bytes).vote) << bytes;
        EXPECT_EQ(release(bytes).why.cause, node_errc::bad_reply) << bytes;
    }
}

TEST(votes, reads_the_status_of_a_free_resource) {
    const auto view = status("*4\r\n$-1\r\n:-2\r\n" + bulk("42") + "$-1\r\n").vote.value();
    EXPECT_TRUE(view.holder.empty());
    EXPECT_EQ(view.remaining, std::nullopt);
    EXPECT_EQ(view.fence, fencing_token{42});
    EXPECT_EQ(view.fencing, fencing_token{});
    EXPECT_EQ(status("*4\r\n$-1\r\n:-2\r\n$-1\r\n$-1\r\n").vote.value().fence, fencing_token{});
}

TEST(votes, reads_the_fencing_token_out_of_our_own_tokens) {
    const std::string token{written_token{77, 1, 2}.view()};
    const auto view =
        status("*4\r\n" + bulk(token) + ":1200\r\n" + bulk("99") + "$-1\r\n").vote.value();
    EXPECT_EQ(view.holder, lock_token{token});
    EXPECT_EQ(view.remaining, 1200ms);
    EXPECT_EQ(view.fence, fencing_token{99});
    EXPECT_EQ(view.fencing, fencing_token{77});
    EXPECT_EQ(view.label, "");
}

TEST(votes, reads_details_of_the_holder_that_they_name) {
    const auto view = status("*4\r\n" + bulk("mine") + ":1\r\n$-1\r\n" +
                             bulk(encode_holder(5, "mine", "nightly run")))
                          .vote.value();
    EXPECT_EQ(view.fencing, fencing_token{5});
    EXPECT_EQ(view.label, "nightly run");
}

TEST(votes, reads_what_the_holder_has_proclaimed) {
    const std::string record =
        next_edition(encode_holder(5, "mine", "a label"), 5, "mine", "ready");
    const auto view = status("*4\r\n" + bulk("mine") + ":1\r\n$-1\r\n" + bulk(record)).vote.value();
    EXPECT_EQ(view.label, "a label");
    EXPECT_EQ(view.proclaimed, "ready");
    EXPECT_EQ(view.edition, 1U);
}

TEST(votes, ignores_details_of_an_earlier_holder) {
    const auto view = status("*4\r\n" + bulk("another's") + ":-1\r\n$-1\r\n" +
                             bulk(encode_holder(5, "mine", "nightly run")))
                          .vote.value();
    EXPECT_EQ(view.remaining, std::nullopt);
    EXPECT_EQ(view.fencing, fencing_token{});
    EXPECT_EQ(view.label, "");
}

TEST(votes, takes_a_fence_that_is_no_number_for_none) {
    for (const std::string fence : {"", "x", "12x", "-3", " 4", "nan"}) {
        const auto read = status("*4\r\n$-1\r\n:-2\r\n" + bulk(fence) + "$-1\r\n");
        EXPECT_EQ(read.vote.value().fence, fencing_token{}) << fence;
    }
}

TEST(votes, reads_a_fence_of_any_size_as_the_scripts_do) {
    for (const std::string fence :
         {"9007199254740992", "99999999999999999999999", "1e300", "inf", "1e999"}) {
        const auto read = status("*4\r\n$-1\r\n:-2\r\n" + bulk(fence) + "$-1\r\n").vote.value();
        EXPECT_TRUE(read.fence_ahead) << fence;
        EXPECT_THAT(read.fence_message, HasSubstr("larger than any fencing token")) << fence;
    }
    const auto small = status("*4\r\n$-1\r\n:-2\r\n" + bulk("42.5") + "$-1\r\n").vote.value();
    EXPECT_EQ(small.fence, fencing_token{42});
    // What does not fit into a reply comes as any number.
    const auto vote = acquire("*4\r\n:-1\r\n:-9223372036854775808\r\n:1700000000000000\r\n:5\r\n");
    EXPECT_EQ(vote.vote.value().answer, acquire_answer::fence_ahead);
}

TEST(votes, tells_keys_of_another_type) {
    const auto lock = status("*4\r\n:0\r\n:-1\r\n$-1\r\n$-1\r\n").vote.value();
    EXPECT_EQ(lock.holder.str(), no_lock);
    EXPECT_THAT(lock.key_message, HasSubstr("the key job there is no lock"));
    const auto fence = status("*4\r\n$-1\r\n:-2\r\n:0\r\n$-1\r\n").vote.value();
    EXPECT_TRUE(fence.holder.empty());
    EXPECT_THAT(fence.key_message, HasSubstr("delete it there"));
    EXPECT_EQ(status("*4\r\n$-1\r\n:-2\r\n$-1\r\n:0\r\n").vote.value().key_message, "");
}

TEST(votes, takes_no_other_reply_for_a_status) {
    // The worst would be to take a lock for free because its holder could not be read.
    const std::vector<std::string> wrong{":1\r\n",
                                         "+OK\r\n",
                                         "*0\r\n",
                                         "*3\r\n$-1\r\n:-2\r\n$-1\r\n",
                                         "*5\r\n$-1\r\n:-2\r\n$-1\r\n$-1\r\n$-1\r\n",
                                         "*4\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n",
                                         "*4\r\n:5\r\n:-2\r\n$-1\r\n$-1\r\n",
                                         "*4\r\n*0\r\n:-2\r\n$-1\r\n$-1\r\n",
                                         "*4\r\n-ERR x\r\n:-2\r\n$-1\r\n$-1\r\n",
                                         "*4\r\n$-1\r\n:-2\r\n:7\r\n$-1\r\n",
                                         "*4\r\n$-1\r\n:-2\r\n$-1\r\n*0\r\n"};
    for (const auto& bytes : wrong) {
        EXPECT_FALSE(status(bytes).vote) << bytes;
        EXPECT_EQ(status(bytes).why.cause, node_errc::bad_reply) << bytes;
    }
}

TEST(votes, reads_a_fence_with_the_mark_of_those_who_wait) {
    const auto view = status("*4\r\n$-1\r\n:-2\r\n" + bulk("42 ") + "$-1\r\n").vote.value();
    EXPECT_EQ(view.fence, fencing_token{42});
    const auto none = status("*4\r\n$-1\r\n:-2\r\n" + bulk("0 ") + "$-1\r\n").vote.value();
    EXPECT_EQ(none.fence, fencing_token{});
}

TEST(votes, says_what_to_do_about_a_fence_out_of_reach) {
    const std::string free = "*4\r\n$-1\r\n:-2\r\n";
    const auto fine = status(free + bulk("1700000009999999") + "$-1\r\n").vote.value();
    EXPECT_EQ(fine.fence_ahead, std::nullopt);
    EXPECT_EQ(fine.fence_message, "");
    const auto far = status(free + bulk("1700003600000000") + "$-1\r\n").vote.value();
    EXPECT_EQ(far.fence_ahead, std::chrono::milliseconds{1h});
    EXPECT_THAT(far.fence_message,
                testing::AllOf(HasSubstr("3600.0 s ahead"), HasSubstr("expires in 5 s"),
                               HasSubstr("delete redlock:fence:{job} there")));
    const auto forever =
        status(free + bulk("1700003600000000") + "$-1\r\n", ":1700000000000000\r\n:-1\r\n")
            .vote.value();
    EXPECT_THAT(forever.fence_message, HasSubstr("it never expires, so delete"));
}

TEST(votes, classifies_error_replies_and_keeps_their_words) {
    const std::vector<std::pair<std::string, node_errc>> errors{
        {"READONLY You can't write against a read only replica.", node_errc::read_only},
        {"NOAUTH Authentication required.", node_errc::authentication_failed},
        {"NOPERM this user has no permissions", node_errc::permission_denied},
        {"OOM command not allowed", node_errc::out_of_memory},
        {"LOADING Redis is loading the dataset in memory", node_errc::loading},
        {"MISCONF Redis is configured to save RDB snapshots", node_errc::cannot_persist},
        {"ERR something else", node_errc::error_reply},
        {"WRONGTYPE Operation against a key", node_errc::error_reply}};
    for (const auto& [text, cause] : errors) {
        const std::string bytes = "-" + text + "\r\n";
        for (const refusal& why :
             {acquire(bytes).why, extend(bytes).why, release(bytes).why, status(bytes).why}) {
            EXPECT_EQ(why.cause, cause) << text;
            EXPECT_THAT(why.message, testing::StartsWith(text));
        }
        EXPECT_FALSE(acquire(bytes).vote || extend(bytes).vote || release(bytes).vote ||
                     status(bytes).vote);
    }
}

TEST(votes, trusts_only_errors_from_before_the_script_that_nothing_was_written) {
    using enum node_errc;
    for (const auto cause :
         {not_connected, unresponsive, authentication_failed, loading, tls_failed}) {
        EXPECT_TRUE(surely_not_executed(cause)) << make_error_code(cause).message();
    }
    for (const auto cause :
         {no_answer, connection_lost, bad_reply, permission_denied, read_only, out_of_memory,
          cannot_persist, error_reply, same_server, clock_window}) {
        EXPECT_FALSE(surely_not_executed(cause)) << make_error_code(cause).message();
    }
    // The same numbers in the other category mean other things.
    EXPECT_FALSE(surely_not_executed(errc::timed_out));
}

}  // namespace
}  // namespace redlock::driver
