// A TCP proxy before one server that lets some commands not pass, as proxies and managed services
// do: it answers for the server that there is no such command, hangs up, or swallows it. Or it
// turns everybody away, as a server in protected mode does. Runs in a thread of its own, so that
// programs can use it; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "redis/wire/resp_reader.hpp"
#include "support/relay.hpp"

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

    [[nodiscard]] std::string url() const { return relay_.url(); }

  private:
    /// A refusal takes its turn among the server's answers.
    struct conversation {
        std::string waiting;
        std::size_t unanswered = 0;
        redis::resp_reader replies;
    };
    using way = relay<conversation>;

    void welcome(const way::link_ptr& over);
    void take(const way::link_ptr& over, direction which, std::string_view bytes);
    /// False: the connection is over.
    [[nodiscard]] bool pass_commands(way::link& over) const;

    std::uint16_t server_port_;
    std::set<std::string> refused_;
    manner how_;
    std::string words_;
    loop_thread loop_;
    way relay_;
};

}  // namespace redlock::support
