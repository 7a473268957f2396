// Texts, times and counts between Python and the library. A resource may have any bytes: text is
// UTF-8, and bytes that are not come and go as surrogates, as in names of files.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace redlock::python {

[[nodiscard]] nanobind::str as_text(std::string_view bytes);
/// Of a str or bytes. Throws TypeError that names `what` otherwise.
[[nodiscard]] std::string bytes_of(nanobind::handle text, const char* what);

[[nodiscard]] inline double seconds_of(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}
template <class Duration>
[[nodiscard]] std::optional<double> seconds_of(const std::optional<Duration>& time) {
    return time ? std::optional{seconds_of(*time)} : std::nullopt;
}
/// Of a number of seconds or a timedelta. Throws TypeError or ValueError that names `what`.
[[nodiscard]] std::chrono::duration<double> duration_of(nanobind::handle seconds, const char* what);
/// The same to the nearest millisecond; ValueError if it is too long to be counted in them.
[[nodiscard]] std::chrono::milliseconds milliseconds_of(nanobind::handle seconds, const char* what);

/// Of an int that is not negative. Throws TypeError or ValueError that names `what`.
[[nodiscard]] std::size_t count_of(nanobind::handle number, const char* what);

}  // namespace redlock::python
