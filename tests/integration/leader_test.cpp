// Leadership and recursive locking for threads, on real servers.
#include <gtest/gtest.h>

#include <concepts>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

template <class T>
concept basic_lockable = requires(T it) {
    it.lock();
    it.unlock();
};
template <class T>
concept lockable = basic_lockable<T> && requires(T it) {
    { it.try_lock() } -> std::same_as<bool>;
};
template <class T>
concept timed_lockable = lockable<T> && requires(T it) {
    { it.try_lock_for(std::chrono::seconds{1}) } -> std::same_as<bool>;
    { it.try_lock_until(std::chrono::steady_clock::now()) } -> std::same_as<bool>;
};

static_assert(timed_lockable<recursive_mutex>);
static_assert(!std::copyable<recursive_mutex> && !std::movable<recursive_mutex>);
static_assert(!std::copyable<leader> && !std::movable<leader>);

struct leaders : testing::Test {
    [[nodiscard]] static std::future<void> in_background(const std::function<void()>& what) {
        return std::async(std::launch::async, what);
    }
    void remove(const std::string& key) {
        nodes.each([&](redis_server& node) { node.command({"DEL", key}); });
    }

    cluster nodes{3};
    mutex_context here{nodes.urls(), usual_options()};
    mutex_context elsewhere{nodes.urls(), usual_options()};
    leader one{here, "job", {.label = "one"}};
    leader other{elsewhere, "job", {.label = "other"}};
};

TEST_F(leaders, cannot_have_an_identifier) {
    leader named{here, "job", {.identifier = "always-the-same"}};
    try {
        named.campaign();
        FAIL();
    } catch (const lock_error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_argument);
    }
}

TEST_F(leaders, lead_one_at_a_time_in_growing_terms) {
    EXPECT_FALSE(one.is_leader());
    EXPECT_FALSE(one.term());
    one.campaign();
    EXPECT_TRUE(one.is_leader());
    const auto first = one.term();
    EXPECT_TRUE(first);
    one.campaign();
    EXPECT_EQ(one.term(), first) << "it leads already";
    EXPECT_FALSE(other.campaign_for(50ms));
    auto comes = in_background([&] { other.campaign(); });
    one.resign();
    EXPECT_FALSE(one.is_leader());
    EXPECT_FALSE(one.term());
    comes.get();
    EXPECT_GT(other.term(), first);
    one.resign();
    EXPECT_TRUE(other.is_leader()) << "who does not lead has nothing to give up";
}

TEST_F(leaders, learn_of_the_loss_and_lead_again) {
    one.campaign();
    const auto first = one.term();
    EXPECT_FALSE(one.wait_for(1ms));
    remove("job");
    EXPECT_TRUE(one.wait_for(hang));
    EXPECT_FALSE(one.is_leader());
    one.campaign();
    EXPECT_GT(one.term(), first);
}

TEST_F(leaders, let_those_who_wait_go_on_when_another_thread_resigns) {
    one.wait();
    one.campaign();
    auto ends = in_background([&] { one.wait(); });
    one.resign();
    ends.get();
    EXPECT_TRUE(one.wait_for(0ms));
}

TEST_F(leaders, proclaim_a_text) {
    EXPECT_THROW(one.proclaim("early"), lock_error);
    one.campaign();
    one.proclaim("http://here:80");
    loop turned;
    client user{turned, nodes.urls()};
    EXPECT_EQ(user.status("job").proclaimed, "http://here:80");
    EXPECT_EQ(user.status("job").label, "one");
    try {
        one.proclaim(std::string(1000, 'x'));
        ADD_FAILURE() << "too long a text went through";
    } catch (const lock_error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_argument);
    }
}

TEST_F(leaders, resign_at_their_end) {
    {
        leader brief{here, "brief"};
        brief.campaign();
        EXPECT_GE(nodes.having("brief"), 2U);
    }
    leader next{elsewhere, "brief"};
    EXPECT_TRUE(next.campaign_for(soon));
}

TEST_F(leaders, throw_where_there_is_no_quorum_and_no_term) {
    manager_options options = impatient_options();
    options.quorum_timeout = 100ms;
    mutex_context nowhere{{"redis://127.0.0.1:1"}, options};
    leader lonely{nowhere, "job"};
    EXPECT_THROW(lonely.campaign(), lock_error);
    options = usual_options();
    options.fencing = false;
    mutex_context unfenced{nodes.urls(), options};
    leader numberless{unfenced, "job"};
    try {
        numberless.campaign();
        ADD_FAILURE() << "leads without a term";
    } catch (const lock_error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_argument);
    }
    EXPECT_FALSE(numberless.is_leader());
}

TEST_F(leaders, renew_also_with_a_lease_time_of_their_own) {
    leader brisk{here, "brisk", {.lease_time = 300ms}};
    brisk.campaign();
    EXPECT_FALSE(brisk.wait_for(1s));
    EXPECT_TRUE(brisk.is_leader());
}

struct recursive : testing::Test {
    cluster nodes{3};
    mutex_context here{nodes.urls(), usual_options()};
    recursive_mutex door{here, "door"};
};

TEST_F(recursive, is_locked_by_its_thread_as_often_as_it_likes_and_freed_with_the_last) {
    mutex_context elsewhere{nodes.urls(), usual_options()};
    recursive_mutex same{elsewhere, "door"};
    {
        const std::unique_lock outer{door};
        const auto token = door.fencing_token();
        EXPECT_TRUE(token);
        {
            const std::scoped_lock inner{door};
            const std::unique_lock tried{door, std::try_to_lock};
            const std::unique_lock timed{door, 1s};
            EXPECT_TRUE(tried.owns_lock() && timed.owns_lock());
            EXPECT_EQ(door.fencing_token(), token) << "one lock below";
        }
        EXPECT_TRUE(door.valid());
        EXPECT_FALSE(same.try_lock());
    }
    EXPECT_FALSE(door.valid());
    EXPECT_TRUE(same.try_lock());
    same.unlock();
}

TEST_F(recursive, keeps_other_threads_out_until_the_last_unlock) {
    door.lock();
    door.lock();
    const auto tries = [&] {
        return std::async(std::launch::async,
                          [&] {
                              const bool got = door.try_lock();
                              if (got) {
                                  door.unlock();
                              }
                              return got;
                          })
            .get();
    };
    EXPECT_FALSE(tries());
    door.unlock();
    EXPECT_FALSE(tries());
    door.unlock();
    EXPECT_TRUE(tries());
}

TEST_F(recursive, passes_between_threads_that_nest) {
    int inside = 0;
    int most = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int turn = 0; turn < 10; ++turn) {
                const std::scoped_lock outer{door};
                const std::scoped_lock inner{door};
                most = std::max(most, ++inside);
                --inside;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(most, 1);
}

TEST_F(recursive, is_not_valid_any_more_at_any_level_after_a_loss) {
    recursive_mutex brief{here, "brief", {.lease_time = 200ms}};
    brief.lock();
    brief.lock();
    while (brief.valid()) {
        std::this_thread::yield();
    }
    brief.lock();
    EXPECT_FALSE(brief.valid());
    brief.unlock();
    brief.unlock();
    brief.unlock();
    EXPECT_TRUE(brief.try_lock());
    EXPECT_TRUE(brief.valid());
    brief.unlock();
}

TEST_F(recursive, is_not_unlocked_by_a_thread_that_has_not_locked_it) {
    door.lock();
    std::jthread{[&] { door.unlock(); }}.join();
    EXPECT_TRUE(door.valid());
    door.unlock();
    EXPECT_FALSE(door.valid());
}

}  // namespace
}  // namespace redlock::integration
