#include "cli/output/help_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/base/escape.hpp"

namespace redlock::cli {

namespace {

std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t begun, std::size_t indent,
                    std::size_t width) {
    std::string out;
    std::size_t column = begun;
    bool fresh = true;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
        if (text.empty()) {
            return out + "\n";
        }
        const std::string_view word = text.substr(0, text.find_first_of(" \n"));
        text.remove_prefix(word.size());
        if (!fresh && column + 1 + display_width(word) > width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
            fresh = true;
        }
        out += fresh ? "" : " ";
        out += word;
        column += display_width(word) + (fresh ? 0 : 1);
        fresh = false;
    }
}

std::string wrapped_paragraphs(std::string_view text, std::size_t width) {
    std::string out;
    std::string paragraph;
    const auto flush = [&] {
        if (!paragraph.empty()) {
            out += wrapped(std::exchange(paragraph, {}), 0, 0, width);
        }
    };
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (!line.empty() && line.front() != ' ') {
            paragraph += std::string{line} + " ";
            continue;
        }
        flush();
        out += std::string{line} + "\n";
    }
    flush();
    return out;
}

std::string operands_of(const CLI::App& command) {
    std::string out;
    for (const CLI::Option* each :
         command.get_options([](const CLI::Option* option) { return option->get_positional(); })) {
        const bool needed = each->get_required() || command.get_name() == "run";
        const std::string name = each->get_name(true, false);
        out += needed ? " " + name : " [" + name + "]";
    }
    if (command.get_name() == "run") {
        out += " -- COMMAND [ARG...]";
    } else if (command.get_name() == "local") {
        out += " [-- COMMAND [ARG...]]";
    }
    return out;
}

help_formatter::help_formatter() {
    column_width(28);
}

std::string help_formatter::make_description(const CLI::App* app) const {
    return wrapped_paragraphs(app->get_description());
}

std::string help_formatter::make_usage(const CLI::App* app, std::string name) const {
    const bool has_subcommands =
        !app->get_subcommands([](const CLI::App*) { return true; }).empty();
    return wrapped(
        fmt::format("Usage: {}{}{}", name, app->get_parent() == nullptr ? "" : " [OPTIONS]",
                    has_subcommands ? " SUBCOMMAND ..." : operands_of(*app)),
        0, 7);
}

std::string help_formatter::make_footer(const CLI::App* app) const {
    return wrapped_paragraphs(app->get_footer());
}

std::string help_formatter::make_option(const CLI::Option* option, bool is_positional) const {
    return entry(make_option_name(option, is_positional) + make_option_opts(option),
                 option->get_description());
}

// Not what else the parser knows of it, which is for the parser: that it is text, and its bounds.
std::string help_formatter::make_option_opts(const CLI::Option* option) const {
    if (option->get_positional() || option->get_type_size() == 0) {
        return {};
    }
    const std::string type = option->get_type_name();
    return " " + type.substr(0, type.find(':'));
}

std::string help_formatter::make_subcommand(const CLI::App* sub) const {
    return entry(sub->get_name(), sub->get_description());
}

std::string help_formatter::entry(std::string name, const std::string& description) const {
    const std::size_t column = get_column_width();
    name.insert(0, "  ");
    if (name.size() + 2 > column) {
        name += "\n" + std::string(column, ' ');
    } else {
        name.resize(column, ' ');
    }
    return description.empty() ? name + "\n" : name + wrapped(description, column, column);
}

}  // namespace redlock::cli
