// Processes and nodes in one simulated time, and what lies between them. Decides nothing about
// locks: whatever makes trouble in it, a test or a plan, says what is to happen. One thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "testing/random_stream.hpp"
#include "testing/scripts.hpp"
#include "testing/simulated_node.hpp"
#include "testing/simulated_process.hpp"
#include "testing/timeline.hpp"

namespace redlock::testing {

// What clocks show when a world begins, unless they are set: 1,000 s since boot, in 2030.
inline constexpr tick since_boot = 1'000 * second;
inline constexpr tick wall_time = 1'893'456'000 * second;

/// How long a message takes.
struct message_times {
    tick fastest = 100 * microsecond;
    tick slowest = millisecond;
    /// On one way all take equally long.
    bool steady = false;
};

class simulated_world final : private network {
  public:
    /// `engine` may serve one world after the other, and outlives this one.
    simulated_world(scripts& engine, std::uint64_t seed, std::size_t nodes, message_times times);
    ~simulated_world();
    simulated_world(const simulated_world&) = delete;
    simulated_world& operator=(const simulated_world&) = delete;

    [[nodiscard]] timeline& time() { return *time_; }
    [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }
    [[nodiscard]] simulated_node& at(std::size_t which) { return *nodes_.at(which); }
    [[nodiscard]] static std::string url(std::size_t which);

    simulated_process& add_process();
    [[nodiscard]] simulated_process& process_at(std::size_t which) { return *processes_.at(which); }

    /// Has one thing after the other happen, and whatever gets ready by it, until `done()`, which
    /// is asked before each, or until nothing is left that happens by `end`. Whether it was done.
    bool run_until(tick end, const std::function<bool()>& done);

    // Between a process and a node.
    void slow_down(std::size_t from, std::size_t to, tick by, tick until);
    /// Nothing arrives until then, in either direction.
    void part(std::size_t from, std::size_t to, tick until);
    void cut(std::size_t from, std::size_t to, bool carried_out, tick noticed_after);

  private:
    class way;

    void settle();
    std::optional<server> find(const endpoint& where) override;
    bool answers(server which) override { return at(which).is_up(); }
    std::shared_ptr<wire_weather> weather(simulated_process& from, server to) override;
    std::shared_ptr<wire> connect(simulated_process& from, server to,
                                  const std::shared_ptr<wire_weather>& weather) override;
    [[nodiscard]] const std::shared_ptr<way>& between(std::size_t from, std::size_t to);

    std::shared_ptr<timeline> time_ = std::make_shared<timeline>();
    std::uint64_t seed_;
    random_stream chance_;
    message_times times_;
    std::vector<std::unique_ptr<simulated_node>> nodes_;
    std::vector<std::shared_ptr<simulated_process>> processes_;
    std::map<std::pair<std::size_t, std::size_t>, std::shared_ptr<way>> ways_;
};

}  // namespace redlock::testing
