# Tests of the Redis side; paths from the root of the repository.
set(redis_test_sources
    tests/redis/acl_error_test.cpp
    tests/redis/command_queue_test.cpp
    tests/redis/connect_steps_test.cpp
    tests/redis/connection_faults_test.cpp
    tests/redis/connection_test.cpp
    tests/redis/endpoint_test.cpp
    tests/redis/fake_server.cpp
    tests/redis/resp_reader_test.cpp
    tests/redis/resp_writer_test.cpp
    tests/redis/server_error_test.cpp
    tests/redis/server_facts_test.cpp
    tests/redis/test_connection.cpp
)
