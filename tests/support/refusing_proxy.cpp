#include "support/refusing_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "redis/resp_reader.hpp"

namespace redlock::support {

namespace {

constexpr std::string_view protected_mode =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface.\r\n";

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return where;
}

const sockaddr* as_address(const sockaddr_in& where) {
    return reinterpret_cast<const sockaddr*>(&where);
}

bool write_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// The number behind the first byte of a line, which is cut off.
std::optional<std::size_t> cut_number(std::string_view& text) {
    const std::size_t stop = text.find("\r\n");
    if (stop == std::string_view::npos || stop == 0) {
        return std::nullopt;
    }
    std::size_t number = 0;
    std::from_chars(text.data() + 1, text.data() + stop, number);
    text.remove_prefix(stop + 2);
    return number;
}

struct command {
    std::string name;  ///< In capital letters.
    std::size_t size;  ///< All bytes of it.
};

/// The first command of an array of strings; nothing if it has not come as a whole.
std::optional<command> first_command(const std::string& bytes) {
    std::string_view rest = bytes;
    const auto words = cut_number(rest);
    std::string name;
    for (std::size_t word = 0; words && word < *words; ++word) {
        const auto size = cut_number(rest);
        if (!size || rest.size() < *size + 2) {
            return std::nullopt;
        }
        if (word == 0) {
            name = rest.substr(0, *size);
        }
        rest.remove_prefix(*size + 2);
    }
    if (!words) {
        return std::nullopt;
    }
    for (char& each : name) {
        each = each >= 'a' && each <= 'z' ? static_cast<char>(each - 'a' + 'A') : each;
    }
    return command{std::move(name), bytes.size() - rest.size()};
}

}  // namespace

/// One client and the server behind. A refusal takes its turn among the server's answers.
class refusing_proxy::conversation {
  public:
    conversation(const refusing_proxy& proxy, int client)
        : proxy_(proxy),
          client_(client),
          server_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    ~conversation() { ::close(server_); }
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;

    void run() {
        const sockaddr_in there = loopback(proxy_.server_port_);
        if (::connect(server_, as_address(there), sizeof there) != 0) {
            return;
        }
        while (true) {
            std::array<pollfd, 3> ready{
                {{client_, POLLIN, 0}, {server_, POLLIN, 0}, {proxy_.stop_, POLLIN, 0}}};
            if (::poll(ready.data(), ready.size(), -1) < 0 || ready[2].revents != 0 ||
                (ready[1].revents != 0 && !pass_replies()) ||
                (ready[0].revents != 0 && !read_commands()) || !pass_commands()) {
                return;
            }
        }
    }

  private:
    bool read_commands() {
        const ssize_t size = ::read(client_, buffer_.data(), buffer_.size());
        if (size > 0) {
            waiting_.append(buffer_.data(), static_cast<std::size_t>(size));
        }
        return size > 0;
    }
    bool pass_commands() {
        for (auto next = first_command(waiting_); next; next = first_command(waiting_)) {
            const bool refused = proxy_.refused_.contains(next->name);
            if (refused && unanswered_ > 0) {
                return true;
            }
            if (refused && proxy_.how_ == manner::hangs_up) {
                return false;
            }
            if (!(refused ? refuse(next->name)
                          : write_all(server_, {waiting_.data(), next->size}))) {
                return false;
            }
            unanswered_ += refused ? 0 : 1;
            waiting_.erase(0, next->size);
        }
        return true;
    }
    bool refuse(const std::string& name) {
        if (proxy_.how_ == manner::swallows) {
            return true;
        }
        const std::string words =
            proxy_.words_.empty() ? "ERR unknown command '" + name + "'" : proxy_.words_;
        return write_all(client_, "-" + words + "\r\n");
    }
    bool pass_replies() {
        const ssize_t size = ::read(server_, buffer_.data(), buffer_.size());
        if (size <= 0) {
            return false;
        }
        const auto length = static_cast<std::size_t>(size);
        replies_.feed({buffer_.data(), length});
        while (replies_.next() == redis::resp_reader::status::reply) {
            unanswered_ -= unanswered_ > 0 ? 1 : 0;
        }
        return write_all(client_, {buffer_.data(), length});
    }

    const refusing_proxy& proxy_;
    int client_;
    int server_;
    std::string waiting_;
    std::size_t unanswered_ = 0;
    redis::resp_reader replies_;
    std::array<char, 65536> buffer_{};
};

refusing_proxy::refusing_proxy(std::uint16_t server_port, std::set<std::string> refused, manner how,
                               std::string words)
    : server_port_(server_port),
      refused_(std::move(refused)),
      how_(how),
      words_(std::move(words)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in here = loopback(0);
    socklen_t size = sizeof here;
    if (::bind(listener_, as_address(here), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) != 0) {
        throw std::runtime_error("no port for a proxy");
    }
    port_ = ntohs(here.sin_port);
    acceptor_ = std::thread{[this] { accept(); }};
}

refusing_proxy::~refusing_proxy() {
    const std::uint64_t over = 1;
    if (::write(stop_, &over, sizeof over) != sizeof over) {
        std::abort();
    }
    acceptor_.join();
    for (std::thread& each : conversations_) {
        each.join();
    }
    ::close(listener_);
    ::close(stop_);
}

std::string refusing_proxy::url() const {
    return "redis://127.0.0.1:" + std::to_string(port_);
}

void refusing_proxy::accept() {
    while (true) {
        std::array<pollfd, 2> ready{{{listener_, POLLIN, 0}, {stop_, POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), -1) < 0 || ready[1].revents != 0) {
            return;
        }
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) {
            conversations_.emplace_back([this, client] { serve(client); });
        }
    }
}

void refusing_proxy::serve(int client) {
    if (how_ == manner::denies) {
        write_all(client, protected_mode);
        // What the client has sent is read, or its end would be a reset that takes the words along.
        ::shutdown(client, SHUT_WR);
        std::array<char, 256> ignored{};
        std::array<pollfd, 2> ready{{{client, POLLIN, 0}, {stop_, POLLIN, 0}}};
        while (::poll(ready.data(), ready.size(), -1) > 0 && ready[1].revents == 0 &&
               ::read(client, ignored.data(), ignored.size()) > 0) {
        }
    } else {
        conversation{*this, client}.run();
    }
    ::close(client);
}

}  // namespace redlock::support
