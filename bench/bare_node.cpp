// The plain blocking socket under the floors.
#include "bench/bare_node.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace bench {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int open_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        throw std::runtime_error("the path of a Unix socket is too long");
    }
    path.copy(address.sun_path, path.size());
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    if (path.starts_with('@')) {  // Linux's abstract name space: starts with NUL, ends by length.
        address.sun_path[0] = '\0';
        --size;
    }
    const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) {
        fail("socket");
    }
    if (::connect(made, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        const int cause = errno;
        ::close(made);
        errno = cause;
        fail("connect");
    }
    return made;
}

int open_tcp(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int result =
            ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
        result != 0) {
        throw std::runtime_error(fmt::format("{}: {}", host, ::gai_strerror(result)));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        const int made = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, 0);
        if (made < 0) {
            continue;
        }
        if (::connect(made, each->ai_addr, each->ai_addrlen) == 0) {
            const int on = 1;
            ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return made;
        }
        const int cause = errno;
        ::close(made);
        errno = cause;
    }
    fail("connect");
}

long number_in(std::string_view line) {
    long number = 0;
    std::from_chars(line.data() + 1, line.data() + line.size(), number);
    return number;
}

}  // namespace

void append_command(std::string& out, std::initializer_list<std::string_view> arguments) {
    fmt::format_to(std::back_inserter(out), "*{}\r\n", arguments.size());
    for (const auto argument : arguments) {
        fmt::format_to(std::back_inserter(out), "${}\r\n{}\r\n", argument.size(), argument);
    }
}

bare_node::bare_node(const redlock::endpoint& where)
    : socket_(where.transport == redlock::endpoint::transport_kind::unix_socket
                  ? open_unix(where.path)
                  : open_tcp(where.host, where.port)) {
    if (!where.user.empty()) {
        ask({"AUTH", where.user, where.password});
    } else if (!where.password.empty()) {
        ask({"AUTH", where.password});
    }
    if (where.database != 0) {
        ask({"SELECT", std::to_string(where.database)});
    }
}

bare_node::bare_node(bare_node&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {
    // Moved only while being put into its place, before anything was asked.
}

bare_node::~bare_node() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

void bare_node::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail("send");
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void bare_node::fill() {
    for (;;) {
        const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
        if (got > 0) {
            begin_ = 0;
            end_ = static_cast<std::size_t>(got);
            return;
        }
        if (got == 0) {
            throw std::runtime_error("a server closed the connection");
        }
        if (errno != EINTR) {
            fail("recv");
        }
    }
}

std::string_view bare_node::read_line() {
    line_.clear();
    for (;;) {
        const char* start = buffer_.data() + begin_;
        const void* stop = begin_ == end_ ? nullptr : std::memchr(start, '\n', end_ - begin_);
        if (stop != nullptr) {
            const auto size = static_cast<std::size_t>(static_cast<const char*>(stop) - start);
            begin_ += size + 1;
            if (line_.empty()) {
                return {start, size > 0 ? size - 1 : 0};
            }
            line_.append(start, size);
            line_.pop_back();  // The carriage return.
            return line_;
        }
        line_.append(start, end_ - begin_);
        fill();
    }
}

std::string_view bare_node::read_reply() {
    std::string_view line = read_line();
    if (line.empty() || (line[0] != '*' && line[0] != '$')) {
        return line;  // The only case in the steady state.
    }
    first_ = line;
    for (long lines_left = 1; lines_left > 0; --lines_left) {
        if (line.starts_with('*')) {
            lines_left += std::max(0L, number_in(line));
        } else if (line.starts_with('$') && number_in(line) >= 0) {
            read_exactly(static_cast<std::size_t>(number_in(line)) + 2);
        }
        if (lines_left > 1) {
            line = read_line();
        }
    }
    return first_;
}

std::string bare_node::read_exactly(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
        if (begin_ == end_) {
            fill();
        }
        const std::size_t part = std::min(size - bytes.size(), end_ - begin_);
        bytes.append(buffer_.data() + begin_, part);
        begin_ += part;
    }
    return bytes;
}

std::string bare_node::ask(std::initializer_list<std::string_view> arguments) {
    std::string command;
    append_command(command, arguments);
    write(command);
    const std::string line{read_line()};
    if (line.starts_with('-')) {
        // Only the command's name: the arguments of AUTH are nobody's business.
        throw std::runtime_error(fmt::format("{}: {}", *arguments.begin(), line.substr(1)));
    }
    if (!line.starts_with('$')) {
        return line.empty() ? line : line.substr(1);
    }
    std::string bulk = read_exactly(static_cast<std::size_t>(number_in(line)) + 2);
    bulk.resize(bulk.size() - 2);
    return bulk;
}

}  // namespace bench
