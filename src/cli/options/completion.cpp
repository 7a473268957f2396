#include "cli/options/completion.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace redlock::cli {

namespace {

using words_before = std::span<const std::string>;

constexpr std::string_view end_of_options = "--";

/// Up to the first full stop or semicolon, on one line and not too long for a list.
std::string in_short(std::string_view description) {
    constexpr std::size_t longest = 60;
    std::string text{description.substr(0, description.find_first_of(";(\n"))};
    text.resize(std::min(text.size(), text.find(". ")));
    if (text.size() > longest) {
        text.resize(std::min(text.rfind(' ', longest), longest));
        text += " ...";
    }
    text.resize(text.find_last_not_of(" .,:") + 1);
    return text;
}

std::string option_name(std::string_view word) {
    return std::string{word.substr(0, word.find('='))};
}

bool is_option_like(std::string_view word) {
    return word.size() > 1 && word.front() == '-' && word != end_of_options;
}

std::vector<const CLI::App*> shown_subcommands(const CLI::App& parent) {
    return parent.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
}

/// Who reads the word behind this one as its value; null if nobody does.
const CLI::Option* asks_for_value(const CLI::App& command, const std::string& word) {
    const CLI::Option* const option =
        is_option_like(word) ? command.get_option_no_throw(option_name(word)) : nullptr;
    return option == nullptr || option->get_expected_max() == 0 || word.find('=') != word.npos
               ? nullptr
               : option;
}

class completer {
  public:
    completer(const CLI::App& root, const std::vector<std::string>& words)
        : root_(root), command_(&root), before_(words.begin(), std::prev(words.end())) {
        result_.begun = words.back();
    }

    completion run() {
        find_command();
        if (asks_for_help_) {
            add_subcommands(root_);
        } else if (ends_at_dashes()) {
            // The shell knows more of the user's command than we do.
        } else if (const CLI::Option* const option = option_before()) {
            add_values(*option);
        } else if (is_option_like(result_.begun) && result_.begun.find('=') != std::string::npos) {
            add_values_behind_sign();
        } else if (result_.begun.starts_with('-')) {
            add_options();
        } else if (!shown_subcommands(*command_).empty()) {
            add_subcommands(*command_);
        } else {
            add_operand();
        }
        return std::move(result_);
    }

  private:
    /// What may come before the subcommand is what `vouch` has, which has nothing else.
    [[nodiscard]] const CLI::App& with_general_options() const {
        return command_ == &root_ ? *root_.get_subcommand("vouch") : *command_;
    }

    void find_command() {
        for (auto each = before_.begin(); each != before_.end(); ++each) {
            if (*each == end_of_options) {
                return;
            }
            if (is_option_like(*each)) {
                const bool takes_next = asks_for_value(with_general_options(), *each) != nullptr;
                if (takes_next && std::next(each) != before_.end()) {
                    ++each;
                }
                continue;
            }
            asks_for_help_ = command_ == &root_ && *each == "help";
            const auto below = shown_subcommands(*command_);
            const auto named = std::ranges::find_if(
                below, [&](const CLI::App* one) { return one->get_name() == *each; });
            if (asks_for_help_) {
                return;
            }
            if (named != below.end()) {
                command_ = *named;
            } else {
                ++operands_;
            }
        }
    }

    [[nodiscard]] bool runs_a_command() const {
        return command_->get_name() == "run" || command_->get_name() == "local";
    }

    bool ends_at_dashes() {
        const auto dashes = std::ranges::find(before_, end_of_options);
        if (dashes == before_.end()) {
            return false;
        }
        if (runs_a_command()) {
            result_.how = completed_by::command;
            result_.command_at =
                static_cast<std::size_t>(std::distance(before_.begin(), dashes)) + 1;
        }
        return true;
    }

    [[nodiscard]] const CLI::Option* option_before() const {
        return before_.empty() ? nullptr : asks_for_value(with_general_options(), before_.back());
    }

