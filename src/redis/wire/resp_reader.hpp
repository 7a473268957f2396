// Turns bytes from a server into replies, one at a time, into storage that is used again and again.
// Owns the parser (hiredis's, hidden in the .cpp) and the storage of the current reply. Must never
// trust the peer: every size is bounded and nothing a peer sends can crash it or make it allocate
// more than a small multiple of the bytes received. One thread at a time; no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::redis {

enum class reply_kind : std::uint8_t { nil, integer, string, status, error, array };

[[nodiscard]] std::string_view to_string(reply_kind kind) noexcept;

/// One value of a parsed reply, stored in preorder: an array is followed by its children.
struct reply_element {
    reply_kind kind = reply_kind::nil;
    std::uint32_t size = 0;  ///< Bytes of text, or number of children.
    std::uint32_t end = 0;   ///< Index just past this element and everything below it.
    std::int64_t value = 0;  ///< The integer, or where the text starts in the arena.
};

/// A cheap cursor on a reply, or on a part of one. Owns nothing: it is valid until the reader that
/// made it is asked for the next reply, fed or cleared. Every accessor is total, because what a
/// peer sends may have any shape: the wrong question gets 0, "" or a nil view, never undefined
/// behaviour.
class reply_view {
  public:
    /// A nil reply.
    reply_view() = default;

    [[nodiscard]] reply_kind kind() const noexcept {
        return elements_ == nullptr ? reply_kind::nil : elements_[index_].kind;
    }
    [[nodiscard]] bool is_nil() const noexcept { return kind() == reply_kind::nil; }
    [[nodiscard]] bool is_error() const noexcept { return kind() == reply_kind::error; }
    [[nodiscard]] bool is_array() const noexcept { return kind() == reply_kind::array; }
    [[nodiscard]] bool is_integer() const noexcept { return kind() == reply_kind::integer; }
    /// True for a bulk string and for a status line.
    [[nodiscard]] bool is_text() const noexcept {
        return kind() == reply_kind::string || kind() == reply_kind::status;
    }

    /// The integer; 0 when this is none.
    [[nodiscard]] std::int64_t integer() const noexcept {
        return is_integer() ? elements_[index_].value : 0;
    }
    /// The bytes of a string, status or error (without its leading '-'); empty when this is none.
    [[nodiscard]] std::string_view text() const noexcept;
    /// Number of children of an array; 0 when this is none.
    [[nodiscard]] std::size_t size() const noexcept {
        return is_array() ? elements_[index_].size : 0;
    }
    /// A child of an array; a nil view when there is no such child. Constant time when all children
    /// are leaves, else linear in `child`: for a place that is known beforehand, never for a loop,
    /// which a peer could make quadratic.
    [[nodiscard]] reply_view operator[](std::size_t child) const noexcept;
    /// Over the children of an array, in constant time each; over nothing when this is none.
    class iterator;
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;

  private:
    friend class resp_reader;
    reply_view(const reply_element* elements, const char* arena, std::uint32_t index) noexcept
        : elements_(elements), arena_(arena), index_(index) {}

    const reply_element* elements_ = nullptr;
    const char* arena_ = nullptr;
    std::uint32_t index_ = 0;
};

class reply_view::iterator {
  public:
    using value_type = reply_view;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    [[nodiscard]] reply_view operator*() const noexcept { return at_; }
    iterator& operator++() noexcept {
        at_.index_ = at_.elements_[at_.index_].end;
        return *this;
    }
    iterator operator++(int) noexcept {
        const iterator before = *this;
        ++*this;
        return before;
    }
    [[nodiscard]] bool operator==(const iterator& other) const noexcept {
        return at_.index_ == other.at_.index_;
    }

  private:
    friend class reply_view;
    explicit iterator(const reply_view& at) noexcept : at_(at) {}

    reply_view at_;
};

inline reply_view::iterator reply_view::begin() const noexcept {
    return is_array() ? iterator{{elements_, arena_, index_ + 1}} : iterator{*this};
}
inline reply_view::iterator reply_view::end() const noexcept {
    return is_array() ? iterator{{elements_, arena_, elements_[index_].end}} : iterator{*this};
}

/// The parser. Use: `feed` what was read, then `next` until it says `need_more`.
class resp_reader {
  public:
    enum class status : std::uint8_t { reply, need_more, protocol_error };

    /// Strings of one reply together, and so any single one.
    static constexpr std::size_t max_text = std::size_t{64} * 1024 * 1024;
    /// Values in one reply, at all depths together.
    static constexpr std::size_t max_elements = std::size_t{1024} * 1024;
    /// Arrays inside arrays, the outermost included.
    static constexpr std::size_t max_depth = 8;
    /// A status, an error, an integer or a length: everything that ends with a line break.
    static constexpr std::size_t max_line = std::size_t{64} * 1024;

    resp_reader();
    ~resp_reader();
    resp_reader(const resp_reader&) = delete;
    resp_reader& operator=(const resp_reader&) = delete;

    /// Takes bytes as they came. They are not copied yet: they must stay where they are until
    /// `next` has answered `need_more` or `protocol_error`, or until `clear`.
    void feed(std::span<const char> bytes) noexcept { input_ = bytes; }

    /// Parses on. After `reply`, `current` is the reply until the next call. After `protocol_error`
    /// the same is answered for ever, until `clear`.
    [[nodiscard]] status next();

    /// The reply that `next` has just announced.
    [[nodiscard]] reply_view current() const noexcept;

    /// What was wrong; empty unless `next` answered `protocol_error`. Holds nothing of the peer's
    /// bytes beyond one character.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

    /// Forgets everything, for a new connection.
    void clear();

  private:
    struct parser;

    [[nodiscard]] status fail(std::string_view what);

    std::unique_ptr<parser> parser_;
    std::span<const char> input_;
    std::string error_;
};

}  // namespace redlock::redis
