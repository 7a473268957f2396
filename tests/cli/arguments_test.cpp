// The order of the command line, before the parser sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options/arguments.hpp"
#include "cli/options/common_options.hpp"

namespace redlock::cli {
namespace {

using words = std::vector<std::string>;

const std::vector<general_option> general{
    {{"--nodes"}, true}, {{"-q", "--quiet"}, false}, {{"--json"}, false}};

TEST(arranged, leaves_the_usual_order_alone) {
    for (const words& line :
         {words{}, words{"status", "a", "--json"}, words{"run", "a", "--", "x", "-n"},
          words{"--help"}, words{"-V"}, words{"--"}, words{"frobnicate"}}) {
        EXPECT_EQ(arranged(line, general), line);
    }
}

TEST(arranged, puts_the_subcommand_before_its_options) {
    EXPECT_EQ(arranged({"--nodes", "X", "status", "job"}, general),
              (words{"status", "--nodes", "X", "job"}));
    EXPECT_EQ(arranged({"--nodes=X", "-q", "--json", "status", "job"}, general),
              (words{"status", "--nodes=X", "-q", "--json", "job"}));
    EXPECT_EQ(arranged({"--nodes", "X", "run", "job", "--", "./x", "--nodes", "Y"}, general),
              (words{"run", "--nodes", "X", "job", "--", "./x", "--nodes", "Y"}));
    // A value may look like a subcommand, and a subcommand may have two words.
    EXPECT_EQ(arranged({"--nodes", "run", "status", "job"}, general),
              (words{"status", "--nodes", "run", "job"}));
    EXPECT_EQ(arranged({"--nodes", "X", "config", "check", "--json"}, general),
              (words{"config", "check", "--nodes", "X", "--json"}));
    EXPECT_EQ(arranged({"--json", "config", "chekc"}, general),
              (words{"config", "chekc", "--json"}));
    EXPECT_EQ(arranged({"--json", "config", "-h"}, general), (words{"config", "--json", "-h"}));
}

TEST(arranged, makes_help_of_a_subcommand_out_of_help) {
    EXPECT_EQ(arranged({"help"}, general), words{"--help"});
    EXPECT_EQ(arranged({"help", "run"}, general), (words{"run", "--help"}));
    EXPECT_EQ(arranged({"help", "config", "check"}, general), (words{"config", "check", "--help"}));
    EXPECT_EQ(arranged({"--json", "--nodes", "X", "help", "run"}, general),
              (words{"run", "--help"}));
    EXPECT_EQ(arranged({"help", "--json", "run", "-q"}, general), (words{"run", "--help"}));
}

TEST(arranged, keeps_nothing_beside_the_request_for_help_or_version) {
    EXPECT_EQ(arranged({"--json", "-V"}, general), words{"-V"});
    EXPECT_EQ(arranged({"--version", "a"}, general), words{"--version"});
    EXPECT_EQ(arranged({"-q", "--help", "--json"}, general), words{"--help"});
}

TEST(arranged, leaves_what_lacks_a_subcommand_to_the_parser) {
    EXPECT_EQ(arranged({"--nodes"}, general), words{"--nodes"});
    EXPECT_EQ(arranged({"-q", "--nodes", "X"}, general), (words{"-q", "--nodes", "X"}));
}

TEST(arranged, refuses_other_options_before_the_subcommand) {
    const auto complaint = [](const words& line) -> std::string {
        try {
            static_cast<void>(arranged(line, general));
        } catch (const usage_error& mistake) {
            return mistake.what();
        }
        return {};
    };
    EXPECT_EQ(complaint({"--nodse=redis://u:p@h", "status", "job"}),
              "unknown option --nodse; did you mean --nodes?");
    EXPECT_EQ(complaint({"-q", "--on-lost", "kill", "run"}),
              "--on-lost cannot stand before the subcommand: options of a subcommand stand behind "
              "its name");
}

TEST(asks_for_json, only_before_the_command) {
    EXPECT_TRUE(asks_for_json({"status", "--json", "a"}));
    EXPECT_TRUE(asks_for_json({"--json"}));
    EXPECT_TRUE(asks_for_json({"status", "--json=1", "a"}));
    EXPECT_FALSE(asks_for_json({"status", "--jsonx", "a"}));
    EXPECT_FALSE(asks_for_json({"run", "a", "--", "x", "--json"}));
    EXPECT_FALSE(asks_for_json({}));
}

}  // namespace
}  // namespace redlock::cli
