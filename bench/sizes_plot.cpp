#include "bench/sizes_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bench/sizes_report.hpp"

namespace bench {

namespace {

// In pixels: the room for curves, and what surrounds it for the marks' numbers.
constexpr double plot_left = 64;
constexpr double plot_top = 12;
constexpr double plot_width = 420;
constexpr double plot_height = 190;
constexpr double plot_right = 96;
constexpr double plot_bottom = 28;

struct plot_point {
    double x = 0;
    double y = 0;
};

/// An axis: logarithmic where the values lie far apart, and from zero where they do not.
class plot_axis {
  public:
    plot_axis(double low, double high, double wide) : logarithmic_(low > 0 && high / low > wide) {
        if (logarithmic_) {
            low_ = std::pow(10, std::floor(std::log10(low) + 1e-9));
            high_ = std::pow(10, std::ceil(std::log10(high) - 1e-9));
        } else {
            step_ = round_step(high);
            high_ = step_ * std::ceil(high / step_ - 1e-9);
        }
    }

    /// From 0 to 1.
    [[nodiscard]] double share(double value) const {
        return logarithmic_ ? std::log10(value / low_) / std::log10(high_ / low_) : value / high_;
    }
    [[nodiscard]] std::vector<double> marks() const {
        std::vector<double> result;
        double mark = low_;
        while (mark <= high_ * 1.001) {
            result.push_back(mark);
            mark = logarithmic_ ? mark * 10 : mark + step_;
        }
        return result;
    }

  private:
    /// 1, 2 or 5 of a power of ten, so that there are about five marks.
    static double round_step(double high) {
        if (!(high > 0)) {
            return 1;
        }
        const double power = std::pow(10, std::floor(std::log10(high / 5)));
        for (const double digit : {1.0, 2.0, 5.0}) {
            if (high / (digit * power) <= 6) {
                return digit * power;
            }
        }
        return 10 * power;
    }

    bool logarithmic_;
    double low_ = 0;
    double high_ = 1;
    double step_ = 1;
};

std::string mark_text(double value) {
    if (value >= 1e6) {
        return fmt::format("{:g}M", value / 1e6);
    }
    return value >= 1e3 ? fmt::format("{:g}k", value / 1e3) : fmt::format("{:g}", value);
}

class drawing {
  public:
    drawing(const plot_axis& x, const plot_axis& y) : x_(x), y_(y) {}

    void frame() {
        for (const double mark : x_.marks()) {
            const double at = across(mark);
            text_ += fmt::format(
                R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)"
                R"(<text class="soft" text-anchor="middle" x="{0:.1f}" y="{3}">{4}</text>)",
                at, plot_top, plot_top + plot_height, plot_top + plot_height + 18, mark_text(mark));
        }
        for (const double mark : y_.marks()) {
            const double at = down(mark);
            text_ += fmt::format(
                R"(<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>)"
                R"(<text class="soft" text-anchor="end" x="{3}" y="{4:.1f}">{5}</text>)",
                plot_left, plot_left + plot_width, at, plot_left - 8, at + 4, mark_text(mark));
        }
    }

    void curve(const std::vector<plot_point>& points, std::size_t colour, int decimals,
               const std::string& name) {
        std::string path;
        std::string dots;
        for (const plot_point& each : points) {
            path += fmt::format("{:.1f},{:.1f} ", across(each.x), down(each.y));
            dots += fmt::format(
                R"(<circle class="curve-{}" cx="{:.1f}" cy="{:.1f}" r="4"><title>{}: {}</title></circle>)",
                colour, across(each.x), down(each.y), figure_text(each.x, 0),
                figure_text(each.y, decimals));
        }
        text_ += fmt::format(R"(<polyline class="curve-{}" points="{}"/>)", colour, path) + dots;
        if (!name.empty()) {
            text_ +=
                fmt::format(R"(<text x="{:.1f}" y="{:.1f}">{}</text>)",
                            across(points.back().x) + 10, down(points.back().y) + 4, escaped(name));
        }
    }

    [[nodiscard]] std::string text(const std::string& title) const {
        const double width = plot_left + plot_width + plot_right;
        return fmt::format(R"(<svg viewBox="0 0 {0} {1}" width="{0}" role="img" aria-label="{2}">)",
                           width, plot_top + plot_height + plot_bottom, escaped(title)) +
               text_ + "</svg>";
    }

  private:
    [[nodiscard]] double across(double x) const { return plot_left + plot_width * x_.share(x); }
    [[nodiscard]] double down(double y) const { return plot_top + plot_height * (1 - y_.share(y)); }

    const plot_axis& x_;
    const plot_axis& y_;
    std::string text_;
};

using plot_curves = std::map<double, std::vector<plot_point>>;

plot_curves curves_of(const size_series& series, const size_plot& plot) {
    plot_curves curves;
    for (const size_line& line : series.lines) {
        const plot_point point{line.figures[plot.x], line.figures[plot.y]};
        if (std::isfinite(point.x) && std::isfinite(point.y)) {
            curves[plot.by ? line.figures[*plot.by] : 0].push_back(point);
        }
    }
    return curves;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string result;
    for (const char each : text) {
        switch (each) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += each;
        }
    }
    return result;
}

std::string drawing_of(const size_series& series, const size_plot& plot) {
    const plot_curves curves = curves_of(series, plot);
    std::vector<double> xs;
    std::vector<double> ys;
    for (const auto& [by, points] : curves) {
        for (const plot_point& each : points) {
            xs.push_back(each.x);
            ys.push_back(each.y);
        }
    }
    if (xs.empty()) {
        return {};
    }
    const auto [x_low, x_high] = std::minmax_element(xs.begin(), xs.end());
    const auto [y_low, y_high] = std::minmax_element(ys.begin(), ys.end());
    const plot_axis x{*x_low, *x_high, 20};
    const plot_axis y{*y_low, *y_high, 50};
    drawing result{x, y};
    result.frame();
    std::size_t colour = 0;
    for (const auto& [by, points] : curves) {
        const std::string name =
            plot.by ? fmt::format("{:.0f} {}", by, series.columns[*plot.by].head) : std::string{};
        result.curve(points, colour, series.columns[plot.y].decimals, name);
        colour = (colour + 1) % curve_colours;
    }
    return result.text(fmt::format("{}: {}", series.title, plot.title));
}

}  // namespace bench
