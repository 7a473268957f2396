// All that lies outside of the library, behind one interface: what time it is, when to be woken,
// chance, and how a server is reached. The rest of the library asks nobody else, so that it runs
// unchanged in a simulated world. The machine is the usual one; see system/machine.hpp.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <redlock/clock.hpp>
#include <redlock/export.hpp>

#include "outside/byte_stream.hpp"
#include "outside/timer.hpp"

namespace redlock::outside {

class environment {
  public:
    using seed = std::array<std::uint32_t, 8>;

    environment() = default;
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    virtual ~environment() = default;

    // Any thread.
    [[nodiscard]] virtual boot_clock::time_point now() const noexcept = 0;
    /// Of day and date: may be wrong, and may be set.
    [[nodiscard]] virtual std::chrono::system_clock::time_point wall_now() const noexcept = 0;
    /// What nobody can foresee: tokens are drawn from a generator that begins with it.
    [[nodiscard]] virtual seed draw_seed() = 0;

    /// `owner` outlives it.
    [[nodiscard]] virtual std::unique_ptr<timer> make_timer(
        const boost::asio::any_io_executor& strand, timer::owner& owner) = 0;
    [[nodiscard]] virtual std::unique_ptr<byte_stream> make_stream(
        const boost::asio::any_io_executor& strand) = 0;
};

/// That of the event loop behind an executor: what it was placed in, otherwise the machine.
[[nodiscard]] std::shared_ptr<environment> environment_of(
    const boost::asio::any_io_executor& executor);

/// Places an event loop in `where`, before anything of ours uses it.
REDLOCK_API void place(boost::asio::execution_context& loop, std::shared_ptr<environment> where);

}  // namespace redlock::outside