    void add(std::string word, std::string_view description = {}) {
        if (word.starts_with(result_.begun) &&
            std::ranges::find(result_.words, word, &completion_word::word) == result_.words.end()) {
            result_.words.push_back({std::move(word), in_short(description)});
        }
    }

    void add_subcommands(const CLI::App& parent) {
        for (const CLI::App* each : shown_subcommands(parent)) {
            add(each->get_name(), each->get_description());
        }
        if (&parent == &root_ && !asks_for_help_) {
            add("help", "Show the options of a subcommand");
        }
    }

    void add_options() {
        const auto add_from = [this](const CLI::App& app) {
            for (const CLI::Option* each : app.get_options()) {
                for (const std::string& name : each->get_lnames()) {
                    add("--" + name, each->get_description());
                }
                for (const std::string& name : each->get_snames()) {
                    add("-" + name, each->get_description());
                }
            }
        };
        add_from(*command_);
        add_from(with_general_options());
        if (runs_a_command()) {
            add(std::string{end_of_options}, "The command follows");
        }
    }

    void add_values_behind_sign() {
        const auto sign = result_.begun.find('=');
        const CLI::Option* const option =
            with_general_options().get_option_no_throw(option_name(result_.begun));
        result_.before = result_.begun.substr(0, sign + 1);
        result_.begun.erase(0, sign + 1);
        if (option != nullptr && option->get_expected_max() != 0) {
            add_values(*option);
        }
    }

    /// By what --help shows behind the option's name.
    void add_values(const CLI::Option& option) {
        const std::string type = option.get_type_name();
        if (type.starts_with("FILE")) {
            result_.how = completed_by::files;
        } else if (type.starts_with("PROGRAM")) {
            result_.how = completed_by::programs;
        } else if (type.starts_with("URL")) {
            for (const char* const scheme :
                 {"redis://", "rediss://", "unix://", "redis+sentinel://", "redis+cluster://"}) {
                add(scheme);
            }
        } else if (type.starts_with("RESOURCE") || type.starts_with("NAME")) {
            result_.resources = true;
        } else {
            add_alternatives(type);
        }
    }

    /// Of "term|kill|warn" all, of "DURATION|forever" the word that stands for itself.
    void add_alternatives(std::string_view type) {
        type = type.substr(0, type.find(':'));
        if (type.find('|') == type.npos) {
            return;
        }
        while (!type.empty()) {
            const auto end = std::min(type.find('|'), type.size());
            const std::string_view word = type.substr(0, end);
            if (std::ranges::all_of(word, [](char one) { return one >= 'a' && one <= 'z'; })) {
                add(std::string{word});
            }
            type.remove_prefix(std::min(end + 1, type.size()));
        }
    }

    void add_operand() {
        const auto all = command_->get_options(
            [](const CLI::Option* option) { return option->get_positional(); });
        if (operands_ >= all.size()) {
            if (runs_a_command()) {
                add(std::string{end_of_options}, "The command follows");
            }
            return;
        }
        const std::string name = all[operands_]->get_name(true, false);
        result_.resources = name == "RESOURCE";
        result_.codes = name == "CODE";
    }

    const CLI::App& root_;
    const CLI::App* command_;
    words_before before_;
    std::size_t operands_ = 0;  ///< How many stand before the last word.
    bool asks_for_help_ = false;
    completion result_;
};

}  // namespace

completion complete(const CLI::App& root, const std::vector<std::string>& words) {
    return words.empty() ? completion{} : completer{root, words}.run();
}

std::string value_of(std::string_view option, const std::vector<std::string>& words) {
    std::string value;
    for (std::size_t at = 0; at + 1 < words.size() && words[at] != end_of_options; ++at) {
        const std::string& word = words[at];
        if (word == option && at + 2 < words.size()) {
            value = words[at + 1];
        } else if (word.starts_with(option) && word.size() > option.size() &&
                   word[option.size()] == '=') {
            value = word.substr(option.size() + 1);
        }
    }
    return value;
}

}  // namespace redlock::cli
