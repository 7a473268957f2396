# The benchmark, paths relative to the root.
set(bench_sources
    bench/main.cpp
    bench/arguments.cpp
    bench/awake_processors.cpp
    bench/bare_node.cpp
    bench/cells.cpp
    bench/floor.cpp
    bench/frozen.cpp
    bench/hand_over.cpp
    bench/hand_over_process.cpp
    bench/hand_over_record.cpp
    bench/hand_over_worker.cpp
    bench/library_side.cpp
    bench/report.cpp
    bench/server_commands.cpp
    bench/settle.cpp
    bench/terms_cost.cpp
    bench/vouch.cpp
)

# What one cycle asks of the machine, for the tests in tests/cost.
set(cycles_sources
    bench/counters.cpp
    bench/cycles.cpp
    bench/library_side.cpp
    bench/settle.cpp
)
