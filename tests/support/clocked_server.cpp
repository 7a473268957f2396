#include "support/clocked_server.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace redlock::support {

namespace {

using shared_offset = std::atomic<std::int64_t>;

shared_offset* shared_number(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);  // NOLINT(*-vararg)
    if (file < 0 || ::ftruncate(file, sizeof(shared_offset)) != 0) {
        throw std::runtime_error("cannot make " + path);
    }
    void* const mapped =
        ::mmap(nullptr, sizeof(shared_offset), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (mapped == MAP_FAILED) {  // NOLINT(*-cast)
        throw std::runtime_error("cannot map " + path);
    }
    return static_cast<shared_offset*>(mapped);
}

}  // namespace

settable_clock::settable_clock(kind what)
    : kind_(what),
      folder_(make_temporary_folder("redlock-clock")),
      forward_(shared_number(path())) {}

settable_clock::~settable_clock() {
    ::munmap(forward_, sizeof(shared_offset));
    std::error_code none;
    std::filesystem::remove_all(folder_, none);
}

// NOLINTBEGIN(concurrency-mt-unsafe): one thread, as told in the header

settable_clock::rule::rule(const settable_clock& clock) {
    ::setenv("LD_PRELOAD", REDLOCK_SHIFTED_CLOCK, 1);
    ::setenv("REDLOCK_TEST_CLOCK_FILE", clock.path().c_str(), 1);
    if (clock.kind_ == kind::stands) {
        ::setenv("REDLOCK_TEST_CLOCK_STANDS", "1", 1);
    }
}

settable_clock::rule::~rule() {
    ::unsetenv("LD_PRELOAD");
    ::unsetenv("REDLOCK_TEST_CLOCK_FILE");
    ::unsetenv("REDLOCK_TEST_CLOCK_STANDS");
}

// NOLINTEND(concurrency-mt-unsafe)

void clocked_server::set_forward(std::chrono::nanoseconds by) {
    clock_.set_forward(by);
    while (!goes_by_clock(by)) {
    }
}

bool clocked_server::goes_by_clock(std::chrono::nanoseconds by) const {
    using namespace std::chrono;
    constexpr microseconds rounding = 1ms;
    const auto ours = [] {
        return duration_cast<microseconds>(system_clock::now().time_since_epoch());
    };
    const microseconds before = ours();
    const std::string answer = server_->command({"TIME"});
    const microseconds after = ours();
    const microseconds theirs =
        seconds{std::stoll(answer)} +
        microseconds{std::stoll(answer.substr(answer.find_first_not_of("0123456789") + 1))};
    const auto ahead = duration_cast<microseconds>(clock_.ahead());
    // An answer that took longer than the step tells nothing.
    return after - before + 2 * rounding < abs(by) && theirs >= before + ahead - rounding &&
           theirs <= after + ahead + rounding;
}

}  // namespace redlock::support
