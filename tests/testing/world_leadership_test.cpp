// Campaigns of three processes in a simulated world, while nodes freeze, die and come back, and
// processes are paused, killed and cut off. Whatever happens, no two lead at once, and no term has
// two leaders; and once the faults are over, somebody leads.
#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <redlock/leadership.hpp>
#include <redlock/testing.hpp>
#include <vector>

namespace redlock::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// One process that campaigns for ever, again after each error.
class contender {
  public:
    contender(world& in, process where, std::size_t number,
              std::map<std::uint64_t, std::size_t>& led)
        : in_(in),
          where_(where),
          number_(number),
          led_(led),
          locks_(where.get_executor(), in.nodes()) {
        campaign();
    }
    contender(const contender&) = delete;
    contender& operator=(const contender&) = delete;
    ~contender() { where_.kill(); }

    [[nodiscard]] bool leads() const { return *current_ && (*current_)->valid(); }
    [[nodiscard]] std::size_t terms() const { return terms_; }
    void resign() const {
        if (*current_) {
            (*current_)->resign();
        }
    }
    [[nodiscard]] process& where() { return where_; }

  private:
    void campaign() {
        async_campaign(
            locks_, "job",
            [this](term now) -> asio::awaitable<void> {
                const auto [entry, first] = led_.emplace(now.number().value(), number_);
                EXPECT_TRUE(first) << "term " << entry->first << " has two leaders";
                EXPECT_GT(now.number(), last_);
                last_ = now.number();
                ++terms_;
                *current_ = now;
                const leaves_office leaving{current_};
                co_await in_.async_sleep(1h, asio::use_awaitable);
            },
            {.lease_time = 2s},
            [this](const std::exception_ptr&) {
                // No quorum: the delay is this program's matter.
                in_.after(500ms, [this] { campaign(); });
            });
    }
    using present_term = std::shared_ptr<std::optional<term>>;
    /// What a killed process was doing is destroyed with the world, after the contender.
    struct leaves_office {
        present_term of;
        ~leaves_office() { of->reset(); }
    };

    world& in_;
    process where_;
    std::size_t number_;
    std::map<std::uint64_t, std::size_t>& led_;
    lock_manager locks_;
    present_term current_ = std::make_shared<std::optional<term>>();
    fencing_token last_;
    std::size_t terms_ = 0;
};

/// A world in which something goes wrong every half second, by the seed.
class troubled {
  public:
    explicit troubled(std::uint64_t seed) : it({.seed = seed}) {
        for (std::size_t i = 0; i < 3; ++i) {
            all.push_back(std::make_unique<contender>(it, it.add_process(), i, led));
        }
    }
    /// Runs, and looks after every event who leads.
    void run(std::chrono::nanoseconds time) {
        bool over = false;
        it.after(time, [&over] { over = true; });
        EXPECT_TRUE(it.run_until([&] {
            std::size_t leading = 0;
            for (const auto& each : all) {
                leading += each->leads() ? 1U : 0U;
            }
            EXPECT_LE(leading, 1U);
            return over || leading > 1;
        }));
    }
    void break_something() {
        const auto node = static_cast<node_index>(it.random(3));
        const process& where = all[it.random(3)]->where();
        switch (it.random(8)) {
            case 0:
                it.freeze(node, 3s);
                break;
            case 1:
                // Always the same: two in quarantine leave no quorum.
                it.kill(0);
                it.after(1s, [this] { it.restart(0); });
                break;
            case 2:
                where.pause(std::chrono::milliseconds{it.random(5000)});
                break;
            case 3:
                where.cut(node);
                break;
            case 4:
                where.cut_off(node, 2s);
                break;
            case 5:
            case 6:
                for (const auto& each : all) {
                    each->resign();
                }
                break;
            default:
                where.slow_down(node, 100ms, 1s);
        }
    }
    [[nodiscard]] std::size_t leading() const {
        std::size_t count = 0;
        for (const auto& each : all) {
            count += each->leads() ? 1U : 0U;
        }
        return count;
    }

    world it;
    std::map<std::uint64_t, std::size_t> led;  // who was the leader of each term
    std::vector<std::unique_ptr<contender>> all;
};

TEST(world_leadership, has_one_leader_a_term_whatever_happens_and_one_when_it_is_over) {
    std::size_t terms = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        troubled world{seed};
        for (int times = 0; times < 60 && !::testing::Test::HasFailure(); ++times) {
            world.break_something();
            world.run(500ms);
        }
        // The longest pause, and the quarantine of a node that was restarted, are over then.
        world.run(3min);
        ASSERT_EQ(world.leading(), 1U) << "seed " << seed;
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
        terms += world.led.size();
    }
    EXPECT_GT(terms, 30U) << "the faults ended terms";
}

TEST(world_leadership, passes_on_when_the_leader_dies) {
    troubled world{7};
    world.run(2s);
    ASSERT_EQ(world.leading(), 1U);
    const auto [term, dead] = *world.led.rbegin();
    world.all[dead]->where().kill();
    world.run(10s);
    EXPECT_GT(world.led.rbegin()->first, term);
    EXPECT_NE(world.led.rbegin()->second, dead);
    EXPECT_EQ(world.leading(), 1U);
}

}  // namespace
}  // namespace redlock::testing
