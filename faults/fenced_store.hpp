// What the lock guards in a fault run: a number for each resource, behind the rule that every store
// should follow. The first operation of a new holder, reads included, raises the largest token
// seen; a smaller one is refused. Readers among themselves are in no order, so there are two
// largest tokens: a reader is held against that of writers, a writer against both. Decides only: no
// socket, no clock. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "faults/record.hpp"

namespace redlock::faults {

class fenced_store {
  public:
    /// `blind`: takes everything, as a store without the rule would; to prove that the judge sees.
    explicit fenced_store(bool blind = false) : blind_(blind) {}

    /// Each answers what happened, without an instant and a worker: `read` or `looked` with the
    /// value, `wrote`, or `refused`.
    record read(const std::string& resource, std::uint64_t token);
    record look(const std::string& resource, std::uint64_t token);
    record write(const std::string& resource, std::uint64_t token, std::uint64_t value);

    /// One request in text, "read RESOURCE TOKEN", "look RESOURCE TOKEN" or "write RESOURCE TOKEN
    /// VALUE". Throws std::runtime_error for anything else.
    record handle(std::string_view request);

  private:
    struct row {
        std::uint64_t value = 0;
        std::uint64_t largest = 0;  ///< Of writers,
        std::uint64_t looked = 0;   ///< and of readers.
    };

    [[nodiscard]] static record refusal(const std::string& resource, std::uint64_t token,
                                        const row& stored);
    [[nodiscard]] bool raise(row& stored, std::uint64_t token) const;

    bool blind_;
    std::map<std::string, row> rows_;
};

}  // namespace redlock::faults
