// The library's errors and events in words, and the exit statuses that they become. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <redlock/error.hpp>
#include <redlock/observer.hpp>
#include <string>
#include <string_view>

#include "cli/base/message.hpp"

namespace redlock::cli {

/// The status that stands for this error, `contended` standing for contended and timed out.
[[nodiscard]] int status_of(const error_code& error, int contended);

/// "3 readers", or "readers" where nobody knows how many.
[[nodiscard]] std::string readers_in_words(std::size_t count);

/// " (redlock explain no_quorum)" where a person sees the message, which is on a terminal, and the
/// message alone does not say what to do; else nothing: a log or a mail has the same line each
/// time.
[[nodiscard]] std::string hint_for(const error_code& error);

/// Says that a lock which was to be extended or released is gone.
void say_gone(std::string_view resource);
/// Says what went wrong with `what`, and why on each node, and returns `status_of`.
int say_error(std::string_view what, const error_code& error, const diagnostics& details,
              int contended);
/// The same of a resource, by its name as it is.
int say_resource_error(std::string_view resource, const error_code& error,
                       const diagnostics& details, int contended);

/// An event's name as logs have it: "node_ready".
[[nodiscard]] std::string name_of(event_kind kind);
/// How much it matters.
[[nodiscard]] severity severity_of(event_kind kind) noexcept;
/// An error's own name, be it of an operation or of a node; empty of any other.
[[nodiscard]] std::string_view name_of(const error_code& error) noexcept;

/// Tells every event on standard error, for `--verbose`.
[[nodiscard]] std::shared_ptr<observer> verbose_observer();
/// Tells what nobody may miss, and nothing else.
[[nodiscard]] std::shared_ptr<observer> warning_observer();

}  // namespace redlock::cli
