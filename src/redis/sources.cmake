# The Redis side, wing by wing; paths from the root of the repository.
set(redis_sources
    src/redis/cluster/cluster_link.cpp
    src/redis/cluster/cluster_relay.cpp
    src/redis/cluster/cluster_slots.cpp
    src/redis/cluster/cluster_survey.cpp
    src/redis/connect/connect_steps.cpp
    src/redis/connect/connection.cpp
    src/redis/connect/connection_io.cpp
    src/redis/sentinel/master_search.cpp
    src/redis/sentinel/sentinel_watch.cpp
    src/redis/server/server_identity.cpp
    src/redis/wire/acl_error.cpp
    src/redis/wire/command_queue.cpp
    src/redis/wire/resp_reader.cpp
    src/redis/wire/resp_writer.cpp
    src/redis/wire/server_error.cpp
)
