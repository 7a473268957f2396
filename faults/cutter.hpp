// A TCP proxy in front of one server that cuts a connection at a chosen byte of a round: after so
// many bytes of a script call, or after so many of the reply to one. The server behind it can be
// exchanged, as a promoted replica is behind a fixed address. It has a thread of its own; its
// functions may be called from any other one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "support/relay.hpp"

namespace redlock::faults {

using support::direction;

class cutter {
  public:
    explicit cutter(std::uint16_t server_port);
    ~cutter();
    cutter(const cutter&) = delete;
    cutter& operator=(const cutter&) = delete;

    [[nodiscard]] std::string url() const { return relay_.url(); }
    /// The next script call, or the reply to it, passes so many bytes; then its connection ends on
    /// both sides.
    void arm(direction which, std::size_t bytes);
    void disarm();
    /// So many connections have been cut as armed.
    [[nodiscard]] std::size_t cuts() const noexcept { return cuts_; }
    /// The longest script call seen that came as one piece, and the longest piece of a reply.
    [[nodiscard]] std::size_t longest(direction which) const noexcept {
        return which == direction::requests ? longest_request_ : longest_reply_;
    }
    /// From now on another server; what is connected to the old one is cut.
    void lead_to(std::uint16_t server_port);

  private:
    struct round {
        bool begun = false;  ///< A script call has been passed on since the last reply.
    };
    using relay = support::relay<round>;

    void pass(const relay::link_ptr& over, direction way, std::string_view piece);
    [[nodiscard]] std::size_t passed_before_cut(const relay::link_ptr& over, direction way,
                                                std::size_t size);

    std::uint16_t server_port_;
    direction armed_for_ = direction::requests;
    std::size_t armed_left_ = 0;
    bool armed_ = false;
    std::weak_ptr<relay::link> counted_;  ///< Whose bytes count, once its round has begun.
    std::atomic<std::size_t> cuts_{0};
    std::atomic<std::size_t> longest_request_{0};
    std::atomic<std::size_t> longest_reply_{0};
    support::loop_thread loop_;
    relay relay_;
};

}  // namespace redlock::faults
