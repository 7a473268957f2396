// Starts, freezes and ends redis-server processes for tests; see redis_server.hpp. Readiness is
// asked of the server itself, and by its process id, since a port found free may be another
// server's by now.
#include "support/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

namespace redlock::support {
namespace {

using context_ptr = std::unique_ptr<redisContext, decltype(&redisFree)>;

struct reply_deleter {
    void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using reply_ptr = std::unique_ptr<redisReply, reply_deleter>;

context_ptr dial(std::uint16_t port) {
    const timeval patience{5, 0};
    context_ptr context{redisConnectWithTimeout("127.0.0.1", port, patience), &redisFree};
    if (context != nullptr && context->err == 0) {
        redisSetTimeout(context.get(), patience);
    }
    return context;
}

reply_ptr ask(redisContext& context, const std::vector<std::string>& arguments) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& argument : arguments) {
        texts.push_back(argument.data());
        sizes.push_back(argument.size());
    }
    return reply_ptr{static_cast<redisReply*>(
        redisCommandArgv(&context, static_cast<int>(texts.size()), texts.data(), sizes.data()))};
}

std::string shown(const redisReply& reply) {
    switch (reply.type) {
        case REDIS_REPLY_NIL:
            return "(nil)";
        case REDIS_REPLY_INTEGER:
            return std::to_string(reply.integer);
        case REDIS_REPLY_ERROR:
            return "(error) " + std::string{reply.str, static_cast<std::size_t>(reply.len)};
        case REDIS_REPLY_ARRAY: {
            std::string lines;
            for (std::size_t i = 0; i < static_cast<std::size_t>(reply.elements); ++i) {
                lines += (i == 0 ? "" : "\n") + shown(*reply.element[i]);
            }
            return lines;
        }
        default:
            return {reply.str, static_cast<std::size_t>(reply.len)};
    }
}

// Only what is safe between fork and exec in a process with threads.
[[noreturn]] void become_server(char* const* arguments, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execvp(arguments[0], arguments);
    ::_exit(127);
}

}  // namespace

std::uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool found = probe >= 0 && ::bind(probe, generic, size) == 0 &&
                       ::getsockname(probe, generic, &size) == 0;
    if (probe >= 0) {
        ::close(probe);
    }
    if (!found) {
        throw std::runtime_error("no free port");
    }
    return ntohs(address.sin_port);
}

redis_server::redis_server(redis_server_options options) : options_(std::move(options)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "redlock-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("no folder for redis-server: " + pattern);
    }
    folder_ = pattern;
    try {
        start();
    } catch (...) {
        kill();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
        throw;
    }
}

redis_server::~redis_server() {
    kill();
    if (!folder_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
}

redis_server::redis_server(redis_server&& other) noexcept
    : options_(std::move(other.options_)),
      folder_(std::exchange(other.folder_, {})),
      port_(std::exchange(other.port_, std::uint16_t{0})),
      pid_(std::exchange(other.pid_, -1)) {}

std::string redis_server::url() const {
    return "redis://127.0.0.1:" + std::to_string(port_);
}
std::string redis_server::unix_path() const {
    return folder_ + "/redis.sock";
}
std::string redis_server::unix_url() const {
    return "unix://" + unix_path();
}

void redis_server::start() {
    constexpr int attempts = 20;
    const std::uint16_t wanted = port_;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (launch(wanted != 0 ? wanted : free_port()) && wait_until_ready()) {
            return;
        }
        kill();
    }
    throw std::runtime_error("redis-server does not start: " + log());
}

bool redis_server::launch(std::uint16_t port) {
    std::vector<std::string> words{
        "redis-server", "--port",    std::to_string(port), "--bind", "127.0.0.1",
        "--save",       "",          "--appendonly",       "no",     "--dir",
        folder_,        "--logfile", folder_ + "/log"};
    if (options_.unix_socket) {
        words.insert(words.end(), {"--unixsocket", unix_path()});
    }
    if (!options_.password.empty()) {
        words.insert(words.end(), {"--requirepass", options_.password});
    }
    words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        become_server(arguments.data(), parent);
    }
    port_ = port;
    pid_ = child;
    return child > 0;
}

bool redis_server::wait_until_ready() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{15};
    const std::string ours = "process_id:" + std::to_string(pid_) + "\r";
    while (std::chrono::steady_clock::now() < give_up) {
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
            pid_ = -1;
            return false;
        }
        try {
            if (command({"INFO", "server"}).find(ours) != std::string::npos) {
                return true;
            }
        } catch (const std::runtime_error&) {
            // Not listening yet.
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return false;
}

void redis_server::freeze() {
    ::kill(pid_, SIGSTOP);
    ::waitpid(pid_, nullptr, WUNTRACED);
}

void redis_server::thaw() {
    ::kill(pid_, SIGCONT);
}

void redis_server::kill() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
}

void redis_server::restart() {
    kill();
    start();
}

std::string redis_server::command(const std::vector<std::string>& arguments) const {
    const context_ptr context = dial(port_);
    if (context == nullptr || context->err != 0) {
        throw std::runtime_error("redis-server cannot be reached");
    }
    if (!options_.password.empty()) {
        static_cast<void>(ask(*context, {"AUTH", options_.password}));
    }
    const reply_ptr reply = ask(*context, arguments);
    if (reply == nullptr) {
        throw std::runtime_error(std::string{"redis-server: "} + context->errstr);
    }
    return shown(*reply);
}

std::optional<std::string> redis_server::get(const std::string& key) const {
    std::string value = command({"GET", key});
    return value == "(nil)" ? std::nullopt : std::optional{std::move(value)};
}

std::int64_t redis_server::pttl(const std::string& key) const {
    return std::stoll(command({"PTTL", key}));
}

std::string redis_server::log() const {
    std::ifstream file{folder_ + "/log"};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

}  // namespace redlock::support
