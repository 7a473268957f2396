// Memory without a name, so that nothing is left behind however the demo ends.
#include "cli/demo/demo_store.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace redlock::cli {

shared_store::shared_store() : descriptor_(::memfd_create("redlock-demo", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || ::ftruncate(descriptor_, sizeof(demo_store)) != 0) {
        throw std::system_error(errno, std::generic_category(), "shared memory");
    }
    map();
    new (store_) demo_store;
}

shared_store::shared_store(int descriptor) : descriptor_(descriptor) {
    map();
}

void shared_store::map() {
    void* memory =
        ::mmap(nullptr, sizeof(demo_store), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    if (memory == MAP_FAILED) {  // NOLINT(*-cstyle-cast, *-int-to-ptr): the system's macro
        throw std::system_error(errno, std::generic_category(), "shared memory");
    }
    store_ = static_cast<demo_store*>(memory);
}

shared_store::~shared_store() {
    ::munmap(store_, sizeof(demo_store));
    ::close(descriptor_);
}

}  // namespace redlock::cli
