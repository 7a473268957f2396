// Columns are as wide as their widest cell; the last one is never padded, so that a
// long label does not fill the lines above it with blanks.
#include "cli/output/table.hpp"

#include <algorithm>
#include <utility>

#include "cli/base/escape.hpp"

namespace redlock::cli {

table::table(std::vector<std::string> header) {
    rows_.push_back(std::move(header));
}

void table::add(std::vector<std::string> cells) {
    cells.resize(rows_.front().size());
    rows_.push_back(std::move(cells));
}

std::string table::text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i]));
        }
    }
    std::string out;
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) {
                out.append(widths[i] - display_width(row[i]) + 2, ' ');
            }
        }
        out.erase(out.find_last_not_of(' ') + 1);
        out += '\n';
    }
    return out;
}

}  // namespace redlock::cli
