// A few lengths and counts first, then the bytes of each list.
#include "bench/hand_over_record.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace bench {

void write_bytes(int descriptor, const void* bytes, std::size_t size) {
    const auto* next = static_cast<const char*>(bytes);
    while (size > 0) {
        const ssize_t written = ::write(descriptor, next, size);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw std::system_error(errno, std::generic_category(), "write");
        }
        next += written;
        size -= static_cast<std::size_t>(written);
    }
}

void write_record(int descriptor, const hand_over_record& record) {
    const std::array<std::uint64_t, 6> head{record.holds.size(),  record.still_waiting.size(),
                                            record.splits.size(), record.overlaps,
                                            record.errors,        record.last_error.size()};
    write_bytes(descriptor, head.data(), sizeof head);
    write_bytes(descriptor, record.holds.data(), record.holds.size() * sizeof(hold));
    for (const auto* times : {&record.still_waiting, &record.splits}) {
        write_bytes(descriptor, times->data(), times->size() * sizeof(nanoseconds));
    }
    write_bytes(descriptor, record.last_error.data(), record.last_error.size());
}

hand_over_record read_record(const exact_reader& read) {
    std::array<std::uint64_t, 6> head{};
    read(head.data(), sizeof head);
    hand_over_record record;
    record.holds.resize(head[0]);
    record.still_waiting.resize(head[1]);
    record.splits.resize(head[2]);
    record.overlaps = head[3];
    record.errors = head[4];
    record.last_error.resize(head[5]);
    read(record.holds.data(), record.holds.size() * sizeof(hold));
    for (auto* times : {&record.still_waiting, &record.splits}) {
        read(times->data(), times->size() * sizeof(nanoseconds));
    }
    read(record.last_error.data(), record.last_error.size());
    return record;
}

}  // namespace bench
