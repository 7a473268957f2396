// Random numbers that are the same on every compiler and machine: integers only, and no
// distribution of the standard library, whose results differ. Each part of the world draws from a
// stream of its own, so that leaving one part out changes little in the others. A value; one thread
// at a time.
#pragma once

#include <cstdint>

namespace redlock::testing {

class random_stream {
  public:
    random_stream() = default;
    random_stream(std::uint64_t seed, std::uint64_t stream)
        : state_(mixed(seed * 0x9e3779b97f4a7c15U + mixed(stream + 0x632be59bd9b4e019U))) {}

    std::uint64_t bits() {
        state_ += 0x9e3779b97f4a7c15U;
        return mixed(state_);
    }
    /// In [0, bound); `bound` is not zero. The bias is far below what anybody could notice here.
    std::uint64_t below(std::uint64_t bound) { return ((bits() >> 32) * bound) >> 32; }
    /// In [least, most].
    std::int64_t between(std::int64_t least, std::int64_t most) {
        const auto width = static_cast<std::uint64_t>(most - least) + 1;
        return least + static_cast<std::int64_t>(width >> 32 == 0 ? below(width) : bits() % width);
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    bool percent(std::uint64_t share) { return below(100) < share; }

  private:
    static constexpr std::uint64_t mixed(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

    std::uint64_t state_ = 0;
};

}  // namespace redlock::testing
