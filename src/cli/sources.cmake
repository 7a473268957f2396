# What starts programs and looks after them, with what all of the command stands on: the two lowest
# wings, which our tests use for servers of their own.
set(cli_process_sources
    src/cli/base/console.cpp
    src/cli/base/duration.cpp
    src/cli/base/escape.cpp
    src/cli/base/typed_secrets.cpp
    src/cli/process/boot_timer.cpp
    src/cli/process/child.cpp
    src/cli/process/descriptors.cpp
    src/cli/process/keeper.cpp
    src/cli/process/keeper_process.cpp
    src/cli/process/kept_command.cpp
    src/cli/process/process_tree.cpp
    src/cli/process/redis_process.cpp
    src/cli/process/server_program.cpp
    src/cli/process/signals.cpp
    src/cli/process/spawn.cpp
    src/cli/process/terminal_listener.cpp
)

# The rest of the `redlock` command without main.cpp, so that the tests can link its parts. Those that
# see the parser's header come first: it takes five seconds to compile, and a batch does it once.
set(cli_sources
    src/cli/app.cpp
    src/cli/commands/acquire.cpp
    src/cli/commands/config.cpp
    src/cli/commands/doctor.cpp
    src/cli/commands/extend.cpp
    src/cli/commands/held_locks.cpp
    src/cli/commands/leader.cpp
    src/cli/commands/list.cpp
    src/cli/commands/local.cpp
    src/cli/commands/outer_lock.cpp
    src/cli/commands/refusal.cpp
    src/cli/commands/release.cpp
    src/cli/commands/session.cpp
    src/cli/commands/status.cpp
    src/cli/commands/stuck_permits.cpp
    src/cli/commands/vouch.cpp
    src/cli/demo/demo.cpp
    src/cli/demo/demo_worker.cpp
    src/cli/exporter/add_exporter.cpp
    src/cli/exporter/listening.cpp
    src/cli/options/common_options.cpp
    src/cli/options/exclusions.cpp
    src/cli/options/mistakes.cpp
    src/cli/options/shape_options.cpp
    src/cli/output/help_text.cpp
    src/cli/run/campaign.cpp
    src/cli/run/campaign_options.cpp
    src/cli/run/command_size.cpp
    src/cli/run/lock_runner.cpp
    src/cli/run/run.cpp
    src/cli/demo/demo_store.cpp
    src/cli/demo/progress.cpp
    src/cli/options/arguments.cpp
    src/cli/commands/permit_findings.cpp
    src/cli/options/node_sources.cpp
    src/cli/options/spelling.cpp
    src/cli/output/doctor_report.cpp
    src/cli/output/json_output.cpp
    src/cli/output/outcome.cpp
    src/cli/output/report.cpp
    src/cli/output/table.cpp
    src/cli/run/run_context.cpp
    src/cli/run/run_notices.cpp
    src/cli/run/wait_report.cpp)

# The exporter of metrics, which needs prometheus-cpp.
set(cli_exporter_sources
    src/cli/exporter/answers.cpp
    src/cli/exporter/exposition.cpp
    src/cli/exporter/http_server.cpp
    src/cli/exporter/run_exporter.cpp
    src/cli/exporter/survey.cpp)
