# Without main.cpp, which only the program has.
set(sim_sources
    sim/checker.cpp
    sim/client.cpp
    sim/coverage.cpp
    sim/plan.cpp
    sim/plan_units.cpp
    sim/recorder.cpp
    sim/restarts.cpp
    sim/scenes.cpp
    sim/shrink.cpp
    sim/stranger.cpp
    sim/swarm.cpp
    sim/user.cpp
    sim/witness.cpp
    sim/witness_requests.cpp
    sim/world.cpp
)
