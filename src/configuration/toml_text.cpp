#include "configuration/toml_text.hpp"

namespace redlock::toml_text {

namespace {

enum class place {
    structure,   ///< Keys, numbers, brackets: everything that is none of the following.
    comment,     ///< To the end of the line.
    basic,       ///< "..."
    basic_long,  ///< """..."""
    literal,     ///< '...'
    literal_long,
};

bool is_ascii(char byte) {
    return static_cast<unsigned char>(byte) < 0x80;
}

/// A byte of UTF-8 that belongs to a character which began before it.
bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Walks through a document and knows where it is.
class walk {
  public:
    explicit walk(std::string_view document) : rest_(document) {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (rest_.starts_with(byte_order_mark)) {
            rest_.remove_prefix(byte_order_mark.size());
        }
    }

    [[nodiscard]] bool over() const { return rest_.empty(); }
    [[nodiscard]] bool foreign() const {
        return where_ == place::structure && !is_ascii(rest_.front());
    }
    [[nodiscard]] position at() const { return at_; }

    void step() {
        switch (where_) {
            case place::structure:
                enter();
                return;
            case place::comment:
                leave_at("\n", false);
                return;
            case place::basic:
            case place::literal:
                // Neither goes on behind the end of a line, closed or not.
                if (!leave_at(where_ == place::basic ? R"(")" : "'", where_ == place::basic) &&
                    last_ == '\n') {
                    where_ = place::structure;
                }
                return;
            case place::basic_long:
                leave_at(R"(""")", true);
                return;
            case place::literal_long:
                leave_at("'''", false);
                return;
        }
    }

  private:
    void enter() {
        if (rest_.starts_with(R"(""")")) {
            take(3, place::basic_long);
        } else if (rest_.starts_with("'''")) {
            take(3, place::literal_long);
        } else if (rest_.starts_with('"')) {
            take(1, place::basic);
        } else if (rest_.starts_with('\'')) {
            take(1, place::literal);
        } else {
            take(1, rest_.starts_with('#') ? place::comment : place::structure);
        }
    }

    /// Past `end`, which closes this place, or one character further; true if it was the end.
    bool leave_at(std::string_view end, bool escapes) {
        if (rest_.starts_with(end)) {
            take(end.size(), place::structure);
            return true;
        }
        take(escapes && rest_.starts_with('\\') && rest_.size() > 1 && rest_[1] != '\n' ? 2 : 1,
             where_);
        return false;
    }

    void take(std::size_t bytes, place then) {
        for (; bytes != 0; --bytes) {
            last_ = rest_.front();
            rest_.remove_prefix(1);
            if (last_ == '\n') {
                ++at_.line;
                at_.column = 1;
            } else if (!continues(last_)) {
                ++at_.column;
            }
        }
        where_ = then;
    }

    std::string_view rest_;
    position at_;
    place where_ = place::structure;
    char last_ = '\0';
};

}  // namespace

std::optional<position> first_foreign(std::string_view document) {
    for (walk through{document}; !through.over(); through.step()) {
        if (through.foreign()) {
            return through.at();
        }
    }
    return std::nullopt;
}

}  // namespace redlock::toml_text
