# The simulated world, for our own proofs and for users' tests: a library beside the other; paths
# from the root of the repository.
set(testing_sources
    src/testing/reply.cpp
    src/testing/request_reader.cpp
    src/testing/scripts.cpp
    src/testing/simulated_node.cpp
    src/testing/simulated_process.cpp
    src/testing/simulated_stream.cpp
    src/testing/simulated_world.cpp
    src/testing/store.cpp
    src/testing/store_hashes.cpp
    src/testing/wire.cpp
    src/testing/world.cpp
)
