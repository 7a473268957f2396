// Two pipes and a process.
#include "bench/hand_over_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

extern "C" char** environ;  // NOLINT(*-redundant-declaration): POSIX has no header for it.

namespace bench {

namespace {

[[noreturn]] void fail(int number, const char* what) {
    throw std::system_error(number, std::generic_category(), what);
}

void close_once(int& descriptor) {
    if (descriptor >= 0) {
        ::close(std::exchange(descriptor, -1));
    }
}

/// Both ends are closed in programs that are started, but for the copies made on purpose.
struct channel {
    channel() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            fail(errno, "pipe");
        }
        out = ends[0];
        in = ends[1];
    }
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    ~channel() {
        close_once(out);
        close_once(in);
    }

    int out = -1;
    int in = -1;
};

pid_t start(const worker_task& task, int input, int output) {
    auto words = to_arguments(task);
    words.insert(words.begin(), "redlock_bench");
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    pid_t process = -1;
    const int result =
        ::posix_spawn(&process, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (result != 0) {
        fail(result, "start of a worker's process");
    }
    return process;
}

}  // namespace

hand_over_process::hand_over_process(const worker_task& task) {
    channel input;
    channel output;
    process_ = start(task, input.out, output.in);
    to_it_ = std::exchange(input.in, -1);
    from_it_ = std::exchange(output.out, -1);
}

hand_over_process::~hand_over_process() {
    close_once(to_it_);
    close_once(from_it_);
    // It has reported and is about to end, or has not and never will in time.
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void hand_over_process::read_exactly(void* bytes, std::size_t size, clock::time_point latest) {
    auto* next = static_cast<char*>(bytes);
    while (size > 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(latest - clock::now());
        pollfd wanted{.fd = from_it_, .events = POLLIN, .revents = 0};
        const int count = ::poll(&wanted, 1, std::max(0, static_cast<int>(left.count())));
        if (count == 0) {
            throw std::runtime_error("a worker's process did not answer in time");
        }
        const ssize_t got = count < 0 ? -1 : ::read(from_it_, next, size);
        if (got == 0) {
            throw std::runtime_error("a worker's process ended too early");
        }
        if (got > 0) {
            next += got;
            size -= static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            fail(errno, "read from a worker's process");
        }
    }
}

void hand_over_process::await_ready(clock::time_point latest) {
    char byte = 0;
    read_exactly(&byte, 1, latest);
    if (byte != ready_mark) {
        throw std::runtime_error("a worker's process said something else than that it is ready");
    }
}

void hand_over_process::go() {
    write_bytes(to_it_, &go_mark, 1);
}

void hand_over_process::stop() {
    close_once(to_it_);
}

hand_over_record hand_over_process::collect(clock::time_point latest) {
    return read_record(
        [this, latest](void* bytes, std::size_t size) { read_exactly(bytes, size, latest); });
}

}  // namespace bench
