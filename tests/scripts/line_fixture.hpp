// What the tests of ACQUIRE IN LINE share: a node whose line a test writes by hand, with places and
// calls as old as it likes, so that nobody has to wait for anything to lapse. One thread at a time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

#include "scripts/script_node.hpp"

namespace redlock::scripts {

class line_fixture : public testing::Test {
  protected:
    /// Puts a place into the line, alive for another five hours (or dead, below zero).
    void stand(const std::string& place, std::int64_t ticket,
               std::int64_t alive_for_us = 5 * hour_us) const {
        write(place, std::to_string(ticket) + " " + std::to_string(node.time_us() + alive_for_us));
    }
    /// Says that a place was called so long ago.
    void call(const std::string& place, std::int64_t ago_us) const {
        write(call_of(place), std::to_string(node.time_us() - ago_us));
    }
    void write(const std::string& field, const std::string& value) const {
        node.server.command({"HSET", node.line, field, value});
    }
    void hold(const std::string& token = "first") const {
        node.server.command({"SET", node.lock, token, "PX", std::to_string(hour_ms)});
    }
    void set_free() const { node.server.command({"DEL", node.lock}); }

    [[nodiscard]] std::optional<std::string> field(const std::string& name) const {
        std::string value = node.server.command({"HGET", node.line, name});
        return value == "(nil)" ? std::nullopt : std::optional{std::move(value)};
    }
    [[nodiscard]] bool in_line(const std::string& place) const { return field(place).has_value(); }
    [[nodiscard]] std::int64_t fields() const {
        return std::stoll(node.server.command({"HLEN", node.line}));
    }
    /// Who is called; empty if nobody, and more than one name if that is broken.
    [[nodiscard]] std::string called() const {
        std::istringstream names{node.server.command({"HKEYS", node.line})};
        std::string called_ones;
        for (std::string name; std::getline(names, name);) {
            if (name.starts_with(call_of(""))) {
                called_ones += (called_ones.empty() ? "" : ", ") + name.substr(call_of("").size());
            }
        }
        return called_ones;
    }
    [[nodiscard]] static std::string call_of(const std::string& place) { return "called " + place; }
    [[nodiscard]] std::int64_t ticket_of(const std::string& place) const {
        return std::stoll(first_word(field(place).value_or("-1 ")));
    }
    /// When its place ends.
    [[nodiscard]] std::int64_t end_of(const std::string& place) const {
        const std::string value = field(place).value_or(" 0");
        return std::stoll(value.substr(value.find(' ') + 1));
    }
    [[nodiscard]] std::int64_t called_since(const std::string& place) const {
        return std::stoll(field(call_of(place)).value_or("0"));
    }

    script_node node;

  private:
    static std::string first_word(const std::string& text) {
        return text.substr(0, text.find(' '));
    }
};

/// The answers, with the time that they tell of replaced by the bounds that it must keep: set just
/// now, it is above half of them.
MATCHER_P3(busy_with, remaining_ms, holder, ahead, "") {
    std::istringstream lines{arg};
    std::string kind;
    std::string remaining;
    std::string shown_holder;
    std::string shown_ahead;
    std::getline(lines, kind);
    std::getline(lines, remaining);
    std::getline(lines, shown_holder);
    std::getline(lines, shown_ahead);
    return kind == "0" && std::stoll(remaining) <= remaining_ms &&
           std::stoll(remaining) > remaining_ms / 2 && shown_holder == holder &&
           shown_ahead == std::to_string(ahead) && lines.eof();
}
MATCHER_P2(called_for_another, remaining_ms, ahead, "") {
    std::istringstream lines{arg};
    std::int64_t kind = 0;
    std::int64_t remaining = 0;
    std::int64_t shown_ahead = -1;
    lines >> kind >> remaining >> shown_ahead;
    return kind == -3 && remaining <= remaining_ms && remaining > remaining_ms / 2 &&
           shown_ahead == ahead && lines.eof();
}

}  // namespace redlock::scripts
