#include "driver/lock_identity.hpp"

namespace redlock::driver {

holder_arguments::holder_arguments(const key_names& keys, const lock_identity& identity)
    : record_(identity.holder_record) {
    if (!record_.empty()) {
        key_ = keys.holder(identity.resource.str());
    }
}

}  // namespace redlock::driver
