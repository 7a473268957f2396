// One function a subcommand, each in a file of its own name: adds the subcommand to the parser, and
// sets the invocation's action when that subcommand is chosen. Those of `run`, `demo` and
// `exporter` lie in folders of their own. Main thread only.
#pragma once

#include "cli/options/invocation.hpp"

namespace redlock::cli {

void add_acquire(CLI::App& root, invocation& asked);
void add_extend(CLI::App& root, invocation& asked);
void add_release(CLI::App& root, invocation& asked);
void add_status(CLI::App& root, invocation& asked);
void add_leader(CLI::App& root, invocation& asked);
void add_list(CLI::App& root, invocation& asked);
void add_vouch(CLI::App& root, invocation& asked);
void add_doctor(CLI::App& root, invocation& asked);
void add_config(CLI::App& root, invocation& asked);
void add_explain(CLI::App& root, invocation& asked);
void add_local(CLI::App& root, invocation& asked);
void add_exporter(CLI::App& root, invocation& asked);
void add_run(CLI::App& root, invocation& asked);
void add_demo(CLI::App& root, invocation& asked);
void add_demo_worker(CLI::App& root, invocation& asked);

}  // namespace redlock::cli
