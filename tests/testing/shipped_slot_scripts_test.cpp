// The scripts of semaphores on a simulated server held against a real server: random arguments over
// keys with each other's traces, the same answers, and the same keys afterwards.
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

class shipped_slot_scripts : public ::testing::Test {
  protected:
    using word_list = std::vector<std::string>;

    void run_any() {
        switch (chance_.below(5)) {
            case 0:
                return ask(false);
            case 1:
                return ask(true);
            case 2:
                return run(shipped::keep_permits, {permits_},
                           {chance_.one_in(4) ? "2" : std::to_string(slots), lasting(),
                            flips() ? "1" : "0"});
            case 3:
                return compare({"DEL", lock_of(chance_.below(slots))});
            default:
                return disturb();
        }
    }
    void compare_content() {
        for (const std::string& key : both_.simulated().keys()) {
            SCOPED_TRACE(key + " after " + told_);
            compare({"GET", key});
            compare({"HGETALL", key});
            compare({"PTTL", key});
        }
    }

    side_by_side both_;
    client_of_both client_{both_};
    random_stream chance_{1, 31};
    std::map<std::string, int> outcomes_;
    std::string told_;

  private:
    static constexpr std::size_t slots = 3;

    static std::string lock_of(std::size_t slot) {
        return "redlock:slot:{job}:" + std::to_string(slot);
    }
    std::string one_of(const word_list& words) { return words[chance_.below(words.size())]; }
    bool flips() { return chance_.one_in(2); }
    std::string lasting() { return std::to_string(chance_.between(1, 40)); }
    /// About the present.
    std::string ballot() {
        const std::int64_t most = flips() ? 50'000 : 5;
        return std::to_string(both_.time_us() + chance_.between(-most, most));
    }

    void ask(bool in_line) {
        const std::size_t slot = chance_.below(slots);
        word_list keys{lock_of(slot), "redlock:fence::" + lock_of(slot), permits_};
        const bool fenced = !chance_.one_in(6);
        word_list given{one_of({"me", "you"}),
                        fenced ? ballot() : "0",
                        fenced ? ballot() : "0",
                        lasting(),
                        one_of({"1000", "20000", "100000000"}),
                        lasting()};
        if (in_line) {
            keys.push_back(line_);
            for (const std::string& each :
                 {one_of({"me-1", "me-2", "you-1"}), std::to_string(chance_.between(1, 4)),
                  lasting(), lasting(), one_of({"1", "2", "100"})}) {
                given.push_back(each);
            }
        } else {
            given.emplace_back(flips() ? "1" : "0");
        }
        for (std::size_t i = 1; i < slots; ++i) {
            keys.push_back(lock_of((slot + i) % slots));
        }
        given.push_back(chance_.one_in(10) ? "2" : std::to_string(slots));
        given.push_back(std::to_string(slot));
        if (chance_.one_in(4)) {
            keys.push_back("redlock:holder::" + lock_of(slot));
            given.emplace_back("record");
        }
        run(in_line ? shipped::acquire_slot_in_line : shipped::acquire_slot, keys, given);
    }
    void run(const shipped::script& which, const word_list& keys, const word_list& arguments) {
        const bool by_body = flips();
        request what{by_body ? "EVAL" : "EVALSHA", std::string{by_body ? which.body : which.sha1},
                     std::to_string(keys.size())};
        what.insert(what.end(), keys.begin(), keys.end());
        what.insert(what.end(), arguments.begin(), arguments.end());
        told_ = std::string{which.name} + " " + words_of(what);
        SCOPED_TRACE(told_);
        const answers got = client_.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real));
        const reply& first =
            got.simulated.items.empty() ? got.simulated : got.simulated.items.front();
        ++outcomes_[std::string{which.name} + " " +
                    (first.is_error()           ? first.words.substr(0, first.words.find(' '))
                     : first.number > 1'000'000 ? "TIME"
                                                : std::to_string(first.number))];
        outcomes_["free"] += got.simulated.items.size() > 4 ? 1 : 0;
    }
    void compare(const request& what) {
        const answers got = client_.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real)) << words_of(what);
    }
    /// What others do with the keys.
    void disturb() {
        const std::size_t slot = chance_.below(slots);
        const std::string key =
            one_of({lock_of(slot), "redlock:fence::" + lock_of(slot), permits_, line_});
        const std::vector<request> all{{"DEL", key},
                                       {"SET", key, one_of({"x", "me", "3", "2", "5 ", "nan"})},
                                       {"HSET", key, "called me-1", "5"},
                                       {"PEXPIRE", key, lasting()},
                                       {"FLUSHALL"}};
        compare(all[chance_.below(chance_.one_in(10) ? 5 : 4)]);
    }

    const std::string permits_ = "redlock:permits:{job}";
    const std::string line_ = "redlock:line::redlock:slot:{job}";
};

TEST_F(shipped_slot_scripts, answer_and_write_as_on_a_real_server) {
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
    for (const char* const script : {"acquire_slot", "acquire_slot_in_line"}) {
        for (const char* const answer : {"TIME", "0", "-1", "-2", "-3", "-5", "OOM", "WRONGTYPE"}) {
            EXPECT_GT(outcomes_[std::string{script} + " " + answer], 0) << script << answer;
        }
    }
    EXPECT_GT(outcomes_["free"], 0);
    for (const char* const answer : {"1", "0", "OOM", "WRONGTYPE"}) {
        EXPECT_GT(outcomes_[std::string{"keep_permits "} + answer], 0) << answer;
    }
}

}  // namespace
}  // namespace redlock::testing
