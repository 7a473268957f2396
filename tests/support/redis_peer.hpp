// One plain connection to a Redis server, for what a test wants to see of a server without the
// library: hiredis's blocking client, which waits at most 5 s for anything. Knows nothing of locks.
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct redisContext;

namespace redlock::support {

class redis_peer {
  public:
    /// Connects to 127.0.0.1. Throws std::runtime_error when the server cannot be reached.
    explicit redis_peer(std::uint16_t port);

    /// A reply in text: a status or string as it is, an integer in decimal, nil as "(nil)", an
    /// error as "(error) ...", array elements one a line. Throws std::runtime_error when none
    /// comes.
    std::string ask(const std::vector<std::string>& arguments);
    /// What the server sends next of its own accord, to one that has subscribed.
    std::string next();

  private:
    std::string shown_and_freed(void* reply) const;

    std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

}  // namespace redlock::support
