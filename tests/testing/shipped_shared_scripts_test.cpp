// The scripts of shared locks on a simulated server held against a real server: random arguments
// over keys with each other's traces, the same answers, and the same keys afterwards.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scripts/scripts.hpp"
#include "testing/side_by_side.hpp"

namespace redlock::testing {
namespace {

namespace shipped = redlock::scripts;

class shipped_shared_scripts : public ::testing::Test {
  protected:
    using word_list = std::vector<std::string>;

    void run_any() {
        switch (chance_.below(11)) {
            case 0:
            case 1: {
                word_list given = wishes();
                given.emplace_back(flips() ? "1" : "0");
                return call(shipped::acquire_shared, {lock, fence, readers}, recorded(given));
            }
            case 2:
            case 3: {
                word_list given = wishes();
                for (const std::string& each : place("shared-")) {
                    given.push_back(each);
                }
                return call(shipped::acquire_shared_in_line, {lock, fence, readers, line},
                            recorded(given));
            }
            case 4:
            case 5:
                return call(shipped::extend_shared, {lock, fence, readers},
                            recorded({token(), flips() ? ballot() : "0", lasting(), lasting(),
                                      flips() ? "1" : "0"}));
            case 6:
            case 7:
                return release();
            case 8:
                return call(shipped::status, {lock, fence, "redlock:holder:{job}", readers},
                            flips() ? word_list{token()} : word_list{});
            case 9:
                return flips() ? write() : call(shipped::release, {lock, fence}, {token()});
            default:
                return disturb();
        }
    }
    void compare_content() {
        for (const std::string& key : both_.simulated().keys()) {
            SCOPED_TRACE(key + " after " + told_);
            compare({"GET", key});
            compare({"HGETALL", key});
            compare({"ZREVRANGEBYSCORE", key, "+inf", "-inf", "WITHSCORES"});
            compare({"PTTL", key});
        }
        const reply keys = client_.ask({"KEYS", "*"}, {"PING"}).real;
        EXPECT_EQ(keys.items.size(), both_.simulated().keys().size()) << told_;
    }

    reply run(const shipped::script& which, const word_list& keys, const word_list& arguments) {
        const bool by_body = always_by_body_ || flips();
        request what{by_body ? "EVAL" : "EVALSHA", std::string{by_body ? which.body : which.sha1},
                     std::to_string(keys.size())};
        what.insert(what.end(), keys.begin(), keys.end());
        what.insert(what.end(), arguments.begin(), arguments.end());
        told_ = std::string{which.name} + " " + words_of(what);
        SCOPED_TRACE(told_);
        const reply got = compare(what);
        const bool tells_all = which.name == "status" && got.items.size() == 8;
        const reply& first = tells_all           ? got.items.back()
                             : got.items.empty() ? got
                                                 : got.items.front();
        ++outcomes_[std::string{which.name} + " " +
                    (first.is_error()           ? first.words.substr(0, first.words.find(' '))
                     : first.number > 1'000'000 ? "TIME"
                                                : std::to_string(first.number))];
        return got;
    }
    reply acquire(const std::string& token, const std::string& lease) {
        const std::string ballot = std::to_string(both_.time_us());
        return run(shipped::acquire_shared, {lock, fence, readers},
                   {token, ballot, ballot, lease, "1000000", "60000", "0"});
    }
    reply compare(const request& what) {
        const answers got = client_.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real)) << words_of(what);
        return got.simulated;
    }

    const std::string lock = "job";
    const std::string fence = "redlock:fence:{job}";
    const std::string line = "redlock:line:{job}";
    const std::string readers = "redlock:readers:{job}";
    side_by_side both_;
    client_of_both client_{both_};
    random_stream chance_{1, 23};
    std::map<std::string, int> outcomes_;
    std::string told_;
    bool always_by_body_ = false;

