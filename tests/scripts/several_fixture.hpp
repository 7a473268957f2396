// The scripts of a lock of several names on a real server: the names of a test are a, b and c. How
// calls are put together and what a test looks at; see script_node.hpp. One thread at a time.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "scripts/script_node.hpp"

namespace redlock::scripts {

class several_fixture : public testing::Test {
  protected:
    using words = script_node::words;

    struct acquire_call {
        std::string token = "me";
        std::int64_t ballot = 0;  ///< 0: the node's own time.
        std::int64_t last = 0;    ///< 0: the ballot itself.
        std::int64_t lease_ms = hour_ms;
        std::int64_t window_us = hour_us;
        bool yields = false;
        bool fenced = true;
        std::int64_t ticket = 0;  ///< Zero: it does not wait.
        std::int64_t grace_ms = hour_ms;
        std::string record{};
    };
    /// What the node answered. The node's time reads "TIME" in all answers: so does a grant.
    [[nodiscard]] std::string acquire(const acquire_call& with) const;

    struct extend_call {
        std::int64_t last = 0;
        std::int64_t lease_ms = hour_ms;
        bool heals = false;
        std::string record{};
    };
    [[nodiscard]] std::string extend(const extend_call& with) const;

    struct release_call {
        std::int64_t bar = 0;
        std::int64_t window_us = hour_us;
        std::int64_t keep_ms = 0;
        bool has_record = false;
    };
    [[nodiscard]] std::string release(const release_call& with) const;

    /// Keys that were not there before, for five hours.
    void put(const std::string& key, const std::string& value) const {
        node.server.command({"SET", key, value, "PX", std::to_string(5 * hour_ms)});
    }
    [[nodiscard]] static std::string fence_key(const std::string& name) {
        return "redlock:fence:{" + name + "}";
    }
    [[nodiscard]] static std::string holder_key(const std::string& name) {
        return "redlock:holder:{" + name + "}";
    }
    void set_fence(const std::string& name, std::int64_t to, const std::string& mark = "") const {
        put(fence_key(name), std::to_string(to) + mark);
    }
    [[nodiscard]] std::optional<std::string> fence(const std::string& name) const {
        return node.server.get(fence_key(name));
    }
    /// The value of each lock key, "-" where there is none.
    [[nodiscard]] std::string holders() const;
    /// All keys with their values and their ends, as they stand for a script that writes nothing.
    [[nodiscard]] std::string everything() const;

    script_node node;
    const words names{"a", "b", "c"};

  private:
    [[nodiscard]] std::string answer_to(const script& which, bool has_record,
                                        const words& arguments, bool has_lines = false) const;
};

}  // namespace redlock::scripts
