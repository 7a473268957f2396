// The fixture: cli::redis_process with a folder for its Unix socket and a peer to look inside;
// see redis_server.hpp.
#include "support/redis_server.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "support/redis_peer.hpp"

namespace redlock::support {
namespace {

void remove_folder(const std::string& folder) {
    if (!folder.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
}

cli::redis_process_options process_options(const redis_server_options& options,
                                           const std::string& unix_path, std::uint16_t tls_port) {
    cli::redis_process_options with;
    if (options.unix_socket) {
        with.arguments = {"--unixsocket", unix_path};
    }
    if (!options.password.empty()) {
        with.arguments.insert(with.arguments.end(), {"--requirepass", options.password});
    }
    if (options.tls) {
        const server_tls& tls = *options.tls;
        with.arguments.insert(
            with.arguments.end(),
            {"--tls-port", std::to_string(tls_port), "--tls-cert-file", tls.files.certificate,
             "--tls-key-file", tls.files.key, "--tls-ca-cert-file", tls.ca, "--tls-auth-clients",
             tls.demands_client_certificate ? "yes" : "no"});
    }
    with.arguments.insert(with.arguments.end(), options.arguments.begin(), options.arguments.end());
    return with;
}

}  // namespace

std::string make_temporary_folder(const std::string& name) {
    std::string pattern = (std::filesystem::temp_directory_path() / (name + "-XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("cannot make a temporary folder: " + pattern);
    }
    return pattern;
}

std::uint16_t free_port() {
    return cli::find_free_port();
}

redis_server::redis_server(redis_server_options options)
    : options_(std::move(options)),
      folder_(make_temporary_folder("redlock-test")),
      tls_port_(options_.tls ? free_port() : std::uint16_t{0}),
      process_(process_options(options_, unix_path(), tls_port_)) {
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
      tls_port_(other.tls_port_),
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
    redis_peer peer{port()};
    if (!options_.password.empty()) {
        static_cast<void>(peer.ask({"AUTH", options_.password}));
    }
    return peer.ask(arguments);
}

void redis_server::vouch() const {
    const auto told = [this](const std::string& section, const std::string& name) {
        const std::string info = command({"INFO", section});
        const auto at = info.find("\n" + name + ":") + name.size() + 2;
        return info.substr(at, info.find('\r', at) - at);
    };
    command({"HSET", "redlock:epoch", "identity",
             told("server", "run_id") + ":" + told("replication", "master_replid"), "birth", "0"});
}

std::optional<std::string> redis_server::get(const std::string& key) const {
    std::string value = command({"GET", key});
    return value == "(nil)" ? std::nullopt : std::optional{std::move(value)};
}

std::int64_t redis_server::pttl(const std::string& key) const {
    return std::stoll(command({"PTTL", key}));
}

}  // namespace redlock::support
