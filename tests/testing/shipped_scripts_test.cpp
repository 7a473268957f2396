// The scripts that this library sends, on a simulated server held against a real server: with
// random arguments over keys with each other's traces, the same answers, the same keys afterwards,
// and the same news of locks.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scripts/scripts.hpp"
#include "testing/side_by_side.hpp"

namespace redlock::testing {
namespace {

namespace shipped = redlock::scripts;

/// The library's own, as its clients call them, over keys with each other's traces.
class shipped_scripts : public ::testing::Test {
  protected:
    answers compare(const request& what) { return compare(what, client_); }
    static answers compare(const request& what, client_of_both& who) {
        answers got = who.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real)) << words_of(what);
        return got;
    }

    using word_list = std::vector<std::string>;

    std::string one_of(const word_list& words) { return words[chance_.below(words.size())]; }
    bool flips() { return chance_.one_in(2); }
    std::string token() { return one_of({"me", "you", "they", "x-1"}); }
    std::string lasting() { return std::to_string(chance_.between(1, 40)); }
    std::string window() { return one_of({"1000", "20000", "100000000"}); }
    /// About the present.
    std::string ballot() {
        const std::int64_t most = flips() ? 50'000 : 5;
        return std::to_string(both_.time_us() + chance_.between(-most, most));
    }
    word_list place() {
        return {one_of({"me-1", "me-2", "you-1", "they-1", "zz-9"}),
                std::to_string(chance_.between(1, 4)), lasting(), lasting(),
                one_of({"1", "2", "100"})};
    }

    /// A call of one script.
    struct call {
        const shipped::script* which;
        word_list keys;
        word_list arguments;
    };
    static word_list keys_of(const std::string& name, bool with_holder) {
        word_list keys{name, "redlock:fence:{" + name + "}"};
        if (with_holder) {
            keys.push_back("redlock:holder:{" + name + "}");
        }
        return keys;
    }
    call acquire_of(const std::string& name) {
        word_list given{token(),  ballot(),  ballot(),           lasting(),
                        window(), lasting(), flips() ? "1" : "0"};
        const bool records = flips();
        if (records) {
            given.emplace_back("record");
        }
        return {&shipped::acquire, keys_of(name, records), given};
    }
    call extend_of(const std::string& name) {
        word_list given{token(), flips() ? ballot() : "0", lasting(), lasting(),
                        flips() ? "1" : "0"};
        const bool records = flips();
        if (records && flips()) {
            given.emplace_back("record");
        }
        return {&shipped::extend, keys_of(name, records), given};
    }
    call release_of(const std::string& name) {
        if (chance_.one_in(3)) {
            return {&shipped::release, {name}, {token()}};
        }
        word_list given{token(), flips() ? ballot() : "0", lasting(), window()};
        if (flips()) {
            given.emplace_back(flips() ? "1" : "0");
            if (flips()) {
                given.push_back(lasting());
            }
        }
        return {&shipped::release, keys_of(name, flips()), given};
    }
    static request request_of(const call& it, bool by_body) {
        request what{by_body ? "EVAL" : "EVALSHA",
                     std::string{by_body ? it.which->body : it.which->sha1},
                     std::to_string(it.keys.size())};
        what.insert(what.end(), it.keys.begin(), it.keys.end());
        what.insert(what.end(), it.arguments.begin(), it.arguments.end());
        return what;
    }
    /// As one call for all.
    static request batch_of(const std::vector<call>& calls) {
        call all{&shipped::batch, {}, {}};
        for (const call& each : calls) {
            all.keys.insert(all.keys.end(), each.keys.begin(), each.keys.end());
            all.arguments.push_back(each.which->name[0] + std::to_string(each.keys.size()) + "," +
                                    std::to_string(each.arguments.size()));
            all.arguments.insert(all.arguments.end(), each.arguments.begin(), each.arguments.end());
        }
        return request_of(all, true);
    }

