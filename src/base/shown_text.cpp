#include "base/shown_text.hpp"

namespace redlock::base {
namespace {

constexpr std::size_t max_shown = 200;
constexpr std::string_view cut = "...";
constexpr std::string_view mask = "***";

void mask_all(std::string& text, std::string_view secret) {
    if (secret.empty()) {
        return;
    }
    for (std::size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + mask.size())) {
        text.replace(at, secret.size(), mask);
    }
}

}  // namespace

std::string shown_text(std::string_view error_text, std::string_view secret) {
    // A repeated password may be shortened by the server, so that masking would miss it.
    const std::size_t arguments = error_text.find("with args beginning with");
    std::string shown{error_text.substr(0, arguments)};
    mask_all(shown, secret);
    for (char& each : shown) {
        if (each < ' ' || each > '~') {
            each = '?';
        }
    }
    while (shown.ends_with(' ') || shown.ends_with(',')) {
        shown.pop_back();
    }
    if (shown.size() > max_shown) {
        shown.resize(max_shown - cut.size());
        shown += cut;
    }
    return shown;
}

}  // namespace redlock::base
