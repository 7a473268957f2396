// The Lua scripts that the nodes run, embedded at build time from src/scripts/lua, one script a
// file, where each tells its keys, arguments and replies. Knows nothing of who calls them.
// Constants only: usable from any thread, and during static initialisation.
#pragma once

#include <array>
#include <string_view>

namespace redlock::scripts {

/// One script: what EVALSHA is given (`sha1`, 40 lower-case hex digits), and what EVAL is given
/// where the node does not know it yet (`body`, whose SHA1 that is).
struct script {
    std::string_view name;
    std::string_view sha1;
    std::string_view body;
};

extern const script acquire;
extern const script acquire_all;
extern const script acquire_in_line;
extern const script acquire_shared;
extern const script acquire_shared_in_line;
extern const script acquire_slot;
extern const script acquire_slot_in_line;
extern const script batch;
extern const script batch_shared;
extern const script extend;
extern const script extend_all;
extern const script extend_shared;
extern const script hello;
extern const script keep_permits;
extern const script release;
extern const script release_all;
extern const script release_shared;
extern const script status;
extern const script vouch;

/// All of them.
inline constexpr std::array all{&acquire,
                                &acquire_all,
                                &acquire_in_line,
                                &acquire_shared,
                                &acquire_shared_in_line,
                                &acquire_slot,
                                &acquire_slot_in_line,
                                &batch,
                                &batch_shared,
                                &extend,
                                &extend_all,
                                &extend_shared,
                                &hello,
                                &keep_permits,
                                &release,
                                &release_all,
                                &release_shared,
                                &status,
                                &vouch};

}  // namespace redlock::scripts
