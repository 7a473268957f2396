# What all rooms stand on, and the bodies of the public interface that depend on nothing.
set(base_sources
    src/base/clock.cpp
    src/base/duration.cpp
    src/base/error.cpp
    src/base/forks.cpp
    src/base/glob.cpp
    src/base/names.cpp
    src/base/recycled.cpp
    src/base/resource_names.cpp
    src/base/same_asio.cpp
    src/base/shown_text.cpp
    src/base/types.cpp
)
