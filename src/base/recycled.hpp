// Memory that is used again: what an acquisition and its release need for a moment is taken from
// what an earlier one gave back, so that none of it is asked of the heap in the steady state.
//
// Threads: each thread keeps for itself what was given back on it, so nothing here is locked or
// shared. Any thread may give back what another has taken; the last reference to a lock may be
// dropped anywhere. A forked child keeps what its one thread kept.
//
// Bounds: a thread keeps 1 MiB at most, what some hundred locks at once leave behind, and nothing
// once it has ended. What is larger than `recycled_limits::block`, or finds no room, comes from the
// heap and goes back there. So does all under the address sanitizer, which would not see the use of
// what was given back.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "redlock/types.hpp"

namespace redlock::base {

struct recycled_limits {
    static constexpr std::size_t block = 2040;    ///< The largest that is kept.
    static constexpr std::size_t text = 256;      ///< Bytes that a kept text may have room for.
    static constexpr std::size_t kept = 1 << 20;  ///< Bytes that a thread keeps in all.
};

/// As operator new.
[[nodiscard]] void* take_memory(std::size_t size);
/// `size`: as it was taken.
void give_back(void* memory, std::size_t size) noexcept;
/// False where all comes from the heap.
[[nodiscard]] bool keeps_memory() noexcept;
/// What this thread keeps, in bytes; not more than `recycled_limits::kept`.
[[nodiscard]] std::size_t kept_memory() noexcept;

/// What names and tokens share. What counts its owners is inside, since a held lock keeps several.
struct counted_text : detail::text_block {
    union {
        std::atomic<std::size_t> references = 0;
        counted_text* next;  ///< While nobody refers to it.
    };
};

/// A block whose text may be any, for `give_back` to take. Of the usual length a text costs no
/// memory of the heap: its room is used again as well.
[[nodiscard]] counted_text* take_text();
void give_back(counted_text* block) noexcept;

/// An allocator of such memory.
template <class T>
struct recycled {
    using value_type = T;

    recycled() noexcept = default;
    template <class Other>
    recycled(const recycled<Other>& /*other*/) noexcept {}  // NOLINT(*-explicit-*)

    [[nodiscard]] T* allocate(std::size_t count) {
        static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
        if (count > static_cast<std::size_t>(-1) / sizeof(T)) {
            throw std::bad_array_new_length{};
        }
        return static_cast<T*>(take_memory(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t count) noexcept { give_back(memory, count * sizeof(T)); }

    template <class Other>
    bool operator==(const recycled<Other>& /*other*/) const noexcept {
        return true;
    }
};

/// For those who only pass it on, as Asio does.
template <>
struct recycled<void> {
    using value_type = void;

    recycled() noexcept = default;
    template <class Other>
    recycled(const recycled<Other>& /*other*/) noexcept {}  // NOLINT(*-explicit-*)

    template <class Other>
    bool operator==(const recycled<Other>& /*other*/) const noexcept {
        return true;
    }
};

/// A string in such memory.
using recycled_string = std::basic_string<char, std::char_traits<char>, recycled<char>>;

/// As std::make_shared.
template <class T, class... Arguments>
[[nodiscard]] std::shared_ptr<T> make_recycled(Arguments&&... arguments) {
    return std::allocate_shared<T>(recycled<std::remove_cv_t<T>>{},
                                   std::forward<Arguments>(arguments)...);
}

/// A base of what is made by new and deleted as its own type, or through a virtual destructor.
struct in_recycled_memory {
    // NOLINTNEXTLINE(misc-new-delete-overloads): the one below, which knows the size, is its match
    static void* operator new(std::size_t size) { return take_memory(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        give_back(memory, size);
    }
};

}  // namespace redlock::base
