// Strong types for the three values that other libraries pass as plain strings and integers. A
// resource name cannot be passed for a token, and a fencing token is not a count. Values only: no
// I/O, no clock; safe to copy to any thread.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <redlock/export.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace redlock {

namespace detail {

/// A text. Behind it lies what the library counts its owners with.
struct text_block {
    std::string text;
};
REDLOCK_API void intrusive_ptr_add_ref(text_block* block) noexcept;
REDLOCK_API void intrusive_ptr_release(text_block* block) noexcept;

/// A text that never changes: copies share it, and a copy costs no memory. As large as a pointer,
/// since a held lock keeps several. Null: empty.
using shared_text = boost::intrusive_ptr<text_block>;

[[nodiscard]] REDLOCK_API shared_text share_text(std::string_view text);
/// The empty text that lives as long as the program.
[[nodiscard]] REDLOCK_API const std::string& no_text() noexcept;
[[nodiscard]] inline const std::string& text_of(const shared_text& text) noexcept {
    return text ? text->text : no_text();
}

}  // namespace detail

/// The name of the guarded resource. It is the Redis key itself, byte for byte, so that other
/// Redlock libraries see these locks and this library sees theirs. Any bytes are allowed, NUL and
/// invalid UTF-8 included; operations refuse an empty name, one longer than `max_size`, one that
/// begins with `reserved`, and the name of one of the library's own keys behind any
/// `manager_options::key_prefix`, such as `team:redlock:fence:{orders}`, with
/// `errc::invalid_argument`.
class resource_name {
  public:
    /// 64 KiB: far beyond any sensible name, far below Redis's own limit of 512 MiB.
    static constexpr std::size_t max_size = 64 * 1024;
    /// The beginning of the keys that the library keeps beside the locks; see
    /// `manager_options::key_prefix`.
    static constexpr std::string_view reserved = "redlock:";

    resource_name() = default;
    // NOLINTBEGIN(*-explicit-*)
    resource_name(const std::string& name) : name_(detail::share_text(name)) {}
    resource_name(std::string_view name) : name_(detail::share_text(name)) {}
    resource_name(const char* name) : name_(detail::share_text(name)) {}
    // NOLINTEND(*-explicit-*)

    [[nodiscard]] const std::string& str() const noexcept { return detail::text_of(name_); }
    friend bool operator==(const resource_name& left, const resource_name& right) noexcept {
        return left.str() == right.str();
    }
    friend auto operator<=>(const resource_name& left, const resource_name& right) noexcept {
        return left.str() <=> right.str();
    }

  private:
    detail::shared_text name_;
};

/// Identifies the holder of a lock: the value of the lock key, which aioredlock calls identifier.
/// Its constructor is explicit on purpose.
class lock_token {
  public:
    lock_token() = default;
    explicit lock_token(const std::string& value) : value_(detail::share_text(value)) {}
    explicit lock_token(std::string_view value) : value_(detail::share_text(value)) {}
    explicit lock_token(const char* value) : value_(detail::share_text(value)) {}

    [[nodiscard]] const std::string& str() const noexcept { return detail::text_of(value_); }
    [[nodiscard]] bool empty() const noexcept { return !value_; }
    friend bool operator==(const lock_token& left, const lock_token& right) noexcept {
        return left.str() == right.str();
    }
    friend auto operator<=>(const lock_token& left, const lock_token& right) noexcept {
        return left.str() <=> right.str();
    }

  private:
    detail::shared_text value_;
};

/// A number that grows with every acquisition of one resource. Pass it to the store that the lock
/// guards; a store that refuses smaller numbers than it has seen is safe even from a holder that
/// slept through the end of its lease. Zero means "none": an attached lock that another library
/// acquired.
class fencing_token {
  public:
    constexpr fencing_token() = default;
    constexpr explicit fencing_token(std::uint64_t value) : value_(value) {}

    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return value_ != 0; }
    friend constexpr auto operator<=>(fencing_token, fencing_token) = default;

  private:
    std::uint64_t value_ = 0;
};

/// Whom a lock excludes.
enum class lock_mode : std::uint8_t {
    exclusive,  ///< Everybody else.
    shared,     ///< Exclusive locks, those of other libraries too; there may be many shared ones.
};

[[nodiscard]] REDLOCK_API std::string_view to_string(lock_mode mode) noexcept;

/// A semaphore: up to `permits` clients hold one of its permits at once. All clients must give the
/// same number. It has nothing to do with a lock of the same name.
struct semaphore {
    static constexpr std::size_t max_permits = 1024;

    resource_name name;
    std::size_t permits = 1;  ///< From 1 to `max_permits`.

    // No aggregate: g++ 12 destroys an aggregate twice that is made within a co_await.
    semaphore(resource_name its_name, std::size_t number)
        : name(std::move(its_name)), permits(number) {}
};

/// Position of a node in the list of endpoints that the manager was given, from zero.
using node_index = std::size_t;

}  // namespace redlock

template <>
struct std::hash<redlock::resource_name> {
    std::size_t operator()(const redlock::resource_name& name) const noexcept {
        return std::hash<std::string>{}(name.str());
    }
};
