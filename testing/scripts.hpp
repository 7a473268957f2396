// Runs the scripts that reach a simulated server, in Lua 5.1 as Redis has it: redis.call and
// redis.pcall, KEYS and ARGV, and what becomes of values on the way in and out. What is compiled is
// kept for all servers of a world; which of them has met which script each server knows itself. One
// thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "testing/reply.hpp"
#include "testing/store.hpp"

struct lua_State;

namespace redlock::testing {

/// The server that a script runs on.
struct script_commands {
    [[nodiscard]] virtual reply call(const request& what) = 0;

  protected:
    ~script_commands() = default;
};

class scripts {
  public:
    scripts();
    ~scripts();
    scripts(const scripts&) = delete;
    scripts& operator=(const scripts&) = delete;

    /// The SHA1 of a script, which is compiled if it was not yet; an error is told by `run`.
    [[nodiscard]] const std::string& digest(const std::string& body);
    /// Of a script that `digest` was asked for before.
    [[nodiscard]] reply run(const std::string& digest, std::span<const std::string> keys,
                            std::span<const std::string> arguments, script_commands& on);

  private:
    struct script {
        int function = 0;  ///< Where Lua keeps it.
        std::string problem;
    };

    void compile(const std::string& digest, const std::string& body);
    [[nodiscard]] reply failure(const std::string& digest);

    lua_State* lua_;
    std::unordered_map<std::string, std::string> digests_;  ///< By body.
    std::unordered_map<std::string, script> scripts_;       ///< By digest.
};

}  // namespace redlock::testing
