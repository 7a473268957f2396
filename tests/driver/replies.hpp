// Replies as a server would write them, for tests of what reads them. Keeps the bytes and the
// reader's storage alive for as long as the view is looked at. One thread.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "redis/wire/resp_reader.hpp"

namespace redlock::driver {

class written_reply {
  public:
    explicit written_reply(std::string_view bytes) : bytes_(bytes) {
        reader_.feed({bytes_.data(), bytes_.size()});
        if (reader_.next() != redis::resp_reader::status::reply) {
            throw std::invalid_argument("no reply: " + bytes_);
        }
    }

    [[nodiscard]] redis::reply_view view() const { return reader_.current(); }

    /// A bulk string, to build arrays from.
    static std::string bulk(std::string_view bytes) {
        return "$" + std::to_string(bytes.size()) + "\r\n" + std::string{bytes} + "\r\n";
    }

  private:
    std::string bytes_;
    redis::resp_reader reader_;
};

}  // namespace redlock::driver
