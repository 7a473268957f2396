// How much more memory is in use than at the beginning. Asks the sanitizer where there is one,
// which has its own allocator, else the C library. For a bound, not for accounts: the libraries
// keep some. One thread.
#pragma once

#include <malloc.h>

#include <cstddef>

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

namespace redlock::fuzz {

class memory_meter {
  public:
    memory_meter() : before_(in_use()) {}

    [[nodiscard]] std::size_t grown() const {
        const std::size_t now = in_use();
        return now > before_ ? now - before_ : 0;
    }

  private:
    static std::size_t in_use() {
        if (__sanitizer_get_current_allocated_bytes != nullptr) {
            return __sanitizer_get_current_allocated_bytes();
        }
        const auto all = ::mallinfo2();
        return all.uordblks + all.hblkhd;
    }

    std::size_t before_;
};

}  // namespace redlock::fuzz
