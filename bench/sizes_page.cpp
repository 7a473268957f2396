#include "bench/sizes_page.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

#include "bench/sizes_plot.hpp"
#include "bench/sizes_report.hpp"

namespace bench {

namespace {

constexpr std::string_view page_style = R"(
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1c1c1a; --soft: #5f5e59; --rule: #dddcd6;
        --bad: #b3261e; --c0: #c2410c; --c1: #2a78d6; --c2: #2f8f4e; --c3: #8a4fd0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #191918; --ink: #f0efea; --soft: #a9a8a1; --rule: #3a3a37; --bad: #ff8a80;
          --c0: #f08a4b; --c1: #5b9dea; --c2: #6cc48a; --c3: #b48cf0; } }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
       max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem; }
p, figcaption { color: var(--soft); margin: .25rem 0; } .bad { color: var(--bad); }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: .5rem 0; }
svg { display: block; max-width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
.grid { stroke: var(--rule); } polyline { fill: none !important; stroke-width: 2; }
.curve-0 { stroke: var(--c0); fill: var(--c0); } .curve-1 { stroke: var(--c1); fill: var(--c1); }
.curve-2 { stroke: var(--c2); fill: var(--c2); } .curve-3 { stroke: var(--c3); fill: var(--c3); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid var(--rule);
         white-space: nowrap; }
th { font-weight: 600; }
)";

std::string table_of(const size_series& series) {
    std::string text = "<div class=\"scroll\"><table><tr>";
    const bool labelled = !series.label_head.empty();
    if (labelled) {
        text += fmt::format("<th>{}</th>", escaped(series.label_head));
    }
    for (const size_column& each : series.columns) {
        text += fmt::format("<th>{}</th>", escaped(each.head));
    }
    text += "<th>errors</th></tr>";
    for (const size_line& line : series.lines) {
        text += "<tr>";
        if (labelled) {
            text += fmt::format("<td>{}</td>", escaped(line.label));
        }
        for (std::size_t at = 0; at < series.columns.size(); ++at) {
            text += fmt::format("<td>{}</td>",
                                figure_text(line.figures[at], series.columns[at].decimals));
        }
        text += fmt::format("<td{}>{}</td></tr>", line.errors > 0 ? " class=\"bad\"" : "",
                            line.errors > 0 ? fmt::format("{} {}", line.errors, escaped(line.error))
                                            : std::string{"0"});
    }
    return text + "</table></div>\n";
}

std::string section_of(const size_series& series) {
    std::string text = fmt::format("<section><h2>{}</h2>\n<p>{}</p>\n", escaped(series.title),
                                   escaped(series.note));
    text += "<div class=\"plots\">";
    for (const size_plot& each : series.plots) {
        if (const std::string drawn = drawing_of(series, each); !drawn.empty()) {
            text += fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n",
                                escaped(each.title), drawn);
        }
    }
    text += "</div>\n" + table_of(series);
    for (const size_bound& each : series.bounds) {
        text += fmt::format("<p{}>{} {}</p>\n", each.held ? "" : " class=\"bad\"",
                            each.held ? "passed:" : "FAILED:", escaped(each.text));
    }
    return text + "</section>\n";
}

}  // namespace

void write_series_page(const std::string& file, const std::string& title,
                       const std::vector<size_series>& all) {
    std::ofstream out{file};
    out << "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width\">\n"
           "<title>redlock: "
        << escaped(title) << "</title>\n<style>" << page_style << "</style>\n<h1>" << escaped(title)
        << "</h1>\n";
    for (const size_series& each : all) {
        out << section_of(each);
    }
    out << "</html>\n";
    if (!out.flush()) {
        throw std::runtime_error("cannot write " + file);
    }
}

}  // namespace bench
