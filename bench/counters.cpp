// Counts, then does what the function is for. The system calls are made by number: the functions of
// these names are ours, so there are no others to call.
#include "bench/counters.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

namespace bench {

namespace {

thread_local counts counted;

// The program's own memory functions have nobody below them to leave that to.
// NOLINTBEGIN(cppcoreguidelines-no-malloc)

void* allocate(std::size_t size, std::size_t alignment) {
    const std::size_t wanted = size == 0 ? 1 : size;
    void* room = nullptr;
    if (alignment == 0) {
        ++counted.allocations;
        room = std::malloc(wanted);
    } else {
        room = ::aligned_alloc(alignment, wanted);  // our own, which counts
    }
    if (room == nullptr) {
        throw std::bad_alloc{};
    }
    return room;
}

template <class... Arguments>
long enter(long number, Arguments... arguments) {
    ++counted.system_calls;
    return ::syscall(number, arguments...);
}

}  // namespace

const counts& so_far() noexcept {
    return counted;
}

}  // namespace bench

void* operator new(std::size_t size) {
    return bench::allocate(size, 0);
}
void* operator new[](std::size_t size) {
    return bench::allocate(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return bench::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return bench::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* room) noexcept {
    std::free(room);
}
void operator delete[](void* room) noexcept {
    std::free(room);
}
void operator delete(void* room, std::size_t /*size*/) noexcept {
    std::free(room);
}
void operator delete[](void* room, std::size_t /*size*/) noexcept {
    std::free(room);
}
void operator delete(void* room, std::align_val_t /*alignment*/) noexcept {
    std::free(room);
}
void operator delete[](void* room, std::align_val_t /*alignment*/) noexcept {
    std::free(room);
}
void operator delete(void* room, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
    std::free(room);
}
void operator delete[](void* room, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
    std::free(room);
}

// NOLINTEND(cppcoreguidelines-no-malloc)

extern "C" {

// Asio asks for its memory here.
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    ++bench::counted.allocations;
    void* room = nullptr;
    return ::posix_memalign(&room, alignment, size) == 0 ? room : nullptr;
}

ssize_t read(int descriptor, void* bytes, std::size_t size) {
    return bench::enter(SYS_read, descriptor, bytes, size);
}
ssize_t write(int descriptor, const void* bytes, std::size_t size) {
    return bench::enter(SYS_write, descriptor, bytes, size);
}
ssize_t readv(int descriptor, const iovec* parts, int count) {
    return bench::enter(SYS_readv, descriptor, parts, count);
}
ssize_t writev(int descriptor, const iovec* parts, int count) {
    return bench::enter(SYS_writev, descriptor, parts, count);
}
ssize_t recv(int descriptor, void* bytes, std::size_t size, int flags) {
    return bench::enter(SYS_recvfrom, descriptor, bytes, size, flags, nullptr, nullptr);
}
ssize_t send(int descriptor, const void* bytes, std::size_t size, int flags) {
    return bench::enter(SYS_sendto, descriptor, bytes, size, flags, nullptr, 0);
}
ssize_t recvmsg(int descriptor, msghdr* message, int flags) {
    return bench::enter(SYS_recvmsg, descriptor, message, flags);
}
ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
    return bench::enter(SYS_sendmsg, descriptor, message, flags);
}
int epoll_wait(int descriptor, epoll_event* events, int count, int timeout) {
    return static_cast<int>(
        bench::enter(SYS_epoll_pwait, descriptor, events, count, timeout, nullptr, 0));
}
int epoll_ctl(int descriptor, int what, int of, epoll_event* event) noexcept {
    return static_cast<int>(bench::enter(SYS_epoll_ctl, descriptor, what, of, event));
}
int timerfd_settime(int descriptor, int flags, const itimerspec* when,
                    itimerspec* before) noexcept {
    return static_cast<int>(bench::enter(SYS_timerfd_settime, descriptor, flags, when, before));
}
int poll(pollfd* descriptors, nfds_t count, int timeout) {
    return static_cast<int>(bench::enter(SYS_poll, descriptors, count, timeout));
}

}  // extern "C"
