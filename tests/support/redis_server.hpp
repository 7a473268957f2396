// A real redis-server process for one test: on a free port (and a Unix socket if asked), without
// persistence, in a folder of its own that goes with it. Dies with the test process whatever
// happens. Must never touch a server that it did not start. One thread at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/process/redis_process.hpp"
#include "support/test_authority.hpp"

namespace redlock::support {

/// What a server shows, and whom it believes.
struct server_tls {
    certificate_files files;
    std::string ca;
    bool demands_client_certificate = false;
};

struct redis_server_options {
    bool unix_socket = false;
    std::string password;  ///< requirepass, if not empty; `command` uses it.
    std::vector<std::string>
        arguments;  ///< More of redis-server's options, e.g. {"--databases", "4"}.
    /// TLS on a port of its own, beside the plain one, which is for looking inside.
    std::optional<server_tls> tls{};
};

class redis_server {
  public:
    /// Starts and waits until the server answers. Throws std::runtime_error with the server's log.
    explicit redis_server(redis_server_options options = {});
    ~redis_server();
    redis_server(const redis_server&) = delete;
    redis_server& operator=(const redis_server&) = delete;
    redis_server(redis_server&& other) noexcept;
    redis_server& operator=(redis_server&&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return process_.port(); }
    /// redis://127.0.0.1:port, without password.
    [[nodiscard]] std::string url() const;
    /// The port that speaks TLS, when it was asked for.
    [[nodiscard]] std::uint16_t tls_port() const noexcept { return tls_port_; }
    [[nodiscard]] std::string unix_path() const;
    /// unix:///path, when `unix_socket` was asked for.
    [[nodiscard]] std::string unix_url() const;
    [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }
    [[nodiscard]] bool running() const noexcept { return process_.running(); }

    void freeze();   ///< SIGSTOP; returns when the process has stopped.
    void thaw();     ///< SIGCONT.
    void kill();     ///< SIGKILL and wait; frozen or not. Nothing if it does not run.
    void restart();  ///< `kill`, then start anew on the same port, empty; waits until it answers.

    /// As `redlock vouch` would: the server has forgotten nothing, and votes at once.
    void vouch() const;

    /// One command on a connection of its own, blocking, at most 5 s. A status or string comes as
    /// it is, an integer in decimal, nil as "(nil)", an error as "(error) ...", array elements one
    /// a line. Throws std::runtime_error when the server cannot be reached.
    std::string command(const std::vector<std::string>& arguments) const;
    /// GET, or nothing if there is no such key.
    [[nodiscard]] std::optional<std::string> get(const std::string& key) const;
    /// PTTL in milliseconds; -2 without the key, -1 without a time to live.
    [[nodiscard]] std::int64_t pttl(const std::string& key) const;

  private:
    redis_server_options options_;
    std::string folder_;
    std::uint16_t tls_port_ = 0;
    cli::redis_process process_;
};

/// A new folder of its own for temporary files; `name` is the beginning of its name. Throws
/// std::runtime_error.
[[nodiscard]] std::string make_temporary_folder(const std::string& name);

/// A port that nobody listened on a moment ago.
[[nodiscard]] std::uint16_t free_port();

}  // namespace redlock::support