  private:
    void call(const shipped::script& which, const word_list& keys, const word_list& arguments) {
        static_cast<void>(run(which, keys, arguments));
    }
    std::string one_of(const word_list& words) { return words[chance_.below(words.size())]; }
    bool flips() { return chance_.one_in(2); }
    std::string token() { return one_of({"me", "you", "they", "redlock:shared"}); }
    std::string lasting() { return std::to_string(chance_.between(1, 40)); }
    std::string window() { return one_of({"1000", "20000", "100000000"}); }
    /// About the present.
    std::string ballot() {
        const std::int64_t most = flips() ? 50'000 : 5;
        return std::to_string(both_.time_us() + chance_.between(-most, most));
    }
    /// What all ACQUIREs begin with.
    word_list wishes() {
        const bool fenced = !chance_.one_in(6);
        return {token(),  fenced ? ballot() : "0", fenced ? ballot() : "0", lasting(), window(),
                lasting()};
    }
    word_list place(const std::string& kind) {
        return {kind + one_of({"me-1", "me-2", "you-1"}), std::to_string(chance_.between(1, 4)),
                lasting(), lasting(), one_of({"1", "2", "100"})};
    }
    word_list recorded(word_list given) {
        if (flips()) {
            given.push_back(one_of({"record", "", "7 2 me"}));
        }
        return given;
    }

    void release() {
        word_list given{token()};
        if (!chance_.one_in(3)) {
            given.insert(given.end(), {flips() ? ballot() : "0", lasting(), window()});
            if (flips()) {
                given.emplace_back(flips() ? "1" : "0");
                if (flips()) {
                    given.push_back(lasting());
                }
            }
        }
        call(shipped::release_shared, {lock, fence, readers}, given);
    }
    /// What writers ask for.
    void write() {
        word_list given = wishes();
        if (flips()) {
            given.emplace_back(flips() ? "1" : "0");
            return call(shipped::acquire, {lock, fence}, given);
        }
        for (const std::string& each : place("")) {
            given.push_back(each);
        }
        call(shipped::acquire_in_line, {lock, fence, line}, given);
    }
    /// What others do with the keys.
    void disturb() {
        const std::string key = one_of({lock, fence, readers, line});
        const std::string soon = std::to_string(both_.time_us() / 1000 + chance_.between(1, 40));
        const std::vector<request> all{
            {"DEL", key},
            {"SET", lock, one_of({"redlock:shared", "redlock:shared 5 me", "redlock:shared 5"}),
             "PX", lasting()},
            {"SET", key,
             one_of({"x", "me", "redlock:shared", "redlock:shared 0 you", "5 ", "1e3", "nan"})},
            {"ZADD", key, one_of({soon, "-" + soon, soon + ".5", "-inf", "inf", "0"}),
             one_of({":me", ":you", "!me", "x", "=2 merecord", "since 5", "since x"})},
            {"PEXPIRE", key, lasting()},
            {"FLUSHALL"}};
        compare(all[chance_.below(chance_.one_in(10) ? 6 : 5)]);
    }
};

