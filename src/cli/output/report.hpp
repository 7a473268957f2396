// All that the command says to people, on standard error and nowhere else: standard output belongs
// to results and to the user's own command. Also turns the library's errors into exit statuses. Any
// thread.
#pragma once

#include <memory>
#include <redlock/error.hpp>
#include <redlock/observer.hpp>
#include <string>
#include <string_view>

namespace redlock::cli {

/// One line "redlock: ..." on standard error, written in one piece; unless told to be quiet.
/// `text` must be printable and free of secrets.
void say(std::string_view text);
/// Of a lock that was to be extended or released: that it is gone.
void say_gone(std::string_view resource);
/// A line on the terminal that the next one, or whatever is said, is drawn over; empty: wipes it.
void draw(std::string_view text);
/// The line that `say` would write; empty if told to be quiet. For a forked process.
[[nodiscard]] std::string line_of(std::string_view text);
/// For `--quiet`.
void be_quiet();

/// Writes all of it to standard output. False if that failed (a full disk, a closed pipe).
[[nodiscard]] bool print(std::string_view text);

/// The status that stands for this error, `contended` standing for contended and timed out.
[[nodiscard]] int status_of(const error_code& error, int contended);

/// Says what went wrong with `what`, and why on each node, and returns `status_of`.
int say_error(std::string_view what, const error_code& error, const diagnostics& details,
              int contended);

/// Tells every event on standard error, for `--verbose`.
[[nodiscard]] std::shared_ptr<observer> verbose_observer();
/// Tells what nobody may miss, and nothing else.
[[nodiscard]] std::shared_ptr<observer> warning_observer();

}  // namespace redlock::cli
