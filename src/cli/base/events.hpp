// The names of what the command says of itself, as logs have them. Scripts compare them: none may
// change its meaning. Those of the library's events are `to_string(event_kind)` with "_" for a
// blank.
#pragma once

#include <array>
#include <string_view>

namespace redlock::cli::events {

inline constexpr std::string_view already_gone = "already_gone";
inline constexpr std::string_view background_ended = "background_ended";
inline constexpr std::string_view cannot_execute = "cannot_execute";
inline constexpr std::string_view default_node = "default_node";
inline constexpr std::string_view doubtful_setting = "doubtful_setting";
inline constexpr std::string_view failed = "failed";
inline constexpr std::string_view incomplete_list = "incomplete_list";
inline constexpr std::string_view keeper_ended = "keeper_ended";
inline constexpr std::string_view lock_lost = "lock_lost";
inline constexpr std::string_view not_acquired = "not_acquired";
inline constexpr std::string_view other_settings = "other_settings";
inline constexpr std::string_view outage = "outage";
inline constexpr std::string_view overrun = "overrun";
inline constexpr std::string_view proclaim_unsure = "proclaim_unsure";
inline constexpr std::string_view redlock_killed = "redlock_killed";
inline constexpr std::string_view release_unsure = "release_unsure";
inline constexpr std::string_view runs_again = "runs_again";
inline constexpr std::string_view serving = "serving";
inline constexpr std::string_view signal_refused = "signal_refused";
inline constexpr std::string_view usage = "usage";
inline constexpr std::string_view waiting = "waiting";

inline constexpr std::array all{already_gone,     background_ended, cannot_execute,  default_node,
                                doubtful_setting, failed,           incomplete_list, keeper_ended,
                                lock_lost,        not_acquired,     other_settings,  outage,
                                overrun,          proclaim_unsure,  redlock_killed,  release_unsure,
                                runs_again,       serving,          signal_refused,  usage,
                                waiting};

}  // namespace redlock::cli::events
