// The floor: the same work without a client library. Every command is formatted beforehand, written
// to all nodes, and then all replies are read; per cycle only a few digits change. It waits for
// every node and judges nothing, which is what a lock client can at best come near to. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bare_node.hpp"
#include "bench/slice.hpp"

namespace bench {

enum class floor_kind {
    plain,  ///< SET NX PX, then a compare-and-delete script.
    own,    ///< The library's own scripts.
};

/// A batch of equal commands in which the resource's number and the ballot are changed in place.
class prepared_batch {
  public:
    /// `name_mark` and `ballot_mark` are the texts in `command` to be changed; a fixed width each.
    prepared_batch(std::string_view command, std::size_t count, std::string_view name_mark,
                   std::string_view ballot_mark);

    /// Names from `first_name` on, one a command; the ballot for all of them.
    void patch(std::size_t first_name, std::uint64_t ballot);
    [[nodiscard]] std::string_view bytes() const { return text_; }

  private:
    struct place {
        std::size_t offset;
        std::size_t command;
    };
    std::string text_;
    std::vector<place> names_;
    std::vector<std::size_t> ballots_;
    std::size_t name_width_;
    std::size_t ballot_width_;
};

class floor {
  public:
    /// `nodes` must outlive it. `at_once` cycles travel in one write per node. Resources are taken
    /// in turn from `names`, so that none is used again before its ballot has aged.
    floor(floor_kind kind, std::vector<bare_node>& nodes, std::size_t node_count,
          std::size_t at_once, std::size_t names);

    slice run(nanoseconds length);
    /// Of the acquire half of each cycle, all slices together.
    [[nodiscard]] const std::vector<nanoseconds>& latencies() const { return latencies_; }

  private:
    /// Result: how many replies were not the expected ones.
    std::size_t exchange(std::string_view bytes, bool (*expected)(std::string_view reply));

    std::vector<bare_node>& nodes_;
    std::size_t node_count_;
    std::size_t at_once_;
    std::size_t names_;
    std::size_t next_name_ = 0;
    bool (*granted_)(std::string_view reply);
    prepared_batch acquire_;
    prepared_batch release_;
    std::vector<nanoseconds> latencies_;
};

}  // namespace bench
