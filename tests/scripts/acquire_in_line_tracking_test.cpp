// That whoever is refused by ACQUIRE IN LINE hears of the lock's next change, by the server's
// client tracking, and so need not poll: on a real server, with one connection that asks and one
// that is told. Blocks in reads of at most some seconds; one thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "scripts/line_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::StartsWith;

class peer {
  public:
    explicit peer(std::uint16_t port)
        : context_(redisConnectWithTimeout("127.0.0.1", port, patience), &redisFree) {
        if (context_ == nullptr || context_->err != 0) {
            throw std::runtime_error("redis-server cannot be reached");
        }
        redisSetTimeout(context_.get(), patience);
    }

    using reply_ptr = std::unique_ptr<redisReply, void (*)(void*)>;

    reply_ptr ask(const std::vector<std::string>& arguments) {
        std::vector<const char*> texts;
        std::vector<std::size_t> sizes;
        for (const std::string& argument : arguments) {
            texts.push_back(argument.data());
            sizes.push_back(argument.size());
        }
        return checked(redisCommandArgv(context_.get(), static_cast<int>(texts.size()),
                                        texts.data(), sizes.data()));
    }
    reply_ptr next() {
        void* reply = nullptr;
        redisGetReply(context_.get(), &reply);
        return checked(reply);
    }

  private:
    static constexpr timeval patience{5, 0};

    reply_ptr checked(void* reply) {
        if (reply == nullptr) {
            throw std::runtime_error(std::string{"no reply: "} + context_->errstr);
        }
        return {static_cast<redisReply*>(reply), &freeReplyObject};
    }

    std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

class acquire_in_line_tracking : public line_fixture {
  protected:
    acquire_in_line_tracking() {
        const auto id = listener_.ask({"CLIENT", "ID"})->integer;
        listener_.ask({"SUBSCRIBE", "__redis__:invalidate"});
        asker_.ask({"CLIENT", "TRACKING", "ON", "REDIRECT", std::to_string(id), "NOLOOP"});
    }

    /// The first number of the answer.
    std::int64_t ask(const script_node::in_line_call& with) {
        const auto reply = asker_.ask(node.acquire_in_line_command(with));
        return reply->elements > 0 ? reply->element[0]->integer : 0;
    }
    /// Whether, of all that the asker is told after its answer, something is about the lock. A last
    /// change of a key that it has read tells where to stop.
    bool hears_of_lock_after(const std::vector<std::string>& change) {
        asker_.ask({"GET", "end"});
        node.server.command(change);
        node.server.command({"SET", "end", "x"});
        for (bool heard = false;;) {
            const auto message = listener_.next();
            const redisReply& keys = *message->element[2];
            for (std::size_t i = 0; i < keys.elements; ++i) {
                const std::string_view key{keys.element[i]->str, keys.element[i]->len};
                heard = heard || key == node.lock;
                if (key == "end") {
                    return heard;
                }
            }
        }
    }

    peer listener_{node.server.port()};
    peer asker_{node.server.port()};
};

TEST_F(acquire_in_line_tracking, tells_of_the_release_whoever_found_the_lock_held) {
    hold();
    ASSERT_EQ(ask({}), 0);
    EXPECT_TRUE(hears_of_lock_after({"DEL", node.lock}));
    // Out of turn, too, where nothing is tried before the lock is looked at.
    hold();
    stand("a-1", 10);
    ASSERT_EQ(ask({}), 0);
    EXPECT_TRUE(hears_of_lock_after({"DEL", node.lock}));
}

TEST_F(acquire_in_line_tracking, tells_of_the_release_of_a_lock_of_another_type) {
    node.server.command({"RPUSH", node.lock, "a"});
    ASSERT_EQ(ask({}), 0);
    EXPECT_TRUE(hears_of_lock_after({"DEL", node.lock}));
}

TEST_F(acquire_in_line_tracking, tells_of_the_acquisition_whoever_waits_for_another_to_come) {
    stand("a-1", 10);
    ASSERT_EQ(ask({}), -3);
    EXPECT_TRUE(hears_of_lock_after(node.acquire_in_line_command({.place = "a-1", .ticket = 10})));
}

TEST_F(acquire_in_line_tracking, tells_nobody_of_what_the_script_itself_wrote) {
    hold();
    ASSERT_EQ(ask({}), 0);
    EXPECT_FALSE(hears_of_lock_after({"GET", node.lock}));
    set_free();
    stand("a-1", 10);
    ASSERT_EQ(ask({}), -3);
    // The release above is heard here; from then on there is nothing.
    EXPECT_TRUE(hears_of_lock_after({"GET", node.lock}));
    EXPECT_FALSE(hears_of_lock_after({"GET", node.lock}));
}

}  // namespace
}  // namespace redlock::scripts
