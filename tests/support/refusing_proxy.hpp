// A TCP proxy before one server that lets some commands not pass, as proxies and managed services
// do: it answers for the server that there is no such command, hangs up, or swallows it. Or it
// turns everybody away, as a server in protected mode does. Has threads of its own; one thread may
// use it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace redlock::support {

class refusing_proxy {
  public:
    enum class manner {
        answers,   ///< "-ERR unknown command" to each of the commands, or other words.
        hangs_up,  ///< Closes the connection upon each of them.
        swallows,  ///< Passes each of them on to nobody, and says nothing.
        denies,    ///< Says what a server in protected mode says, and closes, before any command.
    };

    /// `refused`: commands in capital letters. `words`: what is answered in place of "ERR unknown
    /// command". Listens on a free port of 127.0.0.1. Throws std::runtime_error.
    refusing_proxy(std::uint16_t server_port, std::set<std::string> refused, manner how,
                   std::string words = {});
    ~refusing_proxy();
    refusing_proxy(const refusing_proxy&) = delete;
    refusing_proxy& operator=(const refusing_proxy&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const;

  private:
    class conversation;

    void accept();
    void serve(int client);

    std::uint16_t server_port_;
    std::set<std::string> refused_;
    manner how_;
    std::string words_;
    int listener_ = -1;
    int stop_ = -1;  // readable for good once it is over
    std::uint16_t port_ = 0;
    std::vector<std::thread> conversations_;
    std::thread acceptor_;
};

}  // namespace redlock::support
