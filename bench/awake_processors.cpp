#include "bench/awake_processors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>

namespace bench {

// The request is in force for as long as the file is open.
awake_processors::awake_processors()
    : request_(::open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC)) {
    constexpr std::int32_t longest_wake_us = 0;
    if (granted() &&
        ::write(request_, &longest_wake_us, sizeof(longest_wake_us)) != sizeof(longest_wake_us)) {
        ::close(request_);
        request_ = -1;
    }
}

awake_processors::~awake_processors() {
    if (granted()) {
        ::close(request_);
    }
}

}  // namespace bench
