// Requests out of a stream of bytes, as a server reads them: arrays of bulk strings. One thread at
// a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::testing {

class request_reader {
  public:
    void feed(std::string_view bytes) { bytes_.append(bytes); }
    /// The next request that is complete; none if more bytes are needed, or if what there is makes
    /// no sense.
    [[nodiscard]] std::optional<std::vector<std::string>> next();
    /// No request can be found in it any more.
    [[nodiscard]] bool broken() const { return broken_; }

  private:
    [[nodiscard]] std::optional<std::size_t> count_after(char type, std::size_t& at);

    std::string bytes_;
    std::size_t done_ = 0;
    bool broken_ = false;
};

}  // namespace redlock::testing
