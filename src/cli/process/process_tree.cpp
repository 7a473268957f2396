// A parser of our own, since sscanf() may allocate.
#include "cli/process/process_tree.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include "cli/process/numbered_entries.hpp"

namespace redlock::cli {

namespace {

/// The number at the beginning of `text`, which is moved behind it and the blank that follows.
std::uint64_t take_number(std::string_view& text) {
    std::uint64_t value = 0;
    const char* const end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
    text.remove_prefix(std::min(static_cast<std::size_t>(end - text.data()) + 1, text.size()));
    return value;
}

void skip_field(std::string_view& text) {
    text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
}

/// "/proc/NUMBER/stat".
std::array<char, 32> path_of(pid_t number) {
    std::array<char, 32> path{};
    constexpr std::string_view before = "/proc/";
    constexpr std::string_view behind = "/stat";
    char* end = std::copy(before.begin(), before.end(), path.begin());
    end = std::to_chars(end, path.end() - behind.size(), number).ptr;
    std::copy(behind.begin(), behind.end(), end);
    return path;
}

}  // namespace

seen_process look_at_process(pid_t number) noexcept {
    constexpr int fields_between_parent_and_start = 17;
    std::array<char, 1024> buffer{};
    const auto path = path_of(number);
    const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);  // NOLINT(*-vararg)
    if (file < 0) {
        return {};
    }
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    ::close(file);
    std::string_view text{buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    // The name is whatever the program likes, blanks and parentheses included.
    const auto opened = text.find('(');
    const auto closed = text.rfind(')');
    if (opened == std::string_view::npos || closed == std::string_view::npos ||
        text.size() < closed + 5) {
        return {};
    }
    seen_process seen;
    seen.number = number;
    const auto name = text.substr(opened + 1, closed - opened - 1);
    std::copy_n(name.begin(), std::min(name.size(), seen.name.size() - 1), seen.name.begin());
    text.remove_prefix(closed + 2);
    seen.state = text.front();
    text.remove_prefix(2);
    seen.parent = static_cast<pid_t>(take_number(text));
    for (int field = 0; field < fields_between_parent_and_start && !text.empty(); ++field) {
        skip_field(text);
    }
    seen.started = take_number(text);
    return seen;
}

bool process_tree::knows(pid_t number) const noexcept {
    return std::any_of(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(count_),
                       [&](const seen_process& each) { return each.number == number; });
}

/// Returns how many were found that were not known before.
std::size_t process_tree::pass(int folder, pid_t root, std::uint64_t started) {
    const std::size_t before = count_;
    for_each_number(folder, [&](pid_t number) {
        if (number <= 1 || number == root || count_ == capacity || knows(number)) {
            return;
        }
        const seen_process seen = look_at_process(number);
        if (seen.number != 0 && seen.started >= started &&
            (seen.parent == root || knows(seen.parent))) {
            found_[count_++] = seen;
        }
    });
    return count_ - before;
}

bool process_tree::look(pid_t root, std::uint64_t started) {
    count_ = 0;
    const int folder = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // NOLINT(*-vararg)
    if (folder < 0) {
        return false;
    }
    // Again and again, since a child may have a smaller number than its parent.
    while (pass(folder, root, started) > 0) {
    }
    ::close(folder);
    return true;
}

seen_process look_again(const seen_process& at) noexcept {
    const seen_process now = look_at_process(at.number);
    return now.started == at.started ? now : seen_process{};
}

delivery send_signal(const seen_process& to, int number) noexcept {
    const auto outcome = [](long result) {
        return result == 0 ? delivery::done : errno == ESRCH ? delivery::gone : delivery::refused;
    };
    const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, to.number, 0));
    if (handle < 0 && errno == ESRCH) {
        return delivery::gone;
    }
    delivery result = delivery::gone;
    if (look_again(to).number != 0) {
        // Without a handle the number might become another's in this very moment; a kernel that
        // has none leaves no better way.
        result = outcome(handle < 0 ? ::kill(to.number, number)
                                    : ::syscall(SYS_pidfd_send_signal, handle, number, nullptr, 0));
    }
    if (handle >= 0) {
        ::close(handle);
    }
    return result;
}

}  // namespace redlock::cli
