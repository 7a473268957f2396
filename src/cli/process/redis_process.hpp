// A Redis or Valkey process of our own on a free port of 127.0.0.1, for trying, demos and tests:
// without persistence and without a folder, so that nothing of it can stay. Dies with this process
// whatever happens. Must never touch a server that it did not start. Main thread only, since the
// kernel ties the server's life to the thread that started it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace redlock::cli {

/// A server could not be started; the message ends with what it said.
class redis_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct redis_process_options {
    std::string program{};  ///< Empty: the usual one; see server_program.hpp.
    /// More of the server's options, e.g. {"--databases", "4"}; they win over ours.
    std::vector<std::string> arguments;
};

class redis_process {
  public:
    explicit redis_process(redis_process_options options = {});
    ~redis_process();
    redis_process(redis_process&& other) noexcept;
    redis_process& operator=(redis_process&&) = delete;
    redis_process(const redis_process&) = delete;
    redis_process& operator=(const redis_process&) = delete;

    /// Starts it on a free port. Throws `redis_error`. Follow by `wait_until_ready`, so that
    /// several can be started at once.
    void start();
    /// Returns when it takes connections; tries other ports if somebody was faster. Throws
    /// `redis_error`, at the latest after ten seconds.
    void wait_until_ready();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string url() const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] bool running() const noexcept { return pid_ > 0; }
    /// What the server has written so far.
    [[nodiscard]] std::string log() const;

    void freeze();   ///< SIGSTOP; returns when the process has stopped.
    void thaw();     ///< SIGCONT.
    void kill();     ///< SIGKILL and wait; frozen or not. Nothing if it does not run.
    void restart();  ///< `kill`, then anew on the same port, empty; returns when it is ready.

  private:
    enum class progress { starting, ready, port_taken };

    void launch(std::uint16_t port);
    [[nodiscard]] progress look();
    void close_log();

    redis_process_options options_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
    int log_ = -1;
    bool port_is_fixed_ = false;
};

/// A port of 127.0.0.1 that nobody listened on a moment ago. Throws `redis_error`.
[[nodiscard]] std::uint16_t find_free_port();

/// So many servers, ready.
[[nodiscard]] std::vector<redis_process> start_servers(std::size_t count,
                                                       const redis_process_options& options = {});

[[nodiscard]] std::vector<std::string> url_list_of(const std::vector<redis_process>& servers);
/// Their URLs, comma separated, as REDLOCK_NODES takes them.
[[nodiscard]] std::string urls_of(const std::vector<redis_process>& servers);

}  // namespace redlock::cli
