// Readers' requests that share a call, on a real server, held against the same requests one by one
// on a simulated server, which does what a real one does: the same answers, and the same keys
// afterwards. Not where the memory is full: there a script that has written may write on.
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

class shipped_shared_batch : public ::testing::Test {
  protected:
    using word_list = std::vector<std::string>;
    struct call {
        const shipped::script* which = nullptr;
        word_list keys;
        word_list arguments;
    };

    call any_of(const std::string& name) {
        word_list keys{name, "redlock:fence:{" + name + "}", readers_of(name)};
        switch (chance_.below(3)) {
            case 0: {
                const bool fenced = !chance_.one_in(6);
                word_list given{token(),
                                fenced ? ballot() : "0",
                                fenced ? ballot() : "0",
                                lasting(),
                                window(),
                                lasting(),
                                flips() ? "1" : "0"};
                return {&shipped::acquire_shared, keys, recorded(given)};
            }
            case 1:
                return {&shipped::extend_shared, keys,
                        recorded({token(), flips() ? ballot() : "0", lasting(), lasting(),
                                  flips() ? "1" : "0"})};
            default:
                return {&shipped::release_shared, keys, release_words()};
        }
    }
    /// As one call for all.
    static request batch_of(const std::vector<call>& calls) {
        call all{&shipped::batch_shared, {}, {}};
        for (const call& each : calls) {
            all.keys.insert(all.keys.end(), each.keys.begin(), each.keys.end());
            all.arguments.push_back(each.which->name[0] + std::to_string(each.keys.size()) + "," +
                                    std::to_string(each.arguments.size()));
            all.arguments.insert(all.arguments.end(), each.arguments.begin(), each.arguments.end());
        }
        return request_of(all);
    }
    static request request_of(const call& it) {
        request what{"EVAL", std::string{it.which->body}, std::to_string(it.keys.size())};
        what.insert(what.end(), it.keys.begin(), it.keys.end());
        what.insert(what.end(), it.arguments.begin(), it.arguments.end());
        return what;
    }
    static std::string readers_of(const std::string& name) {
        return "redlock:readers:{" + name + "}";
    }
    void expect_same(const std::vector<call>& calls, const reply& together) {
        ASSERT_EQ(together.items.size(), calls.size()) << together.words;
        for (std::size_t each = 0; each < calls.size(); ++each) {
            const reply alone = client_.ask({"PING"}, request_of(calls[each])).simulated;
            const reply& shared = together.items[each];
            EXPECT_EQ(alone.is_error(), shared.is_error()) << shared.words;
            if (alone.is_error()) {
                const std::string code = alone.words.substr(0, alone.words.find(' '));
                EXPECT_TRUE(shared.words.starts_with(code)) << shared.words;
                ++seen_[code];
                continue;
            }
            EXPECT_EQ(alone, shared);
            const reply& first = alone.items.empty() ? alone : alone.items.front();
            ++seen_[std::string{calls[each].which->name} + " " +
                    (first.number > 1'000'000 ? "TIME" : std::to_string(first.number))];
        }
    }
    void compare_content() {
        for (const std::string& key : both_.simulated().keys()) {
            SCOPED_TRACE(key);
            compare({"GET", key});
            compare({"ZREVRANGEBYSCORE", key, "+inf", "-inf", "WITHSCORES"});
            compare({"PTTL", key});
        }
        const reply keys = client_.ask({"KEYS", "*"}, {"PING"}).real;
        EXPECT_EQ(keys.items.size(), both_.simulated().keys().size());
    }
    void compare(const request& what) {
        const answers got = client_.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real)) << words_of(what);
    }
    /// What others do with the keys.
    void disturb() {
        const std::string name = one_of({"job", "task", "step", "turn"});
        const std::string key = one_of({name, "redlock:fence:{" + name + "}", readers_of(name)});
        const std::vector<request> all{
            {"DEL", key},
            {"SET", name, one_of({"me", "redlock:shared", "redlock:shared 5 me"}), "PX", lasting()},
            {"SET", key, one_of({"x", "5 ", "nan"}), "PX", lasting()}};
        compare(all[chance_.below(chance_.one_in(4) ? 3 : 2)]);
    }
    bool flips() { return chance_.one_in(2); }

    side_by_side both_;
    client_of_both client_{both_};
    random_stream chance_{1, 29};
    std::map<std::string, int> seen_;

  private:
    std::string one_of(const word_list& words) { return words[chance_.below(words.size())]; }
    std::string token() { return one_of({"me", "you"}); }
    std::string lasting() { return std::to_string(chance_.between(1, 40)); }
    std::string window() { return one_of({"20000", "100000000"}); }
    std::string ballot() {
        const std::int64_t most = flips() ? 50'000 : 5;
        return std::to_string(both_.time_us() + chance_.between(-most, most));
    }
    word_list recorded(word_list given) {
        if (chance_.one_in(3)) {
            given.emplace_back("record");
        }
        return given;
    }
    word_list release_words() {
        word_list given{token()};
        if (flips()) {
            given.insert(given.end(), {flips() ? ballot() : "0", lasting(), window(),
                                       flips() ? "1" : "0", flips() ? lasting() : "0"});
        }
        return given;
    }
};

TEST_F(shipped_shared_batch, does_the_same_as_requests_one_by_one) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    for (int i = 0; i < 4'000 && !HasFailure(); ++i) {
        word_list names{"job", "task", "step", "turn"};
        std::vector<call> calls;
        for (auto more = chance_.between(2, 4); more > 0; --more) {
            const auto at =
                names.begin() + static_cast<std::ptrdiff_t>(chance_.below(names.size()));
            calls.push_back(any_of(*at));
            names.erase(at);
        }
        const request together = batch_of(calls);
        SCOPED_TRACE(words_of(together));
        expect_same(calls, client_.ask(together, {"PING"}).real);
        compare_content();
        if (chance_.one_in(3)) {
            disturb();
        }
        if (flips()) {
            both_.pass(std::chrono::microseconds{chance_.between(1, 4'000)});
        }
    }
    // All that they can answer has come up.
    for (const char* const each :
         {"acquire_shared TIME", "acquire_shared 0", "acquire_shared -1", "acquire_shared -2",
          "acquire_shared -4", "extend_shared TIME", "extend_shared 2", "extend_shared 0",
          "extend_shared -1", "release_shared 1", "release_shared 0", "WRONGTYPE"}) {
        EXPECT_GT(seen_[each], 0) << each;
    }
}

}  // namespace
}  // namespace redlock::testing
