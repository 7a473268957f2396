// The texts behind names and tokens, which every copy of one shares.
#include "redlock/types.hpp"

#include "base/recycled.hpp"

namespace redlock::detail {

namespace {

base::counted_text& counted(text_block& block) noexcept {
    return static_cast<base::counted_text&>(block);
}

}  // namespace

void intrusive_ptr_add_ref(text_block* block) noexcept {
    counted(*block).references.fetch_add(1, std::memory_order_relaxed);
}

void intrusive_ptr_release(text_block* block) noexcept {
    // Whoever lets go last gives back what all the others have done with.
    if (counted(*block).references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        base::give_back(&counted(*block));
    }
}

shared_text share_text(std::string_view text) {
    if (text.empty()) {
        return nullptr;
    }
    // The pointer gives the block back even if there is no memory for the characters.
    shared_text shared{base::take_text()};
    if (shared->text.capacity() < text.size()) {
        shared->text =
            std::string{text};  // with no more room than it needs, as `assign` would have
    } else {
        shared->text.assign(text);
    }
    return shared;
}

const std::string& no_text() noexcept {
    // Never destroyed: a static object of the program may still ask.
    static const auto& none = *new std::string;  // NOLINT(*-owning-memory,*-exception-at-new)
    return none;
}

}  // namespace redlock::detail
