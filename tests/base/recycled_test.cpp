// Memory that is used again, and the names and tokens that rest on it: what is kept, on which
// thread, and how much.
#include "base/recycled.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "redlock/types.hpp"

namespace redlock::base::recycled_cases {
namespace {

using limits = recycled_limits;

/// Runs `what` on a thread that has kept nothing yet.
template <class What>
void on_a_new_thread(What what) {
    std::thread{std::move(what)}.join();
}

class recycled_memory : public testing::Test {
  protected:
    void SetUp() override {
        if (!keeps_memory()) {
            GTEST_SKIP() << "nothing is kept under the address sanitizer";
        }
    }
};

TEST_F(recycled_memory, is_used_again_by_the_next_of_about_its_size) {
    on_a_new_thread([] {
        void* const first = take_memory(100);
        give_back(first, 100);
        EXPECT_EQ(kept_memory(), 104U);
        void* const second = take_memory(89);
        EXPECT_EQ(second, first);
        EXPECT_EQ(kept_memory(), 0U);
        void* const other = take_memory(105);
        EXPECT_NE(other, first);
        give_back(second, 89);
        give_back(other, 105);
        EXPECT_EQ(kept_memory(), 104U + 120U);
    });
}

TEST_F(recycled_memory, keeps_nothing_large) {
    on_a_new_thread([] {
        give_back(take_memory(limits::block), limits::block);
        EXPECT_EQ(kept_memory(), limits::block);
        give_back(take_memory(limits::block + 1), limits::block + 1);
        EXPECT_EQ(kept_memory(), limits::block);
    });
}

TEST_F(recycled_memory, is_bounded_after_a_burst) {
    on_a_new_thread([] {
        constexpr std::size_t many = 100'000;
        {
            std::vector<std::shared_ptr<std::array<char, 800>>> burst;
            std::vector<lock_token> tokens;
            for (std::size_t one = 0; one < many; ++one) {
                burst.push_back(make_recycled<std::array<char, 800>>());
                tokens.emplace_back("123456-" + std::to_string(one));
            }
        }
        EXPECT_LE(kept_memory(), limits::kept);
        EXPECT_GT(kept_memory(), limits::kept - limits::block);
    });
}

TEST_F(recycled_memory, of_a_burst_makes_room_for_what_is_used_now) {
    on_a_new_thread([] {
        std::vector<void*> burst(limits::kept / 800);
        std::ranges::generate(burst, [] { return take_memory(800); });
        for (void* const each : burst) {
            give_back(each, 800);
        }
        void* const first = take_memory(100);
        give_back(first, 100);
        EXPECT_LE(kept_memory(), limits::kept);
        void* const second = take_memory(100);
        EXPECT_EQ(second, first);
        give_back(second, 100);
    });
}

TEST_F(recycled_memory, stays_on_the_thread_that_gave_it_back) {
    on_a_new_thread([] {
        auto taken_here = make_recycled<std::array<char, 800>>();
        const std::size_t before = kept_memory();
        on_a_new_thread([&] {
            taken_here.reset();
            EXPECT_GT(kept_memory(), 800U);
        });
        EXPECT_EQ(kept_memory(), before);
    });
}

/// Outlives all that the thread keeps, since it was made before.
struct last_of_a_thread {
    ~last_of_a_thread() {
        held.reset();
        kept_then = kept_memory();
    }
    std::shared_ptr<int> held;
    static inline std::size_t kept_then = 1;
};

TEST_F(recycled_memory, is_the_heaps_once_the_thread_is_over) {
    on_a_new_thread([] {
        thread_local last_of_a_thread last;
        last.held = make_recycled<int>(1);
        give_back(take_memory(100), 100);
        EXPECT_EQ(kept_memory(), 104U);
    });
    EXPECT_EQ(last_of_a_thread::kept_then, 0U);
}

// Were one reference lost or counted twice, the text would end early or never.
TEST_F(recycled_memory, of_a_text_comes_back_once_from_any_number_of_threads) {
    on_a_new_thread([] {
        const std::string text(100, 'n');
        resource_name name{text};
        std::vector<std::thread> others;
        for (int other = 0; other < 4; ++other) {
            others.emplace_back([&] {
                for (int copies = 0; copies < 50'000; ++copies) {
                    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): its own count
                    const resource_name copy = name;
                    ASSERT_EQ(copy.str().data(), name.str().data());
                }
                EXPECT_EQ(kept_memory(), 0U);
            });
        }
        for (std::thread& other : others) {
            other.join();
        }
        EXPECT_EQ(name.str(), text);
        EXPECT_EQ(kept_memory(), 0U);
        name = {};
        EXPECT_GT(kept_memory(), text.size());
    });
}

TEST(recycled_string, holds_what_any_string_holds) {
    recycled_string text{"short"};
    text.resize(limits::block + 100, 'x');
    const recycled_string copy = text;
    EXPECT_EQ(copy.size(), limits::block + 100);
    EXPECT_EQ(copy.substr(0, 6), "shortx");
}

TEST(recycled_name, is_shared_by_its_copies) {
    resource_name first{"the name of a resource, longer than a string keeps inside"};
    const resource_name second = first;
    EXPECT_EQ(&second.str(), &first.str());
    EXPECT_EQ(second, first);
    EXPECT_EQ(std::hash<resource_name>{}(second), std::hash<resource_name>{}(first));
    const resource_name third = std::move(first);
    EXPECT_EQ(third, second);
    EXPECT_EQ(first.str(), "");  // NOLINT(*-use-after-move): as of any string
    first = "another";
    EXPECT_EQ(first.str(), "another");
    EXPECT_EQ(second, third);
}

TEST(recycled_name, is_as_large_as_a_pointer) {
    EXPECT_EQ(sizeof(resource_name), sizeof(void*));
    EXPECT_EQ(sizeof(lock_token), sizeof(void*));
}

TEST(recycled_name, is_compared_by_its_text) {
    EXPECT_EQ(resource_name{"a"}, resource_name{std::string{"a"}});
    EXPECT_EQ(resource_name{}, resource_name{""});
    EXPECT_LT(resource_name{}, resource_name{"a"});
    EXPECT_LT(resource_name{"a"}, resource_name{std::string_view{"b"}});
    EXPECT_TRUE(resource_name{"a"} == std::string{"a"});
    const std::string with_nul{"a\0b", 3};
    EXPECT_EQ(resource_name{with_nul}.str(), with_nul);
    const std::string longest(resource_name::max_size, 'n');
    EXPECT_EQ(resource_name{longest}.str(), longest);
}

TEST(recycled_name, a_token_is_another_text_each_time) {
    const lock_token first{"one"};
    const lock_token second{std::string{"two"}};
    EXPECT_TRUE(lock_token{}.empty());
    EXPECT_FALSE(first.empty());
    EXPECT_NE(first, second);
    EXPECT_LT(first, second);
    EXPECT_EQ(first, lock_token{std::string_view{"one"}});
}

// What was there before in the same room must not show.
TEST(recycled_name, shows_nothing_of_the_text_before) {
    on_a_new_thread([] {
        for (const std::size_t size : {200U, 3U, 0U, 256U, 1U}) {
            EXPECT_EQ(lock_token{std::string(size, 'q')}.str(), std::string(size, 'q'));
        }
    });
}

}  // namespace
}  // namespace redlock::base::recycled_cases
