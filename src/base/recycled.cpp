// Lists of free blocks, one for each size; see recycled.hpp. By hand, because the pools of the
// standard library and of Boost either belong to one thread, take a lock that a fork may leave
// locked for ever, or never give anything back to the heap; and Asio keeps two blocks a thread.
#include "base/recycled.hpp"

#include <array>
#include <utility>

namespace redlock::base {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool keeps = false;
#else
constexpr bool keeps = true;
#endif
#else
constexpr bool keeps = true;
#endif

// Sizes are rounded up as the heap does, to what is left of each 16 bytes when it has taken 8 for
// itself: then nothing is lost to the rounding.
constexpr std::size_t grain = 16;
constexpr std::size_t of_the_heap = 8;

struct free_block {
    free_block* next;
};

constexpr std::size_t cost_of_text = sizeof(counted_text) + recycled_limits::text;

struct kept_by_thread {
    std::array<free_block*, (recycled_limits::block + of_the_heap) / grain> blocks{};
    counted_text* texts = nullptr;
    std::size_t bytes = 0;
    std::size_t next_to_go = 0;  // of `blocks`
    bool over = false;
    bool watched = false;
};

// Nothing destroys it: static objects may give something back when the thread's own are gone.
constinit thread_local kept_by_thread mine;

/// Gives all back to the heap at the end of the thread.
class end_of_thread {
  public:
    end_of_thread() = default;
    end_of_thread(const end_of_thread&) = delete;
    end_of_thread& operator=(const end_of_thread&) = delete;
    ~end_of_thread() {
        mine.over = true;
        mine.bytes = 0;
        for (free_block*& first : mine.blocks) {
            while (first != nullptr) {
                ::operator delete(std::exchange(first, first->next));
            }
        }
        while (mine.texts != nullptr) {
            const std::unique_ptr<counted_text> last{std::exchange(mine.texts, mine.texts->next)};
        }
    }
    /// Only a thread_local that is used is made, and so destroyed.
    void watch() noexcept { mine.watched = true; }
};

thread_local end_of_thread at_the_end;

/// Gives one block back to the heap, of each size in its turn. False if there is none.
bool let_go_of_one() noexcept {
    for (std::size_t looked_at = 0; looked_at < mine.blocks.size(); ++looked_at) {
        mine.next_to_go = (mine.next_to_go + 1) % mine.blocks.size();
        free_block*& first = mine.blocks[mine.next_to_go];
        if (first != nullptr) {
            mine.bytes -= (mine.next_to_go + 1) * grain - of_the_heap;
            ::operator delete(std::exchange(first, first->next));
            return true;
        }
    }
    return false;
}

/// Whether so many bytes are to be kept; they count from now on. Others make room for them, or what
/// nobody takes any more would for ever keep out what is taken all the time.
bool keep(std::size_t bytes) noexcept {
    if (!keeps || mine.over) {
        return false;
    }
    while (mine.bytes + bytes > recycled_limits::kept) {
        if (!let_go_of_one()) {
            return false;
        }
    }
    if (!mine.watched) {
        at_the_end.watch();
    }
    mine.bytes += bytes;
    return true;
}

std::size_t rounded(std::size_t size) noexcept {
    return (size + of_the_heap + grain - 1) / grain * grain - of_the_heap;
}

/// Of a size that is kept, rounded.
free_block*& list_of(std::size_t size) noexcept {
    return mine.blocks[size / grain];
}

}  // namespace

void* take_memory(std::size_t size) {
    if (!keeps || size == 0 || size > recycled_limits::block) {
        return ::operator new(size);
    }
    size = rounded(size);
    free_block*& first = list_of(size);
    if (first == nullptr) {
        return ::operator new(size);
    }
    mine.bytes -= size;
    return std::exchange(first, first->next);
}

void give_back(void* memory, std::size_t size) noexcept {
    if (size == 0 || size > recycled_limits::block || !keep(rounded(size))) {
        ::operator delete(memory);
        return;
    }
    free_block*& first = list_of(rounded(size));
    first = ::new (memory) free_block{first};
}

bool keeps_memory() noexcept {
    return keeps;
}

std::size_t kept_memory() noexcept {
    return mine.bytes;
}

counted_text* take_text() {
    counted_text* const first = mine.texts;
    if (first == nullptr) {
        return new counted_text;  // NOLINT(*-owning-memory)
    }
    mine.texts = first->next;
    mine.bytes -= cost_of_text;
    ::new (&first->references) std::atomic<std::size_t>{0};
    return first;
}

void give_back(counted_text* block) noexcept {
    if (block->text.capacity() <= recycled_limits::text && keep(cost_of_text)) {
        block->next = std::exchange(mine.texts, block);
    } else {
        delete block;  // NOLINT(*-owning-memory)
    }
}

}  // namespace redlock::base
