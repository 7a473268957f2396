// Three real servers and shorthands for what the tests ask of them. One thread at a time.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/support/process.hpp"
#include "support/redis_server.hpp"

namespace redlock::cli_test {

class three_nodes : public testing::Test {
  protected:
    three_nodes() {
        for (const auto& node : nodes) {
            node.vouch();
        }
    }
    [[nodiscard]] std::string urls() const {
        return nodes[0].url() + "," + nodes[1].url() + "," + nodes[2].url();
    }
    [[nodiscard]] std::map<std::string, std::string> environment() const {
        return {{"REDLOCK_NODES", urls()}};
    }
    finished run(std::vector<std::string> arguments) const {
        return redlock(std::move(arguments), environment());
    }
    [[nodiscard]] process_options start(std::vector<std::string> arguments) const {
        return {.arguments = redlock_line(std::move(arguments)), .environment = environment()};
    }
    /// As another library would hold it.
    void hold_everywhere(const std::string& resource, const std::string& holder = "other") {
        for (auto& node : nodes) {
            node.command({"SET", resource, holder, "PX", "60000"});
        }
    }
    [[nodiscard]] int nodes_holding(const std::string& resource) const {
        int count = 0;
        for (const auto& node : nodes) {
            count += node.get(resource) ? 1 : 0;
        }
        return count;
    }
    /// Nothing that would keep anybody from locking, and no other trace but fences.
    [[nodiscard]] bool clean(const std::string& resource) const {
        for (const auto& node : nodes) {
            if (node.get(resource) ||
                node.command({"EXISTS", "redlock:holder:{" + resource + "}"}) != "0") {
                return false;
            }
        }
        return true;
    }

    std::array<support::redis_server, 3> nodes;
};

}  // namespace redlock::cli_test
