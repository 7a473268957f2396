// What `redlock explain` knows: the sections of docs/troubleshooting*.md, which are embedded when
// the command is built, and how they look as plain text. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// The pages as they are, in Markdown, one behind the other.
extern const std::string_view troubleshooting_pages;

/// A labelled paragraph of a section, as "- Why: ..." on the page.
struct explained_point {
    std::string label;
    std::string text;  ///< On one line, without marks of Markdown; a message without its quotes.
};

/// What is said of one code, below a heading "### CODE".
struct explanation {
    std::string code;
    std::string group;  ///< The heading "## ..." above it.
    std::vector<explained_point> points;

    /// The first text with this label; empty if there is none.
    [[nodiscard]] std::string_view first(std::string_view label) const;
};

/// The sections of pages in Markdown, in their order.
[[nodiscard]] std::vector<explanation> explanations_in(std::string_view pages);

/// "[a page](b.md)" becomes "a page"; the marks of code and of emphasis go.
[[nodiscard]] std::string without_marks(std::string_view markdown);

/// The section that is meant, or null. A code may be written as programs write it: `lost`,
/// `errc::lost`, `lock_lost`, Python's `LockLost`, or an exit status, 130 standing for 128 + 2.
[[nodiscard]] const explanation* find_explanation(const std::vector<explanation>& all,
                                                  std::string_view code);

/// `redlock::errc::lost`, `LockLost` and the like as codes are written: "lost", "lock_lost".
[[nodiscard]] std::string as_code(std::string_view written);

/// For a terminal of 80 columns: the code, and each point behind its label.
[[nodiscard]] std::string as_text(const explanation& one);
/// The codes, a line each, below their groups, with the beginning of what each means.
[[nodiscard]] std::string as_list(const std::vector<explanation>& all);

/// Whether a message on a terminal names the code of this error: where the message alone does not
/// say what to do, and the holder of the lock is not the answer.
[[nodiscard]] bool is_worth_explaining(std::string_view code);

}  // namespace redlock::cli
