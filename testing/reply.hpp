// What a simulated server answers, and its bytes. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace redlock::testing {

struct reply {
    enum class kind : std::uint8_t { nil, integer, status, error, text, array };

    kind what = kind::nil;
    std::int64_t number = 0;
    std::string words{};
    std::vector<reply> items{};

    [[nodiscard]] static reply nil() { return {}; }
    [[nodiscard]] static reply integer(std::int64_t number) {
        return {.what = kind::integer, .number = number};
    }
    [[nodiscard]] static reply ok() { return status("OK"); }
    [[nodiscard]] static reply status(std::string words) {
        return {.what = kind::status, .words = std::move(words)};
    }
    [[nodiscard]] static reply error(std::string words) {
        return {.what = kind::error, .words = std::move(words)};
    }
    [[nodiscard]] static reply text(std::string words) {
        return {.what = kind::text, .words = std::move(words)};
    }
    [[nodiscard]] static reply array(std::vector<reply> items) {
        return {.what = kind::array, .items = std::move(items)};
    }

    [[nodiscard]] bool is_error() const { return what == kind::error; }
    friend bool operator==(const reply&, const reply&) = default;
};

/// In RESP2.
void append_bytes(std::string& to, const reply& what);

}  // namespace redlock::testing