TEST_F(shipped_shared_scripts, answer_and_write_as_on_a_real_server) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    for (int i = 0; i < 10'000 && !HasFailure(); ++i) {
        if (chance_.one_in(100)) {
            both_.set_full(chance_.one_in(4));
        }
        run_any();
        compare_content();
        if (chance_.one_in(2)) {
            both_.pass(std::chrono::microseconds{chance_.between(1, 4'000)});
        }
    }
    // All that they can answer has come up.
    for (const char* const script : {"acquire_shared", "acquire_shared_in_line"}) {
        for (const char* const answer : {"TIME", "0", "-1", "-2", "-3", "-4", "OOM", "WRONGTYPE"}) {
            EXPECT_GT(outcomes_[std::string{script} + " " + answer], 0) << script << answer;
        }
    }
    for (const char* const each :
         {"extend_shared TIME", "extend_shared 2", "extend_shared 0", "extend_shared -1",
          "extend_shared OOM", "extend_shared WRONGTYPE", "release_shared 1", "release_shared 0",
          "release_shared WRONGTYPE", "status 0", "status 1", "status 2"}) {
        EXPECT_GT(outcomes_[each], 0) << each;
    }
}

// Then its key is still there, and ends at once.
TEST_F(shipped_shared_scripts, make_a_whole_set_of_a_reader_alone_in_its_last_millisecond) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    always_by_body_ = true;
    const auto come_to_the_end = [&] {
        ASSERT_GT(acquire("short", "10").number, 0);
        both_.pass(std::chrono::milliseconds{10});
        ASSERT_EQ(compare({"PTTL", lock}).number, 0);
    };
    come_to_the_end();
    EXPECT_GT(acquire("long", "1000").number, 0);
    const reply since = compare({"ZREVRANGEBYSCORE", readers, "-inf", "-inf"});
    ASSERT_EQ(since.items.size(), 1U);
    EXPECT_EQ(since.items[0].words.substr(0, 6), "since ");
    EXPECT_GT(acquire("another", "20").number, 0) << "others may still join";
    both_.pass(std::chrono::milliseconds{30});
    EXPECT_EQ(run(shipped::release_shared, {lock, fence, readers}, {"long"}).number, 1);
    EXPECT_EQ(compare({"EXISTS", lock, readers}).number, 0) << "the last one deletes them";

    come_to_the_end();
    run(shipped::release_shared, {lock, fence, readers},
        {"long", std::to_string(both_.time_us()), "60000", "1000000"});
    EXPECT_NE(compare({"PTTL", readers}).number, -1);
    both_.pass(std::chrono::milliseconds{2});
    EXPECT_EQ(compare({"EXISTS", lock, readers}).number, 0);
}

TEST_F(shipped_shared_scripts, leave_no_tombstone_where_the_set_is_gone) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    always_by_body_ = true;
    compare({"SET", lock, "redlock:shared", "PX", "1000"});
    run(shipped::release_shared, {lock, fence, readers},
        {"me", std::to_string(both_.time_us()), "60000", "1000000"});
    EXPECT_EQ(compare({"EXISTS", readers}).number, 0);
}

TEST_F(shipped_shared_scripts, end_readers_one_after_the_other_and_both_keys_together) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    always_by_body_ = true;
    const auto extend = [&](const std::string& token) {
        return run(shipped::extend_shared, {lock, fence, readers}, {token, "0", "1", "60000", "0"});
    };
    const auto count = [&] {
        return run(shipped::status, {lock, fence, "none", readers}, {}).items.at(7).number;
    };
    both_.pass(std::chrono::microseconds{700});  // not at the turn of a millisecond
    EXPECT_GT(acquire("long", "30").number, 0);
    both_.pass(std::chrono::microseconds{100});
    EXPECT_GT(acquire("short", "10").number, 0);
    EXPECT_EQ(count(), 2);
    both_.pass(std::chrono::microseconds{9'100});  // the last of its milliseconds
    EXPECT_EQ(count(), 2);
    both_.pass(std::chrono::microseconds{100});
    EXPECT_EQ(count(), 1);
    EXPECT_EQ(extend("short").items.at(0).number, 0);
    EXPECT_GT(extend("long").number, 0);
    EXPECT_EQ(compare({"EXISTS", lock, readers}).number, 2);
    bool had_nobody = false;
    for (int i = 0; i < 300; ++i) {
        both_.pass(std::chrono::microseconds{100});
        const std::int64_t keys = compare({"EXISTS", lock, readers}).number;
        EXPECT_NE(keys, 1) << "one without the other";
        EXPECT_LE(count(), keys / 2);
        had_nobody = had_nobody || (keys == 2 && count() == 0);
    }
    EXPECT_TRUE(had_nobody) << "the keys last for a millisecond more";
    EXPECT_EQ(compare({"EXISTS", lock, readers}).number, 0);
    EXPECT_EQ(extend("long").items.at(0).number, -1);
}

}  // namespace
}  // namespace redlock::testing
