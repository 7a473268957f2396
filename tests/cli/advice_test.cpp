// What redlock advises after a mistake is something that this subcommand, with these options,
// takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/support/process.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string usage_error_of(const std::vector<std::string>& arguments) {
    const finished result = redlock(arguments);
    EXPECT_EQ(result.status, 64) << result.err;
    EXPECT_EQ(result.out, "");
    return result.err;
}

TEST(advice, on_an_option_behind_the_dashes_is_to_move_it) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"run", "a", "--", "--also", "b"},
                                               {"run", "a", "--", "--also=b"},
                                               {"run", "--", "--also", "b", "a", "--", "true"},
                                               {"run", "a", "--", "-n", "true"},
                                               {"run", "a", "--", "--forever", "--", "true"},
                                               {"local", "--", "-n", "3"},
                                               {"acquire", "a", "--", "--also", "b"},
                                               {"release", "a", "token", "--", "--permits", "2"},
                                               {"status", "--", "a", "--json"},
                                               {"leader", "a", "--", "--watch"},
                                               {"doctor", "--", "--strict"},
                                               {"config", "check", "--", "--json"}}) {
        const auto option = std::find_if(
            arguments.begin() + 1, arguments.end(),
            [](const std::string& word) { return word.front() == '-' && word != "--"; });
        const std::string name = option->substr(0, option->find('='));
        const std::string said = usage_error_of(arguments);
        EXPECT_THAT(said, HasSubstr(": " + name + " stands behind \"--\", where no options of"));
        EXPECT_THAT(said, HasSubstr("write it before the \"--\""));
        EXPECT_THAT(said, Not(HasSubstr("did you mean")));
    }
    EXPECT_EQ(redlock({"run", "--nodes", "redis://127.0.0.1:1", "a", "--", "--no-such"}).status, 69)
        << "a command may be called so";
}

TEST(advice, on_an_option_in_the_place_of_a_value_says_how_to_give_it) {
    EXPECT_THAT(usage_error_of({"acquire", "a", "--also", "--shared"}),
                HasSubstr("--also needs a value, and --shared is an option; write --also=--shared "
                          "if that is the value"));
    EXPECT_THAT(usage_error_of({"run", "a", "--also", "-n", "--", "true"}),
                HasSubstr("--also needs a value, and -n is an option"));
    EXPECT_THAT(usage_error_of({"extend", "a", "--also", "--permits=2", "token"}),
                HasSubstr("--also needs a value, and --permits is an option"));
    EXPECT_THAT(usage_error_of({"run", "--label", "--forever", "a", "--", "true"}),
                HasSubstr("--label needs a value, and --forever is an option"));
    EXPECT_THAT(usage_error_of({"run", "-E", "-n", "a", "--", "true"}),
                HasSubstr("-E needs a value, and -n is an option; see"));
    EXPECT_THAT(usage_error_of({"run", "--label", "--proclaim=" + std::string(3000, 'x'), "a"}),
                HasSubstr("--proclaim is an option; write --label=... if that is the value; see"));
    EXPECT_EQ(redlock({"acquire", "--nodes=redis://127.0.0.1:1", "a", "--also=--shared"}).status,
              69)
        << "the name that was asked for";
    EXPECT_EQ(redlock({"status", "--nodes=redis://127.0.0.1:1", "--", "--json="}).status, 69)
        << "a name, too";
}

TEST(advice, on_a_command_without_a_name_is_the_right_form) {
    EXPECT_THAT(usage_error_of({"run", "a", "--", ""}),
                HasSubstr("run: the command's name, behind \"--\", is empty; write: redlock run a "
                          "-- COMMAND [ARG...]; see"));
    EXPECT_THAT(usage_error_of({"local", "-n", "1", "--", ""}),
                HasSubstr("local: the command's name, behind \"--\", is empty"));
}

TEST(advice, on_what_a_reentrant_run_cannot_have_is_where_to_give_it) {
    for (const char* const option : {"--max-hold", "--min-hold"}) {
        EXPECT_THAT(usage_error_of({"run", "--reentrant", option, "1s", "a", "--", "true"}),
                    HasSubstr(std::string{"run: --reentrant and "} + option +
                              " exclude each other: the outer redlock "));
    }
    EXPECT_THAT(usage_error_of({"run", "--reentrant", "--also", "b", "a", "--", "true"}),
                HasSubstr("there is one outer lock to run under; leave one of the two out"));
}

TEST(advice, says_what_is_wrong_with_a_name_in_words_of_the_command) {
    for (const std::string way : {"--json", "--watch"}) {
        const finished refused = redlock({"leader", way, "team:redlock:fence:{a}"});
        EXPECT_EQ(refused.status, 64);
        EXPECT_THAT(refused.err, HasSubstr("is that of one of redlock's own keys"));
    }
}

TEST(advice, on_shapes_that_exclude_each_other_is_a_way_that_the_subcommand_has) {
    for (const std::string subcommand : {"extend", "release"}) {
        EXPECT_THAT(usage_error_of({subcommand, "a", "--also", "b", "--permits", "2", "token"}),
                    HasSubstr("leave one of the two out; see"));
    }
    EXPECT_THAT(usage_error_of({"acquire", "a", "--also", "b", "--shared"}),
                HasSubstr("leave one of the two out, or acquire one lock after the other; see"));
    EXPECT_THAT(usage_error_of({"run", "a", "--also", "b", "--permits", "2", "--", "true"}),
                HasSubstr("leave one of the two out, or run one redlock inside the other; see"));
}

}  // namespace
}  // namespace redlock::cli_test
