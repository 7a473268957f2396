// An application and its library must see the same Asio: another version of Boost, or another way
// to compile Asio, gives the same classes another layout, and the program fails far from the cause.
// So each file that includes this header refers to a symbol whose name contains the settings, and
// the library defines the one for its own settings. `undefined reference to
// redlock::needs::boost_108100_asio_separate` means: build the application with the settings with
// which the library was built. No code runs; any thread.
#pragma once

#include <boost/asio/detail/config.hpp>
#include <boost/version.hpp>

#include "redlock/export.hpp"

#if defined(BOOST_ASIO_SEPARATE_COMPILATION)
#define REDLOCK_ASIO_FORM _asio_separate
#else
#define REDLOCK_ASIO_FORM _asio_header_only
#endif
#if defined(BOOST_ASIO_HAS_THREADS)
#define REDLOCK_ASIO_THREADS
#else
#define REDLOCK_ASIO_THREADS _no_threads
#endif
#if defined(BOOST_ASIO_HAS_IO_URING)
#define REDLOCK_ASIO_RINGS _io_uring
#else
#define REDLOCK_ASIO_RINGS
#endif
#if defined(BOOST_ASIO_HAS_EPOLL)
#define REDLOCK_ASIO_EVENTS
#else
#define REDLOCK_ASIO_EVENTS _no_epoll
#endif
#if defined(BOOST_ASIO_ENABLE_HANDLER_TRACKING)
#define REDLOCK_ASIO_TRACKING _handler_tracking
#else
#define REDLOCK_ASIO_TRACKING
#endif

#define REDLOCK_JOINED_(boost, form, threads, rings, events, tracking) \
    boost_##boost##form##threads##rings##events##tracking
#define REDLOCK_JOINED(boost, form, threads, rings, events, tracking) \
    REDLOCK_JOINED_(boost, form, threads, rings, events, tracking)
#define REDLOCK_ASIO_SETTINGS                                                                  \
    REDLOCK_JOINED(BOOST_VERSION, REDLOCK_ASIO_FORM, REDLOCK_ASIO_THREADS, REDLOCK_ASIO_RINGS, \
                   REDLOCK_ASIO_EVENTS, REDLOCK_ASIO_TRACKING)

namespace redlock::needs {

REDLOCK_API extern const char REDLOCK_ASIO_SETTINGS;

#if defined(__GNUC__)
[[gnu::used]]
#endif
// Only the address is taken, which is constant. NOLINTNEXTLINE(*-interfaces-global-init)
inline const char* const same_asio_as_the_library = &REDLOCK_ASIO_SETTINGS;

}  // namespace redlock::needs
