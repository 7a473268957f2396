// The numbers that name entries of a folder of /proc. With raw getdents64 and a parser of our own,
// since opendir() and sscanf() may allocate. Async-signal-safe if `visit` is.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

namespace redlock::cli {

/// As the kernel fills it in; glibc has no type for the raw call.
struct directory_entry {
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[1];  // NOLINT(*-c-arrays)
};

/// Calls `visit` with each number (an int) from the first entry of `folder` on. Entries with other
/// names are left out.
template <typename Visit>
void for_each_number(int folder, Visit visit) {
    alignas(directory_entry) std::array<char, 8192> buffer{};
    ::lseek(folder, 0, SEEK_SET);
    for (;;) {
        const long got = ::syscall(SYS_getdents64, folder, buffer.data(), buffer.size());
        if (got <= 0) {
            return;
        }
        for (long at = 0; at < got;) {
            const char* const entry = buffer.data() + at;
            unsigned short length = 0;
            std::memcpy(&length, entry + offsetof(directory_entry, length), sizeof length);
            at += length;
            const std::string_view name{entry + offsetof(directory_entry, name)};
            int number = 0;
            if (std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc{}) {
                visit(number);
            }
        }
    }
}

}  // namespace redlock::cli
