// The `redlock` command. All of it is in app.cpp and the subcommands' files, which the tests link.
#include "cli/app.hpp"

int main(int argc, char** argv) {
    return redlock::cli::run_app(argc, argv);
}
