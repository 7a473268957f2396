// A release without a script: the command that deletes a key if it has a certain value, where the
// server has one. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "redis/server/server_identity.hpp"
#include "redis/wire/command.hpp"

namespace redlock::driver {

/// Such a command. Its reply is that of the script: how many keys were deleted. With other requests
/// it shares their call, in which it is a request like them.
class native_release {
  public:
    /// `how`: not none.
    native_release(redis::conditional_delete how, std::string_view resource,
                   std::string_view token);

    [[nodiscard]] redis::conditional_delete how() const { return how_; }
    /// Refers to `*this`, and to the resource.
    [[nodiscard]] redis::command command() const;

  private:
    redis::conditional_delete how_;
    std::string encoded_;
    std::string_view resource_;
    redis::shareable share_;
};

}  // namespace redlock::driver
