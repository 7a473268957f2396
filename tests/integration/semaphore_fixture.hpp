// What the tests of semaphores share: clients of three servers, and what stands there of a
// semaphore named "pool". One thread.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "integration/harness.hpp"

namespace redlock::integration {

inline std::string slot_key(std::size_t slot) {
    return "redlock:slot:{pool}:" + std::to_string(slot);
}

struct semaphores : testing::Test {
    [[nodiscard]] bool comes(const operation_ptr<lock>& waiter) {
        return turned.until([&] { return waiter->done; }, soon) && waiter->value.valid();
    }
    /// Nothing but fences and the number of permits, which end by themselves.
    void expect_nothing_left(std::size_t permits) {
        EXPECT_TRUE(turned.until([&] {
            std::size_t there = nodes.having(waiting_line);
            for (std::size_t slot = 0; slot < permits; ++slot) {
                there += nodes.having(slot_key(slot));
            }
            return there == 0;
        }));
    }
    [[nodiscard]] bool in_line(std::size_t places) {
        return turned.until([&] {
            return nodes.count([&](redis_server& node) {
                return node.command({"HLEN", waiting_line}) == std::to_string(places);
            }) >= (places == 0 ? nodes.size() : nodes.size() / 2 + 1);
        });
    }

    const std::string waiting_line = "redlock:line::redlock:slot:{pool}";
    cluster nodes{3};
    loop turned;
    client one{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

}  // namespace redlock::integration
