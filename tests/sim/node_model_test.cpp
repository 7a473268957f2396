// The model of the scripts beside the scripts: the same random commands for both, on a real server
// with the real Lua, and the same replies and keys afterwards. The server's clock goes on between
// two looks at it, so times are compared roughly and all of them lie an hour apart, except those
// that are waited for.
#include "sim/node_model.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "scripts/scripts.hpp"
#include "sim/random.hpp"
#include "support/redis_peer.hpp"
#include "support/redis_server.hpp"

namespace redlock::sim {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t hour_us = hour_ms * 1000;
// Far more than a command takes, far less than an hour.
constexpr std::int64_t roughly_ms = 120'000;

const std::string lock_key = "job";
const std::string fence_key = "redlock:fence:{job}";
const std::string line_key = "redlock:line:{job}";
const std::string epoch_key = "redlock:epoch";

std::string token_text(std::uint64_t token) {
    return token == 0 ? "" : "t" + std::to_string(token);
}

/// All of one width, since the nodes compare bytes.
std::string place_text(std::uint64_t id) {
    return id == 0 ? "" : std::to_string(1'000 + id) + "-x";
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

class side_by_side {
  public:
    explicit side_by_side(std::uint64_t seed) : random_(seed, 1), peer_(server_.port()) {}

    void step() {
        now_us_ = time_us();
        const std::uint64_t kind = random_.below(100);
        if (kind < 26) {
            acquire();
        } else if (kind < 52) {
            acquire_in_line();
        } else if (kind < 66) {
            extend();
        } else if (kind < 84) {
            release();
        } else if (kind < 88) {
            leave_line();
        } else if (kind < 93) {
            hello();
        } else if (kind < 95) {
            vouch();
        } else if (kind < 98) {
            set_full(!full_);
        } else {
            forget_everything();
        }
        if (something_is_short_) {
            wait_for_its_end();
        }
        compare_keys();
    }

  private:
    std::string run(const scripts::script& which, const std::vector<std::string>& keys,
                    const std::vector<std::string>& arguments) {
        std::vector<std::string> command{"EVAL", std::string{which.body},
                                         std::to_string(keys.size())};
        command.insert(command.end(), keys.begin(), keys.end());
        command.insert(command.end(), arguments.begin(), arguments.end());
        story_ = std::string{which.name};
        for (const auto& each : arguments) {
            story_ += ' ' + each;
        }
        return peer_.ask(command);
    }

    std::int64_t time_us() {
        const auto parts = lines_of(peer_.ask({"TIME"}));
        return std::stoll(parts.at(0)) * 1'000'000 + std::stoll(parts.at(1));
    }

    std::uint64_t any_token() { return 1 + random_.below(3); }
    std::int64_t any_lease() {
        if (random_.percent(12)) {
            something_is_short_ = true;
            return 1;
        }
        return hour_ms * random_.between(1, 4);
    }
    /// Near the fences that stand there, so that below, equal and above all happen; or too far from
    /// the clock.
    std::uint64_t any_ballot() {
        const std::int64_t base =
            random_.percent(15) ? now_us_ + (random_.one_in(2) ? 5 : -5) * hour_us : started_us_;
        return static_cast<std::uint64_t>(base + random_.between(0, 12));
    }

    acquire_call any_acquisition() {
        acquire_call with;
        with.token = any_token();
        with.ballot = any_ballot();
        with.last = with.ballot + random_.below(3);
        with.lease_ms = any_lease();
        with.window_us = hour_us;
        with.fence_lifetime_ms = any_lease();
        with.yields = random_.one_in(2);
        return with;
    }
    static std::vector<std::string> words(const acquire_call& with) {
        return {token_text(with.token),         std::to_string(with.ballot),
                std::to_string(with.last),      std::to_string(with.lease_ms),
                std::to_string(with.window_us), std::to_string(with.fence_lifetime_ms)};
    }

    void acquire() {
        const acquire_call with = any_acquisition();
        auto arguments = words(with);
        arguments.emplace_back(with.yields ? "1" : "0");
        const auto real = run(scripts::acquire, {lock_key, fence_key}, arguments);
        compare_acquire(real, model_.acquire(0, with, now_us_), false);
    }

    void acquire_in_line() {
        if (full_) {
            return;
        }
        const acquire_call with = any_acquisition();
        place_call place;
        place.id = 1 + random_.below(5);
        place.ticket = 1 + random_.below(4);
        place.lease_ms = any_lease();
        place.grace_ms = random_.percent(40) ? 0 : hour_ms;
        place.longest = random_.percent(15) ? 2 : 10;
        auto arguments = words(with);
        for (const auto& word :
             {place_text(place.id), std::to_string(place.ticket), std::to_string(place.lease_ms),
              std::to_string(place.grace_ms), std::to_string(place.longest)}) {
            arguments.push_back(word);
        }
        const auto real = run(scripts::acquire_in_line, {lock_key, fence_key, line_key}, arguments);
        compare_acquire(real, model_.acquire_in_line(0, with, place, now_us_), true);
    }

    void extend() {
        extend_call with;
        with.token = any_token();
        with.last = random_.percent(20) ? 0 : any_ballot();
        with.lease_ms = any_lease();
        with.fence_lifetime_ms = any_lease();
        with.heal = random_.percent(60) && with.last != 0;
        const auto real =
            run(scripts::extend, {lock_key, fence_key},
                {token_text(with.token), std::to_string(with.last), std::to_string(with.lease_ms),
                 std::to_string(with.fence_lifetime_ms), with.heal ? "1" : "0"});
        static const std::map<node_answer, std::string> answers{{node_answer::extended, "1"},
                                                                {node_answer::replanted, "2"},
                                                                {node_answer::taken, "0"},
                                                                {node_answer::missing, "-1"}};
        // The model leaves the time to the servers: here it is what stands behind the code.
        const bool refused = real.starts_with("(error)");
        compare_simple(refused ? real : real.substr(0, real.find('\n')),
                       model_.extend(0, with, now_us_).answer, answers);
    }

    void release() {
        release_call with;
        with.token = any_token();
        with.bar = random_.percent(50) ? any_ballot() : 0;
        with.fence_lifetime_ms = any_lease();
        with.window_us = hour_us;
        with.above = random_.percent(20);
        const auto real = run(scripts::release, {lock_key, fence_key},
                              {token_text(with.token), std::to_string(with.bar),
                               std::to_string(with.fence_lifetime_ms),
                               std::to_string(with.window_us), with.above ? "1" : ""});
        static const std::map<node_answer, std::string> answers{{node_answer::removed, "1"},
                                                                {node_answer::absent, "0"}};
        compare_simple(real, model_.release(0, with, now_us_).answer, answers);
    }

    void leave_line() {
        const std::uint64_t place = 1 + random_.below(5);
        story_ = "HDEL " + place_text(place);
        peer_.ask({"HDEL", line_key, place_text(place)});
        model_.leave_line(0, place, now_us_);
    }

    void hello() {
        const std::uint64_t identity = 1 + random_.below(2);
        const std::int64_t remembers_s = random_.one_in(2) ? 0 : 3'600 * random_.between(1, 3);
        const std::uint64_t configuration = 1 + random_.below(2);
        const auto real = run(scripts::hello, {epoch_key},
                              {std::to_string(identity), std::to_string(remembers_s),
                               std::to_string(2 * hour_ms), std::to_string(configuration), "1"});
        const auto expected =
            model_.hello(identity, remembers_s * 1'000'000, 2 * hour_ms, configuration, now_us_);
        if (expected.answer == node_answer::refused_full) {
            EXPECT_TRUE(real.starts_with("(error)")) << real;
            return;
        }
        const auto parts = lines_of(real);
        ASSERT_EQ(parts.size(), 2) << real;
        EXPECT_NEAR(static_cast<double>(std::stoll(parts[0])), static_cast<double>(expected.value),
                    roughly_ms);
        EXPECT_EQ(parts[1], std::to_string(expected.holder));
    }

    void vouch() {
        const auto real = run(scripts::vouch, {epoch_key}, {});
        static const std::map<node_answer, std::string> answers{{node_answer::told, "1"},
                                                                {node_answer::absent, "0"}};
        compare_simple(real, model_.vouch().answer, answers);
    }

    void set_full(bool full) {
        story_ = full ? "memory is full" : "memory is not full";
        full_ = full;
        peer_.ask({"CONFIG", "SET", "maxmemory", full ? "1" : "0"});
        model_.set_full(full);
    }

    void forget_everything() {
        story_ = "FLUSHALL";
        peer_.ask({"FLUSHALL"});
        model_.clear();
        model_.set_full(full_);
    }

    /// Some key lives for a millisecond: until it must be gone.
    void wait_for_its_end() {
        something_is_short_ = false;
        const std::int64_t end = time_us() + 5'000;
        while (time_us() < end) {
        }
        now_us_ = time_us();
    }

    void compare_simple(const std::string& real, node_answer expected,
                        const std::map<node_answer, std::string>& answers) {
        if (expected == node_answer::refused_full) {
            EXPECT_TRUE(real.starts_with("(error)")) << story_ << ": " << real;
        } else {
            ASSERT_TRUE(answers.contains(expected)) << story_;
            EXPECT_EQ(real, answers.at(expected)) << story_;
        }
    }

    void near(const std::string& real, std::int64_t expected, std::int64_t roughly) {
        EXPECT_NEAR(static_cast<double>(std::stoll(real)), static_cast<double>(expected),
                    static_cast<double>(roughly))
            << story_;
    }

    void compare_acquire(const std::string& real, const node_reply& expected, bool in_line) {
        const auto parts = lines_of(real);
        const auto is = [&](const std::string& code, std::size_t size) {
            ASSERT_EQ(parts.size(), size) << story_ << ": " << real;
            EXPECT_EQ(parts[0], code) << story_;
        };
        switch (expected.answer) {
            case node_answer::granted:
                ASSERT_EQ(parts.size(), in_line ? 2U : 1U) << story_ << ": " << real;
                near(parts[0], now_us_, roughly_ms * 1000);
                if (in_line && !testing::Test::HasFailure()) {
                    EXPECT_EQ(parts[1], std::to_string(expected.value)) << story_;
                }
                break;
            case node_answer::busy:
                is("0", in_line ? 4 : 3);
                if (!testing::Test::HasFailure()) {
                    near(parts[1], expected.value, roughly_ms);
                    EXPECT_EQ(parts[2], token_text(expected.holder)) << story_;
                    EXPECT_TRUE(!in_line || parts[3] == std::to_string(expected.ahead)) << story_;
                }
                break;
            case node_answer::stale:
                is("-1", 4);
                if (!testing::Test::HasFailure()) {
                    EXPECT_EQ(parts[1], std::to_string(expected.value)) << story_;
                    near(parts[2], expected.now_us, roughly_ms * 1000);
                    near(parts[3], expected.left_ms, roughly_ms);
                }
                break;
            case node_answer::out_of_window:
                is("-2", 2);
                if (!testing::Test::HasFailure()) {
                    near(parts[1], expected.value, roughly_ms * 1000);
                }
                break;
            case node_answer::called:
                is("-3", 3);
                if (!testing::Test::HasFailure()) {
                    near(parts[1], expected.value, roughly_ms);
                    EXPECT_EQ(parts[2], std::to_string(expected.ahead)) << story_;
                }
                break;
            default:
                EXPECT_TRUE(real.starts_with("(error)")) << story_ << ": " << real;
                break;
        }
    }

    void compare_key(const std::string& key, const std::string& expected, std::int64_t ends_ms) {
        const auto real = peer_.ask({"GET", key});
        EXPECT_EQ(real, expected.empty() ? "(nil)" : expected) << story_ << ", " << key;
        if (!expected.empty() && real == expected) {
            near(peer_.ask({"PTTL", key}), ends_ms - now_us_ / 1000, roughly_ms);
        }
    }

    void compare_keys() {
        const resource_keys& keys = model_.keys(0, now_us_);
        compare_key(lock_key, token_text(keys.token), keys.token_ends_ms);
        compare_key(fence_key,
                    keys.fence == 0 && !keys.marked
                        ? ""
                        : std::to_string(keys.fence) + (keys.marked ? " " : ""),
                    keys.fence_ends_ms);
        std::map<std::string, std::string> expected;
        for (const auto& place : keys.line) {
            expected[place_text(place.id)] = std::to_string(place.ticket);
        }
        if (keys.called != 0) {
            expected["called"] = place_text(keys.called);
        }
        std::map<std::string, std::string> real;
        const auto fields = lines_of(peer_.ask({"HGETALL", line_key}));
        for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
            real[fields[i]] = fields[i + 1].substr(0, fields[i + 1].find(' '));
        }
        EXPECT_EQ(real, expected) << story_;
        if (!real.empty() && real == expected) {
            near(peer_.ask({"PTTL", line_key}), keys.line_ends_ms - now_us_ / 1000, roughly_ms);
        }
    }

    random_stream random_;
    support::redis_server server_;
    support::redis_peer peer_;
    node_model model_;
    std::int64_t started_us_ = time_us();
    std::int64_t now_us_ = 0;
    bool full_ = false;
    bool something_is_short_ = false;
    std::string story_;
};

TEST(node_model, does_what_the_scripts_do) {
    for (std::uint64_t seed = 1; seed <= 8 && !HasFailure(); ++seed) {
        side_by_side both{seed};
        for (int i = 0; i < 600 && !HasFailure(); ++i) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(i));
            both.step();
        }
    }
}

}  // namespace
}  // namespace redlock::sim
