// The token of a lock, which is the value of its key: how the library makes one, keeps it, writes
// it into a command and reads it. Pure. Values only; safe to copy to any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "redlock/types.hpp"

namespace redlock::driver {

/// How many hex digits of a token that the library made are random.
inline constexpr std::size_t random_digits = 32;

/// A token as a text. Owns the text of one that the library made, and refers to one that was given.
class written_token {
  public:
    /// "<ballot>-<32 hex digits>": it tells status and attach its fencing token, or zero.
    written_token(std::uint64_t ballot, std::uint64_t random_high, std::uint64_t random_low);
    explicit written_token(const lock_token& given) : view_(given.str()) {}
    written_token(const written_token&) = delete;
    written_token& operator=(const written_token&) = delete;

    [[nodiscard]] std::string_view view() const { return view_; }

  private:
    static constexpr std::size_t longest_ballot = 20;

    std::array<char, longest_ballot + 1 + random_digits> text_{};
    std::string_view view_;
};

/// A token as a held lock keeps it. Of one that the library made only what is random: its ballot
/// lies beside it in the lock's identity, and the text is written where it is needed.
class kept_token {
  public:
    kept_token() = default;
    kept_token(std::uint64_t random_high, std::uint64_t random_low)
        : high_(random_high), low_(random_low) {}
    /// The caller's own, or that of a lock that is attached; if empty, as if none was given.
    explicit kept_token(lock_token given) : given_(std::move(given)) {}

    /// Refers to `*this`. `ballot`: of a token that the library made.
    [[nodiscard]] written_token written(std::uint64_t ballot) const {
        return given_.empty() ? written_token{ballot, high_, low_} : written_token{given_};
    }
    /// The same for a user.
    [[nodiscard]] lock_token token(std::uint64_t ballot) const {
        return given_.empty() ? lock_token{written(ballot).view()} : given_;
    }

  private:
    std::uint64_t high_ = 0;
    std::uint64_t low_ = 0;
    lock_token given_;
};

/// Whether it is one of ours without fencing.
[[nodiscard]] bool is_unfenced_token(std::string_view token);
/// Zero when the token is none of ours, or without fencing.
[[nodiscard]] std::uint64_t fencing_in_token(std::string_view token);

}  // namespace redlock::driver
