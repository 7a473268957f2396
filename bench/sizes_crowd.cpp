#include "bench/sizes_crowd.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <utility>

#include "bench/settle.hpp"
#include "bench/shapes_takers.hpp"

namespace bench {

namespace asio = boost::asio;

lock_crowd::lock_crowd(asio::io_context& io, redlock::lock_manager& locks, name_source name_of)
    : lock_crowd(io, locks, exclusive_locks(std::move(name_of))) {}

void lock_crowd::step_done(const char* what, const redlock::error_code& error) {
    if (error) {
        ++errors_;
        last_error_ = std::string{what} + ": " + error.message();
    }
    if (--left_ == 0) {
        io_.stop();
    }
}

void lock_crowd::acquire_next() {
    if (begun_ == held_.size()) {
        return;
    }
    const std::size_t number = begun_++;
    take_(locks_, number, options_,
          [this, number](const redlock::error_code& error, redlock::lock held) {
              held_[number] = std::move(held);
              acquire_next();
              step_done("acquire", error);
          });
}

void lock_crowd::release_next() {
    if (begun_ == held_.size()) {
        return;
    }
    held_[begun_++].async_release([this](const redlock::error_code& error) {
        release_next();
        step_done("release", error);
    });
}

void lock_crowd::run(std::size_t count, void (lock_crowd::*next)()) {
    if (count == 0) {
        return;
    }
    begun_ = 0;
    left_ = count;
    for (std::size_t made = 0; made < std::min(count, at_once_); ++made) {
        (this->*next)();
    }
    io_.restart();
    io_.run();
}

void lock_crowd::acquire(std::size_t count, const redlock::acquire_options& options) {
    options_ = options;
    held_.resize(count);
    run(count, &lock_crowd::acquire_next);
}

void lock_crowd::release() {
    std::erase_if(held_, [](const redlock::lock& each) { return each.resource().str().empty(); });
    run(held_.size(), &lock_crowd::release_next);
    held_.clear();
}

std::size_t lock_crowd::valid() const {
    return static_cast<std::size_t>(std::count_if(
        held_.begin(), held_.end(), [](const redlock::lock& each) { return each.valid(); }));
}

bool settle_on(asio::io_context& io, redlock::lock_manager& locks) {
    bool settled = false;
    asio::co_spawn(io, all_answer(locks, clock::now() + std::chrono::seconds{5}),
                   [&](std::exception_ptr failure, bool result) {
                       settled = !failure && result;
                       io.stop();
                   });
    io.restart();
    io.run();
    return settled;
}

void close_on(asio::io_context& io, redlock::lock_manager& locks) {
    locks.async_close([&](const redlock::error_code&) { io.stop(); });
    io.restart();
    io.run();
}

}  // namespace bench
