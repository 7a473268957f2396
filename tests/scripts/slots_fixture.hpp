// What the tests of the scripts of semaphores share: a node with a semaphore "job", whose slots and
// line a test writes by hand. One thread at a time.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include "scripts/script_node.hpp"

namespace redlock::scripts {

class slots_fixture : public testing::Test {
  protected:
    static std::string lock_of(std::size_t slot) {
        return "redlock:slot:{job}:" + std::to_string(slot);
    }
    static std::string fence_of(std::size_t slot) { return "redlock:fence::" + lock_of(slot); }

    void hold(std::size_t slot, std::int64_t lease_ms = hour_ms,
              const std::string& token = "first") const {
        node.server.command({"SET", lock_of(slot), token, "PX", std::to_string(lease_ms)});
    }
    void write(const std::string& key, const std::string& value) const {
        node.server.command({"SET", key, value});
    }
    /// Alive for an hour.
    void stand(const std::string& place, std::int64_t ticket) const {
        node.server.command(
            {"HSET", line, place,
             std::to_string(ticket) + " " + std::to_string(node.time_us() + hour_us)});
    }
    void call(const std::string& place, std::int64_t ago_us) const {
        node.server.command(
            {"HSET", line, "called " + place, std::to_string(node.time_us() - ago_us)});
    }
    [[nodiscard]] bool in_line(const std::string& place) const {
        return node.server.command({"HEXISTS", line, place}) == "1";
    }
    /// Empty if nobody is.
    [[nodiscard]] std::string called() const {
        std::istringstream names{node.server.command({"HKEYS", line})};
        std::string called_ones;
        for (std::string name; std::getline(names, name);) {
            if (constexpr std::string_view call = "called "; name.starts_with(call)) {
                called_ones += name.substr(call.size());
            }
        }
        return called_ones;
    }
    /// The answer without its time to live, which has to be within the bounds of one that was set
    /// just now.
    [[nodiscard]] static std::string without_lease(const std::string& answer,
                                                   std::int64_t lease_ms) {
        const std::size_t begin = answer.find('\n') + 1;
        const std::size_t end = answer.find('\n', begin);
        EXPECT_THAT(std::stoll(answer.substr(begin, end - begin)), fresh(lease_ms)) << answer;
        return answer.substr(0, begin) + answer.substr(end + 1);
    }

    script_node node;
    const std::string permits = "redlock:permits:{job}";
    const std::string line = "redlock:line::redlock:slot:{job}";
};

}  // namespace redlock::scripts
