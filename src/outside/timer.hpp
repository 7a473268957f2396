// One wake-up at a time, however it comes about. Strand only.
#pragma once

#include <memory>
#include <redlock/clock.hpp>

namespace redlock::outside {

class timer {
  public:
    struct owner {
        /// It is time, or was: something earlier that was called off may still ring once.
        virtual void on_time() = 0;
        /// This is a copy in a forked child, where nothing rings any more.
        virtual void on_forked() = 0;

      protected:
        ~owner() = default;
    };

    timer() = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    /// The owner hears nothing afterwards.
    virtual ~timer() = default;

    /// Wakes the owner at `at` and no longer at what was armed before, and keeps the event loop
    /// running until then.
    virtual void arm(boot_clock::time_point at) = 0;
    /// Nothing is waited for, and nothing is left in the event loop.
    virtual void disarm() = 0;
    /// While it waits, it keeps `whom` alive, and nothing else has to: when the event loop is
    /// destroyed, so is its wait, and with it `whom`.
    virtual void keep_alive(std::weak_ptr<void> whom) = 0;
};

}  // namespace redlock::outside
