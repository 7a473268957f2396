// A TCP proxy in front of one server that cuts a connection at a chosen byte of a round: after so
// many bytes of a script call, or after so many of the reply to one. The server behind it can be
// exchanged, as a promoted replica is behind a fixed address. It has a thread of its own; its
// functions may be called from any other one.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace redlock::faults {

enum class direction { requests, replies };

class cutter {
  public:
    explicit cutter(std::uint16_t server_port);
    ~cutter();
    cutter(const cutter&) = delete;
    cutter& operator=(const cutter&) = delete;

    [[nodiscard]] std::string url() const;
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
    struct link;

    void accept();
    void pump(const std::shared_ptr<link>& over, direction way);
    void pass(const std::shared_ptr<link>& over, direction way, std::size_t size);
    [[nodiscard]] std::size_t passed_before_cut(link& over, direction way, std::size_t size);

    boost::asio::io_context io_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t server_port_;
    std::vector<std::weak_ptr<link>> links_;
    direction armed_for_ = direction::requests;
    std::size_t armed_left_ = 0;
    bool armed_ = false;
    std::weak_ptr<link> counted_;  ///< Whose bytes count, once its round has begun.
    std::atomic<std::size_t> cuts_{0};
    std::atomic<std::size_t> longest_request_{0};
    std::atomic<std::size_t> longest_reply_{0};
    std::thread thread_;
};

}  // namespace redlock::faults
