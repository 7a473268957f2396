// See forks.hpp. The handler in the child may only call what is safe in a signal handler, since
// other threads may have been anywhere when the process was copied; the list itself is held while
// that happens.
#include "base/forks.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <vector>

namespace redlock::base {
namespace {

struct list_of_descriptors {
    std::mutex guard;
    std::vector<int> all;
};

// Never destroyed: the last lock may be a static object of the program.
list_of_descriptors& listed() {
    static auto* const those = new list_of_descriptors;  // NOLINT(*-owning-memory)
    return *those;
}

void before_fork() {
    listed().guard.lock();
}

void in_parent() {
    listed().guard.unlock();
}

void in_child() {
    const int as_before = errno;
    process_stamp::generation.fetch_add(1, std::memory_order_relaxed);
    // Connected to nothing: what is read or written there fails, and an event loop that watches it
    // is woken at once. It takes the place of each descriptor under the same number, so that none
    // has to be taken out of the event loop's set, which the child may still share with the parent.
    const int nowhere = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    for (const int each : listed().all) {
        if (nowhere < 0 || ::dup3(nowhere, each, O_CLOEXEC) < 0) {
            ::close(each);
        }
    }
    if (nowhere >= 0) {
        ::close(nowhere);
    }
    listed().guard.unlock();
    errno = as_before;
}

bool watch_forks() {
    listed();
    return ::pthread_atfork(before_fork, in_parent, in_child) == 0;
}

}  // namespace

std::atomic<std::uint32_t> process_stamp::generation{0};

process_stamp::process_stamp() noexcept : made_in_(generation.load(std::memory_order_relaxed)) {
    [[maybe_unused]] static const bool watched = watch_forks();
}

inherited_descriptor::inherited_descriptor(int descriptor) : descriptor_(descriptor) {
    [[maybe_unused]] const process_stamp watched;
    const std::lock_guard lock{listed().guard};
    listed().all.push_back(descriptor);
}

void inherited_descriptor::reset() noexcept {
    if (descriptor_ >= 0) {
        const std::lock_guard lock{listed().guard};
        std::erase(listed().all, descriptor_);
        descriptor_ = -1;
    }
}

}  // namespace redlock::base
