# The Redis side, file by file; paths from the root of the repository.
set(redis_sources
    src/redis/acl_error.cpp
    src/redis/command_queue.cpp
    src/redis/connect_steps.cpp
    src/redis/connection.cpp
    src/redis/connection_io.cpp
    src/redis/endpoint.cpp
    src/redis/resp_reader.cpp
    src/redis/resp_writer.cpp
    src/redis/server_error.cpp
    src/redis/server_facts.cpp
    src/redis/server_identity.cpp
    src/redis/transport.cpp
    src/redis/url_parts.cpp
    src/redis/url_query.cpp
)
