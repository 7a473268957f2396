#include "core/accord.hpp"

namespace redlock::core {

accord compare(const client_terms& ours, const kept_terms& theirs) {
    if (theirs.nodes && *theirs.nodes != ours.nodes) {
        return accord::other_number;
    }
    if (theirs.times != ours.times) {
        return accord::other_settings;
    }
    return accord::same;
}

bool bars_client(accord found) {
    return found == accord::other_number;
}

}  // namespace redlock::core
