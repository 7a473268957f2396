// Whether it is one server that answers behind a URL, by what each connection is told: run ids are
// drawn anew by each server process, so that two of them are two processes. One after the other
// they may be one server that was restarted or followed by its replica; at the same time they are
// two. Decides only; never touches a connection or a clock. One thread at a time.
#pragma once

#include <chrono>
#include <string>

#include "core/instant.hpp"
#include "redis/server/server_identity.hpp"

namespace redlock::driver {

class server_watch {
  public:
    /// `memory`: for how long what was seen is held against the URL. As long as a node is not
    /// trusted that may have forgotten locks: what the other server has granted is over by then.
    explicit server_watch(std::chrono::milliseconds memory) : memory_(memory) {}

    /// A connection was made, and the server at its other end said who it is, at `now`.
    void met(const redis::server_identity& who, core::instant now);
    /// `one` has answered on a connection after another connection, made while that was open, had
    /// led to `other`.
    void met_both(const std::string& one, const std::string& other, core::instant now);

    /// Whether there are several, as far as was seen lately.
    [[nodiscard]] bool several(core::instant now) const { return now < held_until_; }
    /// What was seen and what to do, for people; empty before that.
    [[nodiscard]] const std::string& message() const { return message_; }

  private:
    std::chrono::milliseconds memory_;
    std::string last_run_id_;
    core::instant last_met_;
    core::instant held_until_ = core::instant::min();
    std::string message_;
};

}  // namespace redlock::driver
