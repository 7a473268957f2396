// How --help is laid out: 80 columns at most, whatever the texts are. Any thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace redlock::cli {

/// The widest line of any help.
inline constexpr std::size_t help_width = 80;

/// The words of `text` in lines of at most `width` columns, a line feed behind each; all lines but
/// the first begin with `indent` blanks, which count, and the first is taken to begin at `begun`. A
/// word that is longer stands on a line of its own.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t begun, std::size_t indent,
                                  std::size_t width = help_width);

/// Several paragraphs, which empty lines part. Lines that begin with a blank stay as they are.
[[nodiscard]] std::string wrapped_paragraphs(std::string_view text, std::size_t width = help_width);

/// What stands behind the subcommand's name and [OPTIONS] in its usage line.
[[nodiscard]] std::string operands_of(const CLI::App& command);

class help_formatter final : public CLI::Formatter {
  public:
    help_formatter();
    std::string make_description(const CLI::App* app) const override;
    std::string make_usage(const CLI::App* app, std::string name) const override;
    std::string make_footer(const CLI::App* app) const override;
    std::string make_option(const CLI::Option* option, bool is_positional) const override;
    std::string make_option_opts(const CLI::Option* option) const override;
    std::string make_subcommand(const CLI::App* sub) const override;

  private:
    [[nodiscard]] std::string entry(std::string name, const std::string& description) const;
};

}  // namespace redlock::cli
