# The programs whose marked parts the pages show. Each is compiled by itself; none is run, except for
# testing.cpp, which is in tests/testing/sources.cmake.
set(doc_snippets
    docs/snippets/readme.cpp
    docs/snippets/configuration.cpp
    docs/snippets/fencing.cpp
    docs/snippets/first_lock.cpp
    docs/snippets/fork.cpp
    docs/snippets/interface.cpp
    docs/snippets/metrics.cpp
    docs/snippets/migration.cpp
)
