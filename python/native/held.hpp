// A lock that was acquired, as Python has it.
#pragma once

#include <nanobind/nanobind.h>

#include <redlock/lock.hpp>
#include <utility>

#include "engine.hpp"

namespace redlock::python {

/// Its own operations need the engine that it came from: in a forked child there is none.
class held {
  public:
    enum class origin { acquired, attached };

    explicit held(lock from, origin how = origin::acquired)
        : engine_(engine::running()), lock_(std::move(from)), origin_(how) {}

    /// Raises `Forked` in a child, `Closed` at the interpreter's end.
    lock& usable();
    [[nodiscard]] const lock& its() const noexcept { return lock_; }
    /// Gives it up without a release; in a child too.
    lock_token detach() noexcept { return lock_.detach(); }
    /// Releases it without waiting.
    void abandon() noexcept { lock_ = lock{}; }
    /// It was got, and nobody wants it: one that somebody else has acquired stays theirs.
    void discard() noexcept {
        if (origin_ == origin::attached) {
            lock_.detach();
        } else {
            abandon();
        }
    }

  private:
    engine* engine_;
    lock lock_;
    origin origin_;
};

struct show_held {
    static nanobind::object show(lock from) { return nanobind::cast(held{std::move(from)}); }
};

struct show_attached {
    static nanobind::object show(lock from) {
        return nanobind::cast(held{std::move(from), held::origin::attached});
    }
    static void discard(lock& from) noexcept { from.detach(); }
};

/// Raises what says why there is no engine any more, or not that one.
void require_engine(const engine* wanted);
/// Raises `Forked` if what came from this engine is a copy in a child.
void refuse_copies(const engine* wanted);

}  // namespace redlock::python
