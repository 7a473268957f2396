# Tests of the `redlock` command: its parts, and the built binary on real servers.
set(cli_test_sources
    tests/cli/config_test.cpp
    tests/cli/doctor_test.cpp
    tests/cli/escape_test.cpp
    tests/cli/local_test.cpp
    tests/cli/run_loss_test.cpp
    tests/cli/run_refused_test.cpp
    tests/cli/run_signals_test.cpp
    tests/cli/run_test.cpp
    tests/cli/script_commands_test.cpp
    tests/cli/secrets_test.cpp
    tests/cli/support/forbidden_signals.cpp
    tests/cli/support/process.cpp
    tests/cli/terminal_test.cpp
    tests/cli/tls_test.cpp
    tests/cli/usage_test.cpp
    tests/cli/vouch_test.cpp)
