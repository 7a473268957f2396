// A plain table with aligned columns for people. What it is given must be printable already. One
// thread at a time.
#pragma once

#include <string>
#include <vector>

namespace redlock::cli {

class table {
  public:
    explicit table(std::vector<std::string> header);
    /// As many cells as the header has.
    void add(std::vector<std::string> cells);
    /// The lines, each with its newline; two blanks between columns and none at the end of a line.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace redlock::cli
