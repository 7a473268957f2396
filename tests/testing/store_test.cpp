// The simulated server's commands held against a real server: the same random commands, one after
// the other, and the same replies to the byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "testing/commands.hpp"
#include "testing/side_by_side.hpp"

namespace redlock::testing {
namespace {

using namespace std::chrono_literals;

class simulated_store : public ::testing::Test {
  protected:
    /// Asks both, and says so if they answer differently.
    void compare(const request& what) {
        asked_.push_back(words_of(what));
        const answers got = client_.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real)) << told();
    }
    void pass(std::chrono::microseconds time) {
        asked_.push_back(std::to_string(time.count()) + " us pass");
        both_.pass(time);
    }
    /// Each key there is.
    void compare_content(random_commands& chance) {
        for (const std::string& key : all_keys({}).simulated) {
            compare({"PTTL", key});
            compare({"GET", key});
            compare({"HGETALL", key});
            compare({"ZREVRANGEBYSCORE", key, "+inf", "-inf", "WITHSCORES"});
        }
        compare_scan({});
        compare_scan(chance.scan_options());
    }

    struct sorted_keys {
        std::vector<std::string> real;
        std::vector<std::string> simulated;
    };
    sorted_keys all_keys(const request& options) {
        return {scan(options, [](const answers& of) { return of.real; }),
                scan(options, [](const answers& of) { return of.simulated; })};
    }
    void compare_scan(const request& options) {
        asked_.push_back("SCAN " + words_of(options));
        const sorted_keys found = all_keys(options);
        EXPECT_EQ(found.simulated, found.real) << told();
    }
    /// One after the other, for messages.
    [[nodiscard]] std::string told() const {
        std::string lines = "after\n";
        const std::size_t count = std::min<std::size_t>(asked_.size(), 40);
        for (std::size_t at = asked_.size() - count; at < asked_.size(); ++at) {
            lines += asked_[at] + "\n";
        }
        return lines;
    }

    side_by_side both_;
    client_of_both client_{both_};
    std::deque<std::string> asked_;

  private:
    template <class Side>
    std::vector<std::string> scan(const request& options, Side side) {
        std::vector<std::string> keys;
        std::string cursor = "0";
        do {
            request what{"SCAN", cursor};
            what.insert(what.end(), options.begin(), options.end());
            const reply page = side(client_.ask(what));
            if (page.is_error()) {
                return {page.words};
            }
            cursor = page.items.at(0).words;
            for (const reply& each : page.items.at(1).items) {
                keys.push_back(each.words);
            }
        } while (cursor != "0");
        std::sort(keys.begin(), keys.end());
        return keys;
    }
};

TEST_F(simulated_store, answers_as_a_real_server) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
        random_commands commands{seed};
        for (int i = 0; i < 500 && !HasFailure(); ++i) {
            compare(commands.any());
            if (commands.chance().one_in(3)) {
                pass(std::chrono::microseconds{commands.chance().between(1, 3'000)});
            }
            if (commands.chance().one_in(20)) {
                compare_content(commands);
            }
        }
        compare({"FLUSHALL"});
        asked_.clear();
    }
}

TEST_F(simulated_store, refuses_as_a_real_server_that_is_full) {
    random_commands commands{100};
    for (int i = 0; i < 1'000 && !HasFailure(); ++i) {
        if (commands.chance().one_in(20)) {
            both_.set_full(commands.chance().one_in(2));
        }
        compare(commands.any());
    }
    compare_content(commands);
}

TEST_F(simulated_store, ends_a_key_in_the_same_millisecond_as_a_real_server) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    compare({"SET", "a", "1", "PX", "5"});
    for (int i = 0; i < 80; ++i) {
        compare({"PTTL", "a"});
        pass(100us);
    }
    EXPECT_EQ(client_.ask({"GET", "a"}).simulated, reply::nil());
}

