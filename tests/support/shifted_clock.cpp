// To be preloaded into a server whose wall clock is to be wrong: adds the seconds that stand in
// REDLOCK_TEST_CLOCK_SHIFT, and the nanoseconds that stand in the file REDLOCK_TEST_CLOCK_FILE,
// which may change at any time. With REDLOCK_TEST_CLOCK_STANDS that number is the time. Asks the
// kernel directly and allocates nothing, since allocators read the clock before anything is
// initialised; libfaketime comes to a halt there. Any thread.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

time_t shift() noexcept {
    static const char* const text =
        std::getenv("REDLOCK_TEST_CLOCK_SHIFT");  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

using step = std::atomic<std::int64_t>;

const step* map_step() noexcept {
    const char* const path =
        std::getenv("REDLOCK_TEST_CLOCK_FILE");  // NOLINT(concurrency-mt-unsafe)
    if (path == nullptr) {
        return nullptr;
    }
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);  // NOLINT(*-vararg)
    void* const mapped = ::mmap(nullptr, sizeof(step), PROT_READ, MAP_SHARED, file, 0);
    ::close(file);
    return mapped == MAP_FAILED ? nullptr : static_cast<const step*>(mapped);  // NOLINT(*-cast)
}

void set_forward(timespec& now) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    static const step* const file = map_step();
    static const bool stands =
        std::getenv("REDLOCK_TEST_CLOCK_STANDS") != nullptr;  // NOLINT(concurrency-mt-unsafe)
    if (stands) {
        now = {};
    }
    const std::int64_t nanoseconds = now.tv_nsec + (file == nullptr ? 0 : file->load());
    // Rounded down, also where the clock was set back.
    const std::int64_t carry =
        nanoseconds >= 0 ? nanoseconds / second : -((second - 1 - nanoseconds) / second);
    now.tv_sec += carry;
    now.tv_nsec = nanoseconds - carry * second;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += shift();
        set_forward(*now);
    }
    return result;
}

int gettimeofday(timeval* now, void* /*zone*/) noexcept {
    timespec read{};
    const int result = clock_gettime(CLOCK_REALTIME, &read);
    now->tv_sec = read.tv_sec;
    now->tv_usec = read.tv_nsec / 1000;
    return result;
}

time_t time(time_t* now) noexcept {
    timespec read{};
    clock_gettime(CLOCK_REALTIME, &read);
    if (now != nullptr) {
        *now = read.tv_sec;
    }
    return read.tv_sec;
}

}  // extern "C"
