// The texts behind names and tokens, which every copy of one shares.
#include "redlock/types.hpp"

#include "base/recycled.hpp"

namespace redlock::detail {

shared_text share_text(std::string_view text) {
    return text.empty() ? nullptr : base::share_text(text);
}

const std::string& text_of(const shared_text& text) noexcept {
    // Never destroyed: a static object of the program may still ask.
    static const auto& none = *new std::string;  // NOLINT(*-owning-memory,*-exception-at-new)
    return text ? *text : none;
}

}  // namespace redlock::detail
