// One worker of a client: takes the lock, reads, thinks, writes, gives back, and tells its log each
// step before anything can follow from it. Lives until the event loop has returned. One thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <redlock/leadership.hpp>
#include <redlock/lock_manager.hpp>
#include <string>
#include <vector>

#include "faults/client.hpp"
#include "faults/record.hpp"

namespace redlock::faults {

enum class shape : std::uint8_t {
    lock,      ///< Plain, or shared in some turns.
    permit,    ///< One of two.
    several,   ///< Two names at once, of which others lock one.
    leader,    ///< Of a campaign; its turn is a term.
    observer,  ///< Sees who leads, and holds nothing.
};

class worker {
  public:
    worker(boost::asio::io_context& io, lock_manager& locks, const record_log& log,
           const client_request& request, shape kind, std::size_t number);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() = default;

    /// Until `stop`. Throws when the store or the log is gone.
    boost::asio::awaitable<void> run();
    /// Ends a wait for the lock at once, and a hold soon.
    void stop();

  private:
    boost::asio::awaitable<void> take_turn();
    boost::asio::awaitable<lock> acquire(bool shared);
    boost::asio::awaitable<void> use(lock& held, bool shared);
    boost::asio::awaitable<void> campaign();
    boost::asio::awaitable<void> observe();
    boost::asio::awaitable<void> update(lock& held);
    boost::asio::awaitable<void> look(lock& held);
    boost::asio::awaitable<void> become_reader(lock& held);
    boost::asio::awaitable<void> work_without_lock();
    boost::asio::awaitable<void> sleep(std::chrono::nanoseconds span);
    boost::asio::awaitable<record> ask_store(std::string request);

    void watch_for_loss(lock& held);
    void note(record_kind kind, const lock* held = nullptr);
    /// A record for each name that is guarded.
    void note(record_kind kind, std::uint64_t token, std::int64_t until);
    void note_permit(std::size_t slot);
    [[nodiscard]] acquire_options options();
    [[nodiscard]] std::uint64_t told_token(const lock& held) const;
    [[nodiscard]] std::int64_t told_until(const lock& held) const;
    [[nodiscard]] std::chrono::nanoseconds next_hold();
    [[nodiscard]] bool is_one_of_readers();
    [[nodiscard]] bool breaks(std::string_view name) const;

    lock_manager& locks_;
    const record_log& log_;
    const client_request& request_;
    shape shape_;
    std::string name_;
    std::string resource_;
    /// The names that nobody else may have at the same time: several, or the slot of a permit.
    std::vector<std::string> guarded_;
    std::optional<leader_view> seen_;
    boost::asio::local::stream_protocol::socket store_;
    boost::asio::steady_timer timer_;
    boost::asio::cancellation_signal cancel_;
    std::mt19937 random_;
    std::size_t turns_ = 0;
    const lock* current_ = nullptr;  ///< While it is held.
    std::exception_ptr term_failure_;
    bool lost_ = false;
    bool stopping_ = false;
};

}  // namespace redlock::faults
