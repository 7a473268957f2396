// The fixture: cli::redis_process with a folder for its Unix socket and a client to look inside;
// see redis_server.hpp.
#include "support/redis_server.hpp"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
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

std::string make_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "redlock-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("no folder for redis-server: " + pattern);
    }
    return pattern;
}

void remove_folder(const std::string& folder) {
    if (!folder.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
}

cli::redis_process_options process_options(const redis_server_options& options,
                                           const std::string& unix_path) {
    cli::redis_process_options with;
    if (options.unix_socket) {
        with.arguments = {"--unixsocket", unix_path};
    }
    if (!options.password.empty()) {
        with.arguments.insert(with.arguments.end(), {"--requirepass", options.password});
    }
    with.arguments.insert(with.arguments.end(), options.arguments.begin(), options.arguments.end());
    return with;
}

}  // namespace

std::uint16_t free_port() {
    return cli::find_free_port();
}

redis_server::redis_server(redis_server_options options)
    : options_(std::move(options)),
      folder_(make_folder()),
      process_(process_options(options_, unix_path())) {
    try {
        process_.start();
        process_.wait_until_ready();
    } catch (...) {
        remove_folder(folder_);
        throw;
    }
}

redis_server::~redis_server() {
    kill();
    remove_folder(folder_);
}

redis_server::redis_server(redis_server&& other) noexcept
    : options_(std::move(other.options_)),
      folder_(std::exchange(other.folder_, {})),
      process_(std::move(other.process_)) {}

std::string redis_server::url() const {
    return process_.url();
}
std::string redis_server::unix_path() const {
    return folder_ + "/redis.sock";
}
std::string redis_server::unix_url() const {
    return "unix://" + unix_path();
}

void redis_server::freeze() {
    process_.freeze();
}
void redis_server::thaw() {
    process_.thaw();
}
void redis_server::kill() {
    process_.kill();
}
void redis_server::restart() {
    process_.restart();
}

std::string redis_server::command(const std::vector<std::string>& arguments) const {
    const context_ptr context = dial(port());
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

}  // namespace redlock::support
