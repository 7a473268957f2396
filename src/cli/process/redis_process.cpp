// Readiness is read from the server's own log and not asked over TCP: an answer on the port might
// come from a stranger who took it first, while the log and the process are surely ours. The log is
// a file in memory, which needs nobody to drain it and has no name to be left behind.
#include "cli/process/redis_process.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "cli/process/server_program.hpp"
#include "cli/process/spawn.hpp"

namespace redlock::cli {

namespace {

constexpr int most_ports_tried = 20;

std::string last_lines(std::string text) {
    constexpr std::size_t enough = 600;
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text.size() > enough ? "..." + text.substr(text.size() - enough) : text;
}

}  // namespace

redis_process::redis_process(redis_process_options options) : options_(std::move(options)) {
    options_.program = server_program(options_.program);
}

redis_process::~redis_process() {
    kill();
    close_log();
}

redis_process::redis_process(redis_process&& other) noexcept
    : options_(std::move(other.options_)),
      port_(other.port_),
      pid_(std::exchange(other.pid_, -1)),
      log_(std::exchange(other.log_, -1)),
      port_is_fixed_(other.port_is_fixed_) {}

void redis_process::start() {
    launch(find_free_port());
}

void redis_process::launch(std::uint16_t port) {
    close_log();
    log_ = ::memfd_create("redis-log", MFD_CLOEXEC);
    if (log_ < 0) {
        throw redis_error(fmt::format("cannot keep a server's log: {}", std::strerror(errno)));
    }
    spawn_options wanted;
    // /proc is a folder in which nobody can create a file: not even a SAVE leaves anything behind.
    // A replica that wants to create one would stand still for seconds, so it gets by without.
    wanted.arguments = {options_.program,
                        "--port",
                        std::to_string(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "",
                        "--appendonly",
                        "no",
                        "--dir",
                        "/proc",
                        "--repl-diskless-sync",
                        "yes",
                        "--repl-diskless-sync-delay",
                        "0",
                        "--repl-diskless-load",
                        "swapdb"};
    wanted.arguments.insert(wanted.arguments.end(), options_.arguments.begin(),
                            options_.arguments.end());
    wanted.own_group = true;  // The terminal's Ctrl-C is not for the servers.
    wanted.standard_input = log_;
    wanted.standard_output = log_;
    wanted.standard_error = log_;
    try {
        pid_ = spawn(wanted);
    } catch (const spawn_error& error) {
        throw redis_error(
            error.status() == exit_not_found
                ? fmt::format("there is no {}; on Debian and Ubuntu one comes with: apt install "
                              "redis-server, or valkey-server",
                              options_.program)
                : std::string{error.what()});
    }
    port_ = port;
}

redis_process::progress redis_process::look() {
    int status = 0;
    const bool gone = ::waitpid(pid_, &status, WNOHANG) == pid_;
    const std::string said = log();
    if (!gone) {
        return said.find("Ready to accept connections") != std::string::npos ? progress::ready
                                                                             : progress::starting;
    }
    pid_ = -1;
    const bool taken = said.find("Address already in use") != std::string::npos ||
                       said.find("Failed listening") != std::string::npos;
    if (!taken) {
        throw redis_error(fmt::format(
            "{} ended as it started: {}", options_.program,
            said.empty() ? "it said nothing; is it a Redis server?" : last_lines(said)));
    }
    return progress::port_taken;
}

void redis_process::wait_until_ready() {
    using namespace std::chrono_literals;
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    for (int tried = 1;;) {
        switch (look()) {
            case progress::ready:
                return;
            case progress::starting:
                std::this_thread::sleep_for(2ms);
                break;
            case progress::port_taken:
                if (++tried > most_ports_tried) {
                    throw redis_error(fmt::format("no free port found: {}", last_lines(log())));
                }
                if (port_is_fixed_) {
                    std::this_thread::sleep_for(50ms);
                }
                launch(port_is_fixed_ ? port_ : find_free_port());
                break;
        }
        if (std::chrono::steady_clock::now() > give_up) {
            throw redis_error(
                fmt::format("{} does not become ready: {}", options_.program, last_lines(log())));
        }
    }
}

std::string redis_process::url() const {
    return fmt::format("redis://127.0.0.1:{}", port_);
}

std::string redis_process::log() const {
    std::string text;
    std::array<char, 4096> part{};
    for (;;) {
        const ssize_t got =
            ::pread(log_, part.data(), part.size(), static_cast<off_t>(text.size()));
        if (got <= 0) {
            return text;
        }
        text.append(part.data(), static_cast<std::size_t>(got));
    }
}

void redis_process::freeze() {
    if (pid_ > 0 && ::kill(pid_, SIGSTOP) == 0) {
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
        // Taken off the list, so that the next freeze waits for its own stop.
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG);
    }
}

void redis_process::thaw() {
    if (pid_ > 0) {
        ::kill(pid_, SIGCONT);
    }
}

void redis_process::kill() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait_for_child(pid_);
        pid_ = -1;
    }
}

void redis_process::restart() {
    kill();
    port_is_fixed_ = true;
    launch(port_);
    wait_until_ready();
}

void redis_process::close_log() {
    if (log_ >= 0) {
        ::close(std::exchange(log_, -1));
    }
}

std::uint16_t find_free_port() {
    using boost::asio::ip::tcp;
    boost::asio::io_context unused;
    try {
        const tcp::endpoint any{boost::asio::ip::address_v4::loopback(), 0};
        return tcp::acceptor{unused, any, false}.local_endpoint().port();
    } catch (const boost::system::system_error& error) {
        throw redis_error(fmt::format("no free port: {}", error.code().message()));
    }
}

std::vector<redis_process> start_servers(std::size_t count, const redis_process_options& options) {
    std::vector<redis_process> servers;
    servers.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        servers.emplace_back(options).start();
    }
    for (redis_process& server : servers) {
        server.wait_until_ready();
    }
    return servers;
}

std::vector<std::string> url_list_of(const std::vector<redis_process>& servers) {
    std::vector<std::string> urls;
    urls.reserve(servers.size());
    for (const auto& server : servers) {
        urls.push_back(server.url());
    }
    return urls;
}

std::string urls_of(const std::vector<redis_process>& servers) {
    return fmt::format("{}", fmt::join(url_list_of(servers), ","));
}

}  // namespace redlock::cli
