#include "cli/process/descriptors.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "cli/process/numbered_entries.hpp"

namespace redlock::cli {

namespace {

/// Calls `act` with each open descriptor of the range. Containers are known to set a limit of a
/// billion, so the limit is counted up to only where there is no /proc.
template <typename Act>
void for_each_open(unsigned first, unsigned last, Act act) {
    const int folder =
        ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // NOLINT(*-vararg)
    if (folder >= 0) {
        for_each_number(folder, [&](int fd) {
            const auto number = static_cast<unsigned>(fd);
            if (fd != folder && number >= first && number <= last) {
                act(fd);
            }
        });
        ::close(folder);
        return;
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto end = std::min<rlim_t>(limit.rlim_cur, rlim_t{last} + 1);
    for (rlim_t fd = first; fd < end; ++fd) {
        act(static_cast<int>(fd));
    }
}

}  // namespace

void close_descriptors(unsigned first, unsigned last) noexcept {
    if (first <= last && ::close_range(first, last, 0) != 0) {
        for_each_open(first, last, [](int fd) { ::close(fd); });
    }
}

void close_descriptors_on_exec(unsigned first, unsigned last) noexcept {
    if (first <= last && ::close_range(first, last, CLOSE_RANGE_CLOEXEC) != 0) {
        for_each_open(first, last, [](int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); });
    }
}

}  // namespace redlock::cli
