// A request without a script: one command of the server that does what the script would do. Pure;
// any thread.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string_view>

#include "base/recycled.hpp"
#include "redis/server/server_identity.hpp"
#include "redis/wire/command.hpp"

namespace redlock::driver {

class native_command {
  public:
    /// A release that deletes the key if it has a certain value. Its reply is that of the script:
    /// how many keys were deleted. With other requests it shares their call, in which it is a
    /// request like them. `how`: not none.
    [[nodiscard]] static native_command release(redis::conditional_delete how,
                                                std::string_view resource, std::string_view token);
    /// An acquisition without fencing: SET with NX and PX. Its reply is `OK`, or nil where somebody
    /// has the lock. It shares no call, which would cost the server more.
    [[nodiscard]] static native_command acquire(std::string_view resource, std::string_view token,
                                                std::chrono::milliseconds lease_time);

    /// Refers to `*this`, and to the resource.
    [[nodiscard]] redis::command command() const;

  private:
    /// Of these words; the second is the resource.
    native_command(std::initializer_list<std::string_view> words);

    base::recycled_string encoded_;
    std::string_view resource_;
    redis::shareable share_;
};

}  // namespace redlock::driver
