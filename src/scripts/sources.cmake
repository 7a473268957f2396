# Each but for the parts is embedded as redlock::scripts::<file name>, declared in scripts.hpp.
set(script_bodies
    src/scripts/lua/acquire.lua
    src/scripts/lua/acquire_in_line.lua
    src/scripts/lua/batch.lua
    src/scripts/lua/extend.lua
    src/scripts/lua/hello.lua
    src/scripts/lua/parts/time.lua
    src/scripts/lua/parts/together.lua
    src/scripts/lua/release.lua
    src/scripts/lua/status.lua
    src/scripts/lua/vouch.lua
)
