// One acquisition, and one way to take over by a token, for all shapes of locks. Main thread only.
#pragma once

#include <redlock/lock_manager.hpp>
#include <string>
#include <utility>

#include "cli/options/shape_options.hpp"

namespace redlock::cli {

/// Begins it; the token decides what is returned.
template <class Token>
[[nodiscard]] auto begin_acquire(lock_manager& locks, const std::string& resource,
                                 const shape_options& options, lock_shape shape,
                                 const acquire_options& wanted, Token token) {
    switch (shape) {
        case lock_shape::permit:
            return locks.async_acquire_any(semaphore{resource, options.permits.value()}, wanted,
                                           std::move(token));
        case lock_shape::several:
            return locks.async_acquire_all(options.names(resource), wanted, std::move(token));
        case lock_shape::shared:
            return locks.async_acquire_shared(resource, wanted, std::move(token));
        case lock_shape::exclusive:
            break;
    }
    return locks.async_acquire(resource, wanted, std::move(token));
}

/// Takes over what the token holds; the token alone tells an exclusive lock from a shared one.
template <class Token>
[[nodiscard]] auto begin_attach(lock_manager& locks, const std::string& resource,
                                const shape_options& options, lock_shape shape,
                                const std::string& identifier, const acquire_options& wanted,
                                const Token& token) {
    const lock_token its{identifier};
    switch (shape) {
        case lock_shape::permit:
            return locks.async_attach_any(semaphore{resource, options.permits.value()}, its, wanted,
                                          token);
        case lock_shape::several:
            return locks.async_attach_all(options.names(resource), its, wanted, token);
        case lock_shape::shared:
        case lock_shape::exclusive:
            break;
    }
    return locks.async_attach(resource, its, wanted, token);
}

}  // namespace redlock::cli
