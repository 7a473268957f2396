// One Redis server over a plain blocking socket: write bytes, read replies line by line. This is
// what the floors are measured with, so it must stay as simple as a client can be and hold no lock
// logic. Used by one thread.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <redlock/endpoint.hpp>
#include <string>
#include <string_view>

namespace bench {

/// Appends a command as Redis reads it.
void append_command(std::string& out, std::initializer_list<std::string_view> arguments);

class bare_node {
  public:
    /// Connects and logs in. Throws std::system_error or std::runtime_error.
    explicit bare_node(const redlock::endpoint& where);
    bare_node(bare_node&& other) noexcept;
    bare_node& operator=(bare_node&&) = delete;
    ~bare_node();

    /// Writes all of it. Throws std::system_error.
    void write(std::string_view bytes);
    /// Reads one reply, however many lines it has. Result: its first line without the line end,
    /// valid until the next call. Throws if the connection ends.
    std::string_view read_reply();
    /// One command and its reply; a bulk string is returned whole. Throws on an error reply.
    std::string ask(std::initializer_list<std::string_view> arguments);

  private:
    std::string_view read_line();
    std::string read_exactly(std::size_t size);
    void fill();

    int socket_ = -1;
    std::array<char, 64 * 1024> buffer_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string line_;   ///< A line that straddles two reads.
    std::string first_;  ///< The first line of a reply of several lines.
};

}  // namespace bench
