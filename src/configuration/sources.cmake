# Configuration files; paths from the root of the repository.
set(configuration_sources
    src/configuration/configuration.cpp
    src/configuration/toml_text.cpp
)
