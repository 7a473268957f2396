// A plot of two columns of a series as an SVG drawing, to stand inside a page. Pure: it gives text.
// Its colours are classes that the page defines: grid, soft, curve-0, curve-1 and so on.
#pragma once

#include <string>
#include <string_view>

#include "bench/sizes_series.hpp"

namespace bench {

/// How many curves of one plot have colours of their own; more share them.
inline constexpr std::size_t curve_colours = 4;

/// Empty if no line has both figures.
[[nodiscard]] std::string drawing_of(const size_series& series, const size_plot& plot);

/// The text with the characters replaced that mean something in HTML.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace bench
