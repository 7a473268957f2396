# The benchmark, paths relative to the root.
set(bench_sources
    bench/main.cpp
    bench/arguments.cpp
    bench/bare_node.cpp
    bench/cells.cpp
    bench/floor.cpp
    bench/frozen.cpp
    bench/library_side.cpp
    bench/report.cpp
)
