# The fuzz targets, and what each is made of besides what they share; paths from the root of the
# repository.
set(fuzz_targets
    arguments command_line command_queue configuration connection endpoint invalidations replies
    resp_reader rounds shapes)
set(fuzz_arguments_sources tests/fuzz/arguments.cpp)
set(fuzz_command_line_sources tests/fuzz/command_line.cpp)
set(fuzz_command_queue_sources tests/fuzz/command_queue.cpp)
set(fuzz_configuration_sources tests/fuzz/configuration.cpp)
set(fuzz_connection_sources tests/fuzz/connection.cpp)
set(fuzz_endpoint_sources tests/fuzz/endpoint.cpp)
set(fuzz_invalidations_sources tests/fuzz/invalidations.cpp)
set(fuzz_replies_sources tests/fuzz/replies.cpp)
set(fuzz_resp_reader_sources tests/fuzz/resp_reader.cpp)
set(fuzz_rounds_sources
    tests/fuzz/rounds.cpp
    tests/fuzz/rounds_holding.cpp
    tests/fuzz/rounds_votes.cpp
    tests/fuzz/rounds_waiting.cpp
)
set(fuzz_shapes_sources tests/fuzz/shapes.cpp)
set(fuzz_entry_sources tests/fuzz/entry.cpp)
set(fuzz_replay_sources tests/fuzz/replay.cpp)
