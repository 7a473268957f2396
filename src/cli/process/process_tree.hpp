// The processes that descend from one, as /proc shows them, and signals to them that cannot hit a
// stranger. It allocates nothing and makes only async-signal-safe calls, because the keeper uses it
// between fork and exec. One thread at a time.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace redlock::cli {

struct seen_process {
    pid_t number = 0;
    pid_t parent = 0;
    std::uint64_t started = 0;  ///< In clock ticks since boot: tells it from a later one.
    char state = '?';           ///< As in /proc; 'Z' has ended, unless threads of it live.
    std::array<char, 16> name{};
};

enum class delivery {
    done,
    gone,     ///< The process has ended.
    refused,  ///< It is another user's.
};

class process_tree {
  public:
    /// How many descendants are seen at once. Those beyond are seen in a later look, when some of
    /// these have ended.
    static constexpr std::size_t capacity = 1024;

    /// Looks for the descendants of `root`. Children that began before `started` are left out, with
    /// all below them. False if /proc cannot be read.
    bool look(pid_t root, std::uint64_t started = 0);
    /// Parents need not come before their children.
    [[nodiscard]] std::span<const seen_process> below() const noexcept {
        return {found_.data(), count_};
    }

  private:
    [[nodiscard]] bool knows(pid_t number) const noexcept;
    std::size_t pass(int folder, pid_t root, std::uint64_t started);

    std::array<seen_process, capacity> found_{};
    std::size_t count_ = 0;
};

/// What /proc shows of this process; number 0 if there is none.
[[nodiscard]] seen_process look_at_process(pid_t number) noexcept;
/// What it shows of it now; number 0 if it has ended and its number is nobody's or another's.
[[nodiscard]] seen_process look_again(const seen_process& at) noexcept;
/// Sends it unless the process has ended meanwhile and its number is another's.
delivery send_signal(const seen_process& to, int number) noexcept;

}  // namespace redlock::cli
