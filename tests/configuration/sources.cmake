set(configuration_test_sources
    tests/configuration/configuration_test.cpp
    tests/configuration/toml_text_test.cpp
)
