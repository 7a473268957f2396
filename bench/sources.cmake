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
    bench/shapes_changes.cpp
    bench/shapes_costs.cpp
    bench/shapes_crowds.cpp
    bench/shapes_takers.cpp
    bench/sizes.cpp
    bench/sizes_crowd.cpp
    bench/sizes_cycles.cpp
    bench/sizes_held.cpp
    bench/sizes_managers.cpp
    bench/sizes_many_names.cpp
    bench/sizes_one_name.cpp
    bench/sizes_page.cpp
    bench/sizes_plot.cpp
    bench/sizes_report.cpp
    bench/sizes_series.cpp
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

# The library and the floors as contenders among the peers of bench/peers.
set(peer_sources
    bench/bare_node.cpp
    bench/floor.cpp
    bench/peers/cpp/library_workers.cpp
    bench/peers/cpp/protocol.cpp
    bench/peers/cpp/redlock_peer.cpp
    bench/settle.cpp
    bench/vouch.cpp
)

# The one peer in C++.
set(redis_plus_plus_sources
    bench/peers/cpp/protocol.cpp
    bench/peers/cpp/redis_plus_plus.cpp
)
