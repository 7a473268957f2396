// A real Redis server and a simulated one, of which the same is asked and which show the same time:
// it stands still on both until a test lets it pass. Owns the server and the connections; knows no
// command but those that it needs itself. One thread at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/clocked_server.hpp"
#include "testing/simulated_node.hpp"

namespace redlock::testing {

/// As bytes, for messages.
void PrintTo(const reply& what, std::ostream* to);  // NOLINT(*-naming): GoogleTest's name

struct answers {
    reply real;
    reply simulated;
};

class side_by_side {
  public:
    /// `arguments`: more of redis-server's options.
    explicit side_by_side(std::vector<std::string> arguments = {});

    /// Not where the server reckons the time from another clock between two looks at it, as Valkey
    /// 9 does: what tells of time cannot be compared there.
    [[nodiscard]] bool stands_still() const { return stands_still_; }
    /// Neither does anything but let it pass: what was planned meanwhile happens.
    void pass(std::chrono::microseconds time);
    /// The clocks are set forward, and no time passes.
    void step(std::chrono::microseconds time);
    [[nodiscard]] std::int64_t time_us() const { return node_.clock_us(); }
    [[nodiscard]] simulated_node& simulated() { return node_; }
    /// A command for the real one alone, as redis_server shows it.
    std::string ask_real(const request& what) const { return server_->command(what); }
    /// Both are full from now on, or not any more.
    void set_full(bool yes);

  private:
    friend class client_of_both;
    class calm;

    void set_real_clock();
    [[nodiscard]] bool shows_its_time() const;
    [[nodiscard]] std::shared_ptr<wire> connect();

    boost::asio::io_context context_;
    support::settable_clock clock_{support::settable_clock::kind::stands};
    std::optional<support::redis_server> server_;
    bool stands_still_ = true;
    timeline time_;
    random_stream chance_{1, 1};
    scripts engine_;
    simulated_node node_{time_, engine_, 1, 0};
};

/// One client of each. Goes before what it is a client of.
class client_of_both final : private wire_end {
  public:
    explicit client_of_both(side_by_side& of);
    ~client_of_both();
    client_of_both(const client_of_both&) = delete;
    client_of_both& operator=(const client_of_both&) = delete;

    answers ask(const request& what) { return ask(what, what); }
    answers ask(const request& real, const request& simulated);

    struct news {
        std::vector<reply> real;
        std::vector<reply> simulated;
    };
    /// What they have said of their own accord, of one that has subscribed.
    news hear();

  private:
    void on_bytes(std::string_view bytes) override { simulated_ += bytes; }
    void on_end(bool /*reset*/) override { ended_ = true; }
    void send(const request& real, const request& simulated);
    reply next_real();
    reply next_simulated();

    side_by_side* of_;
    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<wire> wire_;
    std::string real_;  ///< What has not been read yet.
    std::string simulated_;
    bool ended_ = false;
};

/// An array of bulk strings.
[[nodiscard]] std::string bytes_of(const request& what);
/// In one line, for messages.
[[nodiscard]] std::string words_of(const request& what);
/// Takes one reply from the front; none if it is not complete. Throws std::runtime_error if it is
/// none.
[[nodiscard]] std::optional<reply> take_reply(std::string& bytes);
/// As every version words it; an error without where in a script it was.
[[nodiscard]] reply in_common_words(reply what);

}  // namespace redlock::testing
