// Prints what was measured, as a table for people or as JSON for programs. Standard output only.
#pragma once

#include <vector>

#include "bench/cells.hpp"
#include "bench/frozen.hpp"
#include "bench/hand_over.hpp"
#include "bench/terms_cost.hpp"

namespace bench {

/// What stands above the table's lines; then one line a cell, as each is ready.
void print_table_head(style how, double seconds);
void print_table_line(const cell& measured);
void print_json(const std::vector<cell>& cells, style how);

void print_hand_over_head(double seconds);
void print_hand_over_line(const hand_over_line& line);
void print_hand_over_json(const std::vector<hand_over_line>& lines);

void print_terms_head(style how, double seconds);
void print_terms_line(const terms_line& line);
void print_terms_json(const std::vector<terms_line>& lines);

void print_frozen(const frozen_result& result);
void print_frozen_json(const frozen_result& result);

}  // namespace bench
