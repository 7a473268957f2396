#include "base/shown_text.hpp"

#include <boost/algorithm/string/replace.hpp>

namespace redlock::base {
namespace {

constexpr std::size_t max_shown = 200;
constexpr std::string_view cut = "...";
constexpr std::string_view mask = "***";

}  // namespace

std::string shown_text(std::string_view error_text, std::string_view secret) {
    // A repeated password may be shortened by the server, so that masking would miss it.
    const std::size_t arguments = error_text.find("with args beginning with");
    std::string shown{error_text.substr(0, arguments)};
    boost::algorithm::replace_all(shown, secret, mask);
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
