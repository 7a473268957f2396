// The two streams: what is said to people goes to standard error and nowhere else, because standard
// output belongs to results and to the user's own command. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "cli/base/message.hpp"

namespace redlock::cli {

/// One line on standard error, written in one piece, in the form that suits what standard error is;
/// nothing under `--quiet`. The text must be printable and free of secrets.
void say(const message& what);
/// An error that has no event of its own.
void say(std::string_view text);
/// A line on the terminal that the next one, or the next message, is drawn over; empty: wipes it.
void draw(std::string_view text);
/// The line that `say` would write; empty under `--quiet`. For a forked process.
[[nodiscard]] std::string line_of(const message& what);
/// For `--log-format`.
void write_messages_as(log_format format);
/// Whether standard output is a terminal on which colour is wanted.
[[nodiscard]] bool may_colour_output();
/// For `--quiet`.
void be_quiet();

/// Writes all of it to standard output. False if that failed (a full disk, a closed pipe).
[[nodiscard]] bool print(std::string_view text);

}  // namespace redlock::cli
