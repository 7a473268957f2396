// What --json promises: exactly one object on standard output, whatever became of the subcommand.
// What went wrong is noted where it is said, and printed at the end if no result was. Main thread
// only.
#pragma once

#include <boost/json/object.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

namespace redlock::cli {

/// From here on a failure is printed as an object too.
void answer_in_json();

/// Notes what went wrong; the last one counts. `code` is a word that scripts may compare.
void note_failure(std::string_view code, std::string_view message, const diagnostics& why = {});

/// The word for an error of the library.
[[nodiscard]] std::string_view code_of(const error_code& error);

/// Prints a result, with `error` and `code` of what was noted, or null, and `nodes` if it has none
/// of its own. False if it could not be written.
[[nodiscard]] bool print_result(boost::json::object result);

/// Help was printed, which is no object.
void no_object_is_due();

/// At the very end: prints the object that is still due. Returns the exit status.
[[nodiscard]] int with_object(int status);

}  // namespace redlock::cli