    void run(const shipped::script& which, const word_list& keys, const word_list& arguments) {
        run({&which, keys, arguments});
    }
    void run(const call& it) {
        const auto& [called, keys, arguments] = it;
        const shipped::script& which = *called;
        const request what = request_of(it, flips());
        told_ = std::string{which.name} + " " + words_of(what);
        SCOPED_TRACE(told_);
        const bool asks = which.name.starts_with("acquire");
        const reply got = compare(what, asks ? asker_ : client_).simulated;
        const reply& first = got.items.empty() ? got : got.items.front();
        const bool is_time = first.number > 1'000'000;
        if (asks && is_time) {
            refused_.erase(keys[0]);
        } else if (asks && !first.is_error() && first.number != -2) {
            refused_.insert(keys[0]);
        }
        ++outcomes_[std::string{which.name} + " " +
                    (first.is_error() ? first.words.substr(0, first.words.find(' '))
                     : is_time        ? "granted"
                                      : std::to_string(first.number))];
    }
    void run_any() {
        word_list keys{one_of({"job", "job", "task"})};
        keys.push_back("redlock:fence:{" + keys[0] + "}");
        const std::string line = "redlock:line:{" + keys[0] + "}";
        const std::string holder = "redlock:holder:{" + keys[0] + "}";
        const bool records = flips();
        switch (chance_.below(8)) {
            case 0:
                return run(acquire_of(keys[0]));
            case 1:
            case 2: {
                word_list given{token(), ballot(), ballot(), lasting(), window(), lasting()};
                const word_list where = place();
                given.insert(given.end(), where.begin(), where.end());
                keys.push_back(line);
                if (records) {
                    keys.push_back(holder);
                    given.emplace_back("record");
                }
                return run(shipped::acquire_in_line, keys, given);
            }
            case 3:
                return run(extend_of(keys[0]));
            case 4:
                return run(release_of(keys[0]));
            case 5:
                return run(shipped::status, {keys[0], keys[1], holder}, {});
            case 6:
                return run(shipped::hello, {"redlock:epoch"},
                           {one_of({"", "run:one", "run:two"}), one_of({"0", "1", "100"}),
                            one_of({"0", "5", "60000"}), one_of({"nodes=3", "nodes=5"}),
                            flips() ? "1" : "0"});
            default:
                return flips() ? run(shipped::vouch, {"redlock:epoch"}, {}) : disturb(keys, line);
        }
    }
    /// What others do with the keys.
    void disturb(const word_list& keys, const std::string& line) {
        const std::string key = one_of({keys[0], keys[1], line, "redlock:epoch"});
        const std::string future = std::to_string(both_.time_us() + 20'000);
        const std::vector<request> all{
            {"DEL", key},
            {"SET", key, one_of({"x", "", "5 ", "1e3", future, future + " "})},
            {"HSET", key, one_of({"called me-1", "called x-1", "x-1", "me-1", "birth"}),
             one_of({"x", "5", future, "3 " + future, "99999999999999999 1"})},
            {"PEXPIRE", key, lasting()},
            {"FLUSHALL"}};
        compare(all[chance_.below(chance_.one_in(10) ? 5 : 4)]);
    }
    void compare_content() {
        for (const std::string& key : both_.simulated().keys()) {
            SCOPED_TRACE(key + " after " + told_);
            compare({"GET", key});
            compare({"HGETALL", key});
            compare({"PTTL", key});
        }
        const reply keys = client_.ask({"KEYS", "*"}, {"PING"}).real;
        EXPECT_EQ(keys.items.size(), both_.simulated().keys().size()) << told_;
    }

    /// What the asker is told of locks that it was refused; of other keys older servers tell more.
    void compare_news() {
        const auto heard = listener_.hear();
        const auto of_locks = [&](const std::vector<reply>& news) {
            std::vector<std::string> keys;
            for (const reply& each : news) {
                const reply& about = each.items.at(2);
                const std::string key = about.items.empty() ? "all" : about.items.front().words;
                if (key == "all" || refused_.contains(key)) {
                    keys.push_back(key);
                }
            }
            return keys;
        };
        const std::vector<std::string> told = of_locks(heard.simulated);
        EXPECT_EQ(told, of_locks(heard.real)) << told_;
        told_of_ += told.size();
        for (const std::string& key : told) {
            key == "all" ? refused_.clear() : static_cast<void>(refused_.erase(key));
        }
    }

    std::set<std::string> refused_;
    side_by_side both_{{"--enable-debug-command", "yes"}};
    client_of_both client_{both_};
    client_of_both listener_{both_};
    client_of_both asker_{both_};
    std::size_t told_of_ = 0;
    random_stream chance_{1, 9};
    std::map<std::string, int> outcomes_;
    std::string told_;
};

TEST_F(shipped_scripts, have_whoever_waits_told_as_on_a_real_server) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    EXPECT_EQ(both_.ask_real({"DEBUG", "SET-ACTIVE-EXPIRE", "0"}), "OK");
    const answers id = listener_.ask({"CLIENT", "ID"});
    listener_.ask({"SUBSCRIBE", "__redis__:invalidate"});
    const auto tracking = [](const reply& to) {
        return request{"CLIENT", "TRACKING", "ON", "REDIRECT", std::to_string(to.number), "NOLOOP"};
    };
    asker_.ask(tracking(id.real), tracking(id.simulated));
    for (int i = 0; i < 3'000 && !HasFailure(); ++i) {
        run_any();
        compare_news();
        if (chance_.one_in(2)) {
            both_.step(std::chrono::microseconds{chance_.between(1, 4'000)});
            // Found on both, in one order, even if one was faster.
            compare({"EXISTS", "job", "task"});
            compare_news();
        }
    }
    EXPECT_GT(told_of_, 100U);
}

// The calls one by one on the simulated server, which does what a real one does; together on a real
// one. Not where the memory is full: there a script that has written may write on.
TEST_F(shipped_scripts, do_the_same_in_a_batch_as_one_by_one) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    std::map<std::string, int> seen;
    for (int i = 0; i < 3'000 && !HasFailure(); ++i) {
        word_list names{"job", "task", "step", "turn"};
        std::vector<call> calls;
        for (auto more = chance_.between(2, 4); more > 0; --more) {
            const auto at =
                names.begin() + static_cast<std::ptrdiff_t>(chance_.below(names.size()));
            const std::uint64_t kind = chance_.below(3);
            calls.push_back(kind == 0   ? acquire_of(*at)
                            : kind == 1 ? extend_of(*at)
                                        : release_of(*at));
            names.erase(at);
        }
        const request together = batch_of(calls);
        told_ = words_of(together);
        const reply real = client_.ask(together, {"PING"}).real;
        ASSERT_EQ(real.items.size(), calls.size()) << told_;
        for (std::size_t each = 0; each < calls.size(); ++each) {
            const reply alone = client_.ask({"PING"}, request_of(calls[each], true)).simulated;
            const reply& shared = real.items[each];
            EXPECT_EQ(alone.is_error(), shared.is_error()) << told_;
            if (alone.is_error()) {
                const std::string code = alone.words.substr(0, alone.words.find(' '));
                EXPECT_TRUE(shared.words.starts_with(code)) << shared.words;
                ++seen[code];
            } else {
                EXPECT_EQ(alone, shared) << told_;
            }
            ++seen[std::string{calls[each].which->name}];
        }
        compare_content();
        disturb(keys_of(one_of({"job", "task", "step", "turn"}), false), "redlock:line:{job}");
        if (chance_.one_in(2)) {
            both_.pass(std::chrono::microseconds{chance_.between(1, 4'000)});
        }
    }
    for (const char* const each : {"acquire", "extend", "release", "WRONGTYPE"}) {
        EXPECT_GT(seen[each], 0) << each;
    }
}

TEST_F(shipped_scripts, answer_and_write_as_on_a_real_server) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    for (int i = 0; i < 6'000 && !HasFailure(); ++i) {
        if (chance_.one_in(100)) {
            both_.set_full(chance_.one_in(3));
        }
        run_any();
        compare_content();
        if (chance_.one_in(2)) {
            both_.pass(std::chrono::microseconds{chance_.between(1, 4'000)});
        }
    }
    // Nearly all that they can answer has come up.
    for (const char* const each : {"acquire granted",
                                   "acquire 0",
                                   "acquire -1",
                                   "acquire -2",
                                   "acquire -3",
                                   "acquire OOM",
                                   "acquire WRONGTYPE",
                                   "acquire_in_line granted",
                                   "acquire_in_line 0",
                                   "acquire_in_line -1",
                                   "acquire_in_line -2",
                                   "acquire_in_line -3",
                                   "extend granted",
                                   "extend 2",
                                   "extend 0",
                                   "extend -1",
                                   "extend NOSCRIPT",
                                   "release 1",
                                   "release 0",
                                   "release OOM",
                                   "hello 0",
                                   "hello 5",
                                   "hello 60000",
                                   "hello WRONGTYPE",
                                   "vouch 1",
                                   "vouch 0"}) {
        EXPECT_GT(outcomes_[each], 0) << each;
    }
}

}  // namespace
}  // namespace redlock::testing
