# The simulated world, for our own proofs and for users' tests: a library beside the other; paths
# from the root of the repository.
set(testing_sources
    testing/reply.cpp
    testing/request_reader.cpp
    testing/scripts.cpp
    testing/simulated_node.cpp
    testing/simulated_process.cpp
    testing/simulated_stream.cpp
    testing/simulated_world.cpp
    testing/store.cpp
    testing/store_hashes.cpp
    testing/store_sorted_sets.cpp
    testing/wire.cpp
    testing/world.cpp
)
