// The command line as a whole: the subcommands, help, and which exit status a mistake gets. Main
// thread only.
#pragma once

namespace redlock::cli {

/// The whole of main(): parses, runs, and returns the exit status. Never throws.
int run_app(int argc, char** argv) noexcept;

}  // namespace redlock::cli
