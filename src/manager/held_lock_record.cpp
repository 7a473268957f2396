// What a held lock has on the nodes beside its token: a text of its holder's, which extensions
// carry there. Strand only.
#include <fmt/format.h>

#include <utility>

#include "driver/votes.hpp"
#include "manager/held_lock.hpp"

namespace redlock::manager {

error_code held_lock::proclaim(const std::string& text,
                               std::shared_ptr<driver::extend_attempt::owner> asker) {
    if (mode() == lock_mode::shared) {
        note_error({"only an exclusive lock can have a text proclaimed", {}});
        return errc::invalid_argument;
    }
    if (identity_->kind != driver::lock_kind::plain) {
        note_error(
            {"neither a permit nor a lock of several resources can have a text proclaimed", {}});
        return errc::invalid_argument;
    }
    if (text.size() > lock::max_proclaimed) {
        note_error({fmt::format("the text to proclaim has {} bytes; at most {} are allowed",
                                text.size(), lock::max_proclaimed),
                    {}});
        return errc::invalid_argument;
    }
    if (stage_ == stage::held && !manager_->closed()) {
        identity_.set_record(driver::next_edition(driver::record_of(*identity_), fencing().value(),
                                                  token().str(), text));
    }
    return extend(std::nullopt, std::move(asker));
}

void held_lock::tell_observers() {
    manager_->tell_observers(resource());
}

}  // namespace redlock::manager
