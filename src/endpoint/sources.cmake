# How servers are named; paths from the root of the repository.
set(endpoint_sources
    src/endpoint/endpoint.cpp
    src/endpoint/server_address.cpp
    src/endpoint/url_parts.cpp
    src/endpoint/url_query.cpp
)
