// To be preloaded into a server whose wall clock is to be wrong: adds the seconds that stand in
// REDLOCK_TEST_CLOCK_SHIFT. Asks the kernel directly and allocates nothing, since allocators read
// the clock before anything is initialised; libfaketime comes to a halt there. Any thread.
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

time_t shift() noexcept {
    static const char* const text =
        std::getenv("REDLOCK_TEST_CLOCK_SHIFT");  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += shift();
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
