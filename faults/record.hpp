// What the processes of a fault run write down, one line each: a client what it asked for, got and
// gave back, the store what it let through and what it refused. All stamps are of one clock, the
// kernel's own, whatever a client is made to believe. Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::faults {

/// Nanoseconds since boot, asked of the kernel itself and not of the C library, so that a clock
/// faked by preloading does not reach it.
[[nodiscard]] std::int64_t kernel_now() noexcept;

enum class record_kind {
    began,     ///< A worker starts: from here on it is expected to get the lock again and again.
    asked,     ///< Begins an acquisition.
    acquired,  ///< Has it: `token`, and `until` when it believes that its validity ends.
    joined,    ///< The same, as one of several readers.
    shares,    ///< Had it alone, and begins to be one of several readers.
    failed,    ///< The acquisition ended without the lock.
    lost,      ///< Was told of the loss.
    saw,       ///< An observer: whose term it is, as it was told; `token`.
    released,  ///< Begins to give it back; `until` as extended last.
    ended,     ///< The worker was asked to stop, and did.
    read,      ///< The store: gave `value` to the holder of `token`.
    looked,    ///< The store: gave `value` to a reader with `token`.
    wrote,     ///< The store: took `value` from the holder of `token`.
    refused,   ///< The store: `token` is smaller than one it has seen.
};

struct record {
    std::int64_t at = 0;
    record_kind kind = record_kind::began;
    std::string worker;
    std::string resource;
    std::uint64_t token = 0;
    std::int64_t until = 0;   ///< Of a client's records.
    std::uint64_t value = 0;  ///< Of the store's.
};

/// One line, without its end.
[[nodiscard]] std::string to_line(const record& what);
/// Nothing if the line is not whole: a process may have died while it wrote.
[[nodiscard]] std::optional<record> from_line(std::string_view line);
/// A whole log. Throws std::runtime_error if a line other than the last cannot be read.
[[nodiscard]] std::vector<record> from_text(std::string_view text);

/// A log that loses nothing when its process is killed: each record is one write to the file.
class record_log {
  public:
    /// Throws std::system_error.
    explicit record_log(const std::string& path);
    record_log(const record_log&) = delete;
    record_log& operator=(const record_log&) = delete;
    ~record_log();

    /// Throws std::system_error: a record that is missing would hide what it tells of.
    void add(const record& what) const;

  private:
    int file_;
};

}  // namespace redlock::faults
