// How a connection finds the master where its endpoint does not name the server: by asking others
// for it, one after the other. Says whom to ask and what the answers mean; connect_steps goes
// there. One thread at a time.
#pragma once

#include <optional>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

/// What one of them answered: where the master is, or why that is no help.
struct master_answer {
    std::optional<server_address> address{};
    error_code cause{};
    std::string why{};
};

/// Phrases for error messages, and what to change if TLS is the cause.
struct way_words {
    std::string_view asking{};           ///< As in "no answer while ...".
    std::string_view they_name{};        ///< Before an address.
    std::string_view ask_plainly{};      ///< If the servers that are asked do not speak TLS.
    std::string_view ask_with_tls{};     ///< If they do.
    std::string_view server_plainly{};   ///< If the server does not speak TLS.
    std::string_view server_with_tls{};  ///< If it does.
};

class discovery {
  public:
    discovery() = default;
    discovery(const discovery&) = delete;
    discovery& operator=(const discovery&) = delete;
    virtual ~discovery() = default;

    /// Starts a search.
    virtual void begin() = 0;
    /// Whom to ask now; nobody when all have failed.
    [[nodiscard]] virtual std::optional<endpoint> next() const = 0;
    /// What to ask, encoded, and what is answered.
    [[nodiscard]] virtual std::string question() const = 0;
    [[nodiscard]] virtual master_answer read(const reply_view& reply) const = 0;
    /// The one that is being asked named a server.
    virtual void found() noexcept = 0;
    /// The server that it named is not a master, or cannot be used.
    virtual void misled() noexcept = 0;
    /// The one that is being asked gave no useful answer.
    virtual void failed(error_code cause, std::string_view name, std::string_view why) = 0;

    /// Of a search in which all failed; for people, of bounded length.
    [[nodiscard]] virtual error_code cause() const noexcept = 0;
    [[nodiscard]] virtual std::string message() const = 0;
    [[nodiscard]] virtual const way_words& words() const noexcept = 0;
};

}  // namespace redlock::redis