TEST_F(simulated_store, answers_to_what_is_no_command_as_a_real_server) {
    for (const request& what : std::vector<request>{
             {"NONE"},
             {"none", "a", "b"},
             {"None", std::string(100, 'a'), std::string(100, 'b'), "c"},
             {std::string(200, 'n'), "a"},
             {"no\r\nne", "a\r\nb"},
             {"PING"},
             {"PING", "a"},
             {"PING", "a", "b"},
             {"TIME", "1"},
             {"ROLE"},
             {"ROLE", "a"},
             {"CLIENT"},
             {"CLIENT", "NONE"},
             {"CLIENT", "ID", "1"},
             {"CLIENT", "TRACKING"},
             {"CLIENT", "TRACKING", "MAYBE"},
             {"CLIENT", "TRACKING", "ON", "REDIRECT", "123456"},
             {"CLIENT", "TRACKING", "ON", "REDIRECT", "x"},
             {"CLIENT", "TRACKING", "ON", "REDIRECT"},
             {"CLIENT", "TRACKING", "ON", "BAD"},
             {"CLIENT", "TRACKING", "OFF"},
             {"SUBSCRIBE"},
             {"SCAN"},
             {"SCAN", "x"},
             {"SCAN", "1x"},
             {"SCAN", "0", "COUNT"},
             {"SCAN", "0", "COUNT", "100", "MATCH"},
             {"FLUSHALL", "BAD"},
             {"FLUSHALL", "ASYNC", "BAD"},
             {"FLUSHALL", "SYNC"},
         }) {
        compare(what);
    }
}

TEST_F(simulated_store, answers_one_that_has_subscribed_as_a_real_server) {
    compare({"SUBSCRIBE", "__redis__:invalidate"});
    for (const request& what : std::vector<request>{
             {"PING"},
             {"PING", "a"},
             {"GET", "a"},
             {"SUBSCRIBE", "another"},
             {"SUBSCRIBE", "another"},
         }) {
        compare(what);
    }
}

TEST_F(simulated_store, counts_what_is_subscribed_as_a_real_server) {
    const answers first = client_.ask({"SUBSCRIBE", "a", "b", "a"});
    EXPECT_EQ(first.simulated, first.real);
    const auto rest = client_.hear();
    EXPECT_EQ(rest.simulated, rest.real);
}

/// The lines of an INFO that tell of something, by name.
std::map<std::string, std::string> told_by(const reply& info) {
    std::map<std::string, std::string> all;
    std::istringstream lines{info.words};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (colon != std::string::npos) {
            all[line.substr(0, colon)] = line.substr(colon + 1, line.find('\r') - colon - 1);
        }
    }
    return all;
}

TEST_F(simulated_store, tells_of_itself_as_a_real_server) {
    if (!both_.stands_still()) {
        GTEST_SKIP() << "its clock cannot be held";
    }
    const auto compare_told = [&] {
        const answers got = client_.ask({"INFO", "all"});
        const auto real = told_by(got.real);
        const auto simulated = told_by(got.simulated);
        for (const auto& [name, what] : simulated) {
            if (!real.contains(name)) {
                ADD_FAILURE() << name;
            } else if (name == "role" || name == "uptime_in_seconds" ||
                       name == "second_repl_offset") {
                EXPECT_EQ(what, real.at(name)) << name;
            } else if (name.ends_with("id")) {
                EXPECT_EQ(what.size(), real.at(name).size()) << name;
            }
        }
        EXPECT_EQ(simulated.contains("cmdstat_flushall"), real.contains("cmdstat_flushall"));
        return simulated;
    };
    EXPECT_TRUE(compare_told().contains("run_id"));
    both_.step(1'999'999us);
    compare({"TIME"});
    EXPECT_EQ(compare_told().at("uptime_in_seconds"), "1");
    compare({"FLUSHALL"});
    EXPECT_TRUE(compare_told().contains("cmdstat_flushall"));
}

TEST_F(simulated_store, matches_patterns_as_a_real_server) {
    const std::vector<std::string> texts{"",   "a",   "b",   "-",  "]",   "[",   "^",
                                         "\\", "*",   "?",   "ab", "ba",  "a-c", "a]",
                                         "[a", "abc", "aab", "c",  "{a}", "a\\", "^a"};
    for (const std::string& each : texts) {
        compare({"SET", each, "1"});
    }
    random_stream chance{1, 1};
    constexpr std::string_view letters = "aabc*?[]^-\\{}";
    for (int i = 0; i < 3'000 && !HasFailure(); ++i) {
        std::string pattern;
        for (auto size = chance.below(7); size > 0; --size) {
            pattern += letters[chance.below(letters.size())];
        }
        std::vector<std::string> simulated;
        std::copy_if(texts.begin(), texts.end(), std::back_inserter(simulated),
                     [&](const std::string& text) { return matches(pattern, text); });
        std::sort(simulated.begin(), simulated.end());
        std::vector<std::string> real;
        // KEYS is for the real one alone.
        for (const reply& each : client_.ask({"KEYS", pattern}, {"PING"}).real.items) {
            real.push_back(each.words);
        }
        std::sort(real.begin(), real.end());
        EXPECT_EQ(simulated, real) << pattern;
        if (i % 10 == 0) {
            compare_scan({"MATCH", pattern});
        }
    }
}

}  // namespace
}  // namespace redlock::testing
