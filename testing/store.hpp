// The data of a simulated Redis server, and the commands on them that locks need, with Redis's own
// meaning: replies and their types, expiry by the server's clock in whole milliseconds, wrong
// types, refusals while memory is full. tests/testing/store_test.cpp holds it against a real
// server. Knows no connections and no scripts; time is handed in. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "testing/reply.hpp"

namespace redlock::testing {

using request = std::vector<std::string>;

/// Hears what a command did with keys.
struct store_listener {
    virtual void on_read(const std::string& key) = 0;
    virtual void on_changed(const std::string& key) = 0;
    virtual void on_flushed() = 0;

  protected:
    ~store_listener() = default;
};

class store {
  public:
    /// `heard` outlives it.
    explicit store(store_listener& heard) : heard_(&heard) {}

    /// What time it is there, in microseconds since 1970, until it is told again.
    void set_time(std::int64_t now_us) { now_us_ = now_us; }
    /// What would need more memory is refused from now on, or not any more.
    void set_full(bool yes) { full_ = yes; }
    /// Within a script whatever follows a write is carried out.
    void begin_script() { in_script_ = true, wrote_ = false; }
    void end_script() { in_script_ = false; }

    /// Nothing if there is no such command here.
    [[nodiscard]] std::optional<reply> execute(const request& what);

    /// Forgets what is over, and tells of it; as the server does by itself now and then.
    void remove_expired();
    /// The next end of a key by the server's clock, in microseconds.
    [[nodiscard]] std::optional<std::int64_t> next_expiry_us() const;
    /// When a key is over, in microseconds; none if it is not there or does not end.
    [[nodiscard]] std::optional<std::int64_t> end_of(const std::string& key) const;
    /// The text under a key; none if there is none, or if it is over.
    [[nodiscard]] std::optional<std::string> text_at(const std::string& key) const;
    [[nodiscard]] std::vector<std::string> keys() const;

    using fields = std::vector<std::pair<std::string, std::string>>;
    using scores = std::map<std::string, double>;  ///< By member.
    struct entry {
        std::variant<std::string, fields, scores> value;
        std::optional<std::int64_t> ends_ms{};
    };
    using entries = std::map<std::string, entry>;
    /// As a file on a disk has it, or a server that went down and came back: nobody is told.
    [[nodiscard]] const entries& content() const { return entries_; }
    void load(entries content) { entries_ = std::move(content); }

  private:
    struct command {
        std::size_t fewest;  ///< Words, the name included.
        std::size_t most;
        bool writes;
        bool grows;
        reply (store::*run)(const request&);
    };

    [[nodiscard]] static const command* find_command(std::string_view name);
    [[nodiscard]] std::int64_t now_ms() const { return now_us_ / 1000; }
    [[nodiscard]] bool is_over(const entry& what) const {
        return what.ends_ms && now_ms() > *what.ends_ms;
    }
    /// Of a sorted set, from the smallest score to the largest.
    using members = std::vector<std::pair<double, std::string>>;
    [[nodiscard]] static members within(const entry* what, std::string_view least,
                                        std::string_view most);

    [[nodiscard]] entry* find(const std::string& key);
    [[nodiscard]] entry* read(const std::string& key);
    void remove(const std::string& key);

    reply get(const request& what);
    reply set(const request& what);
    reply del(const request& what);
    reply mget(const request& what);
    reply delifeq(const request& what);
    reply exists(const request& what);
    reply type(const request& what);
    reply pttl(const request& what);
    reply pexpire(const request& what);
    reply pexpireat(const request& what);
    reply end_at(const std::string& key, std::int64_t ends_ms);
    reply hset(const request& what);
    reply hget(const request& what);
    reply hdel(const request& what);
    reply hgetall(const request& what);
    reply hmget(const request& what);
    reply hexists(const request& what);
    reply zadd(const request& what);
    reply zscore(const request& what);
    reply zrem(const request& what);
    reply zcount(const request& what);
    reply zrevrangebyscore(const request& what);
    reply zremrangebyscore(const request& what);
    reply scan(const request& what);
    reply time(const request& what);
    reply flushall(const request& what);

    store_listener* heard_;
    std::int64_t now_us_ = 0;
    bool full_ = false;
    bool in_script_ = false;
    bool wrote_ = false;
    entries entries_;
};

/// Redis's patterns: *, ?, [a-z], [^a], and \ before what stands for itself.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

/// The error for a key of another type than a command is for.
[[nodiscard]] reply wrong_type();
[[nodiscard]] reply not_a_number();
[[nodiscard]] reply syntax_error();
[[nodiscard]] std::string in_lower_case(std::string_view text);
/// As Redis reads numbers: no blanks, no plus, nothing behind.
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace redlock::testing
