# The Redis side, file by file; paths from the root of the repository.
set(redis_sources
    src/redis/cluster_link.cpp
    src/redis/cluster_relay.cpp
    src/redis/cluster_slots.cpp
    src/redis/cluster_survey.cpp
    src/redis/command_queue.cpp
    src/redis/connect_steps.cpp
    src/redis/connection.cpp
    src/redis/connection_io.cpp
    src/redis/endpoint.cpp
    src/redis/resp_reader.cpp
    src/redis/resp_writer.cpp
    src/redis/server_error.cpp
    src/redis/server_identity.cpp
    src/redis/transport.cpp
)
