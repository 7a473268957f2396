// One connection between a process and a server of a simulated world: bytes on their way in both
// directions, in order, each stretch with a delay of its own. Can be cut after any byte. Knows
// nothing of what the bytes mean. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "testing/random_stream.hpp"
#include "testing/timeline.hpp"

namespace redlock::testing {

enum class side : std::uint8_t { client, server };

/// What a connection ends in.
struct wire_end {
    virtual void on_bytes(std::string_view bytes) = 0;
    /// Nothing more will come. `reset`: nothing that is sent arrives any more either.
    virtual void on_end(bool reset) = 0;

  protected:
    ~wire_end() = default;
};

/// What the way between the two is like.
struct wire_weather {
    [[nodiscard]] virtual tick delay(side from) = 0;
    /// Until when nothing arrives there.
    [[nodiscard]] virtual tick blocked_until(side to) = 0;

  protected:
    ~wire_weather() = default;
};

class wire : public std::enable_shared_from_this<wire> {
  public:
    wire(timeline& time, random_stream& chance, std::shared_ptr<wire_weather> weather)
        : time_(&time), chance_(&chance), weather_(std::move(weather)) {}

    /// An end that is gone is null.
    void attach(side which, wire_end* end) { end_of(which) = end; }
    /// `heard` is called once the other end has heard the bytes, if it ever does.
    void send(side from, std::string_view bytes, std::function<void()> heard = {});
    /// What was sent still arrives, and then the end of it.
    void close(side from);
    /// What the client sent and has not arrived is lost from some byte on, unless `carried_out`;
    /// what the server sent is lost from some byte on. The server notices at once, the client
    /// `noticed_after`.
    void cut(bool carried_out, tick noticed_after);
    /// What the server says does not arrive until then.
    void mute(tick until) { muted_until_ = until; }
    [[nodiscard]] bool is_cut() const { return cut_; }

  private:
    struct stretch {
        tick arrives = 0;
        std::string bytes{};
        std::function<void()> heard{};
        bool ends = false;
        bool resets = false;
    };
    struct direction {
        std::deque<stretch> under_way;
        bool planned = false;
        bool closed = false;
    };

    [[nodiscard]] wire_end*& end_of(side which) { return ends_[static_cast<std::size_t>(which)]; }
    [[nodiscard]] direction& from(side which) { return ways_[static_cast<std::size_t>(which)]; }
    [[nodiscard]] tick blocked_until(side to) const;
    void push(side from, stretch what);
    void plan(side from);
    void deliver(side from);
    void lose_the_rest(direction& of);

    timeline* time_;
    random_stream* chance_;
    std::shared_ptr<wire_weather> weather_;
    std::array<wire_end*, 2> ends_{};
    std::array<direction, 2> ways_;
    tick muted_until_ = 0;
    bool cut_ = false;
};

}  // namespace redlock::testing
