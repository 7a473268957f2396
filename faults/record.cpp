#include "faults/record.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace redlock::faults {
namespace {

constexpr std::array<std::string_view, 14> kind_names{
    "began", "asked",    "acquired", "joined", "shares", "failed", "lost",
    "saw",   "released", "ended",    "read",   "looked", "wrote",  "refused",
};

}  // namespace

std::int64_t kernel_now() noexcept {
    timespec now{};
    ::syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string to_line(const record& what) {
    return fmt::format("{} {} {} {} {} {} {}", what.at,
                       kind_names[static_cast<std::size_t>(what.kind)], what.worker, what.resource,
                       what.token, what.until, what.value);
}

std::optional<record> from_line(std::string_view line) {
    std::istringstream in{std::string{line}};
    record what;
    std::string kind;
    if (!(in >> what.at >> kind >> what.worker >> what.resource >> what.token >> what.until >>
          what.value)) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        if (kind_names[i] == kind) {
            what.kind = static_cast<record_kind>(i);
            return what;
        }
    }
    return std::nullopt;
}

std::vector<record> from_text(std::string_view text) {
    std::vector<record> records;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        // Without its end a line may be half a number, and still look like one.
        if (end == std::string_view::npos) {
            break;
        }
        auto what = from_line(line);
        if (!what) {
            throw std::runtime_error("not a record: " + std::string{line});
        }
        records.push_back(*std::move(what));
        text.remove_prefix(end + 1);
    }
    return records;
}

record_log::record_log(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (file_ < 0) {
        throw std::system_error(errno, std::generic_category(), path);
    }
}

record_log::~record_log() {
    ::close(file_);
}

void record_log::add(const record& what) const {
    const std::string line = to_line(what) + '\n';
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw std::system_error(errno, std::generic_category(), "a log of a fault run");
    }
}

}  // namespace redlock::faults
