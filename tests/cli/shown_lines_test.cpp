// The lines that docs/command-run.md and docs/command.md show for semaphores and for several names,
// run as they stand by `redlock local`, with programs of ours for those that they name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cli/support/process.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;

/// What stands in the fences for the shell, below a heading and before the next one.
std::string shown_below(const std::string& heading) {
    std::string shown;
    for (const std::string name : {"command-run.md", "command.md"}) {
        std::ifstream page{REDLOCK_ROOT "/docs/" + name};
        bool is_below = false;
        bool is_inside = false;
        for (std::string line; std::getline(page, line);) {
            if (!is_inside && line.starts_with('#')) {
                is_below = line.substr(line.find(' ') + 1) == heading;
            } else if (line.starts_with("```")) {
                is_inside = line == "```sh";
            } else if (is_below && is_inside) {
                shown += line + "\n";
            }
        }
    }
    EXPECT_FALSE(shown.empty()) << "the page shows nothing below " << heading;
    return shown;
}

class shown_lines : public testing::Test {
  protected:
    shown_lines()
        : folder_(std::filesystem::temp_directory_path() /
                  ("redlock-shown-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder_);
    }
    ~shown_lines() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    void program(const std::string& name, const std::string& script) const {
        std::ofstream{folder_ / name} << "#!/bin/sh\n" << script << '\n';
        std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
    }
    /// Each of the lines must do well.
    [[nodiscard]] finished run_shown(const std::string& heading) const {
        return redlock({"local", "--", "sh", "-e", "-c",
                        "cd '" + folder_.string() + "'\n" + shown_below(heading)});
    }

  private:
    std::filesystem::path folder_;
};

TEST_F(shown_lines, of_permits_run) {
    program("import", "echo import $REDLOCK_RESOURCE $REDLOCK_SLOT");
    program("train", "echo train $REDLOCK_RESOURCE $CUDA_VISIBLE_DEVICES");
    const finished result = run_shown("At most N at once");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, testing::MatchesRegex("import import [012]\ntrain gpu [01]\n"));
}

TEST_F(shown_lines, of_several_names_run) {
    program("transfer", "echo $REDLOCK_RESOURCES");
    const finished result = run_shown("Several names");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "account:1 account:2\naccount:2 account:1 account:3\n");
}

TEST_F(shown_lines, of_acquire_extend_and_release_run) {
    for (const char* const name : {"upload", "switch"}) {
        program(name, std::string{"echo "} + name + " $1 ${2:-missing}");
    }
    program("train", "echo train $CUDA_VISIBLE_DEVICES $1 ${2:-missing}");
    const finished result = run_shown("acquire, extend, release");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out,
                testing::MatchesRegex("upload --fencing [0-9]+\nswitch --fencing [0-9]+\n"
                                      "train [01] --fencing [0-9]+\n"));
}

TEST_F(shown_lines, of_status_run) {
    const finished result = redlock({"local", "--", "sh", "-c", shown_below("status and list")});
    EXPECT_EQ(result.status, 1) << "free";
    EXPECT_THAT(result.out, HasSubstr("import: 3 of 3 permits free\n")) << result.err;
}

}  // namespace
}  // namespace redlock::cli_test
