// Included before all else where the library is a shared one, which hides what is not marked: Asio
// is not ours to hide. See cmake/shared_library.cmake.
#pragma once

#pragma GCC visibility push(default)
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#pragma GCC visibility pop
