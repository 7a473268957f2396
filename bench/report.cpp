// The benchmark's output.
#include "bench/report.hpp"

#include <fmt/core.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace bench {

namespace json = boost::json;

namespace {

std::string thousands(double number) {
    std::string digits = fmt::format("{:.0f}", number);
    for (std::size_t left = digits.size(); left > 3; left -= 3) {
        digits.insert(left - 3, 1, ',');
    }
    return digits;
}

double microseconds(nanoseconds time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

double rounded(double number, double unit) {
    return std::round(number / unit) * unit;
}

const char* name_of(style how) {
    return how == style::callbacks ? "callbacks" : "coroutines";
}

json::object as_json(const figures& measured) {
    return {{"cycles_per_second", rounded(measured.rate, 1)},
            {"acquire_us", rounded(microseconds(measured.latency), 0.1)},
            {"client_cpu_us", rounded(microseconds(measured.busy), 0.01)},
            {"errors", measured.errors}};
}

double milliseconds(nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

void print_table_head(style how, double seconds) {
    fmt::print(
        "One cycle is to acquire and to release a resource that nobody else wants.\n"
        "The library: the default options, {} on one thread. {:.1f} s a line, in slices of\n"
        "0.15 s taken in turn; medians.\n\n"
        "          |    cycles a second      | redlock /   | acquire, us         "
        "| client's cpu, us a cycle\n"
        "nodes  at |   plain     own redlock | plain   own |  plain    own redlock "
        "|  plain    own redlock\n",
        name_of(how), seconds);
    std::fflush(stdout);
}

void print_table_line(const cell& measured) {
    fmt::print("{:5} {:3} | {:>7} {:>7} {:>7} | {:5.2f} {:5.2f} | {:6.0f} {:6.0f} {:7.0f} |",
               measured.nodes, measured.at_once, thousands(measured.plain.rate),
               thousands(measured.own.rate), thousands(measured.ours.rate), measured.to_plain,
               measured.to_own, microseconds(measured.plain.latency),
               microseconds(measured.own.latency), microseconds(measured.ours.latency));
    fmt::print(" {:6.1f} {:6.1f} {:7.1f}\n", microseconds(measured.plain.busy),
               microseconds(measured.own.busy), microseconds(measured.ours.busy));
    if (measured.plain.errors + measured.own.errors + measured.ours.errors > 0) {
        fmt::print("       errors: plain {}, own {}, redlock {} {}\n", measured.plain.errors,
                   measured.own.errors, measured.ours.errors, measured.error);
    }
    std::fflush(stdout);
}

void print_json(const std::vector<cell>& cells, style how) {
    json::array lines;
    for (const cell& measured : cells) {
        lines.push_back(json::object{{"nodes", measured.nodes},
                                     {"at_once", measured.at_once},
                                     {"plain_floor", as_json(measured.plain)},
                                     {"own_floor", as_json(measured.own)},
                                     {"redlock", as_json(measured.ours)},
                                     {"to_plain_floor", rounded(measured.to_plain, 0.001)},
                                     {"to_own_floor", rounded(measured.to_own, 0.001)}});
    }
    std::cout << json::object{{"style", name_of(how)}, {"cells", std::move(lines)}} << '\n';
}

void print_hand_over_head(double seconds) {
    fmt::print(
        "One lock that many want, on three nodes. {:.1f} s a line.\n"
        "paced: a worker holds it for 2 ms and asks again 20 ms later. hot: neither.\n\n"
        "                        | acquired |  held | waited, ms              |   share | commands "
        "|\n"
        "processes workers  pace | a second | busy  |  median     p99     max | max/min |  for one "
        "| splits\n",
        seconds);
    std::fflush(stdout);
}

void print_hand_over_line(const hand_over_line& line) {
    const bool paced = line.load.hold.count() > 0;
    fmt::print(
        "{:9} {:7} {:>5} | {:>8} | {:4.1f}% | {:7.2f} {:7.2f} {:7.2f} | {:>7} | {:8.2f} | {:6}\n",
        line.load.processes, line.load.workers, paced ? "paced" : "hot", thousands(line.rate),
        line.busy * 100, milliseconds(line.median), milliseconds(line.p99),
        milliseconds(line.longest),
        line.unfairness ? fmt::format("{:.2f}", *line.unfairness) : "inf", line.commands,
        line.splits);
    if (!line.passed()) {
        fmt::print(
            "       overlapping holds: {}, fencing tokens that did not grow: {}, errors: {} {}\n",
            line.overlaps, line.disordered, line.errors, line.error);
    }
    std::fflush(stdout);
}

void print_hand_over_json(const std::vector<hand_over_line>& lines) {
    json::array printed;
    for (const hand_over_line& line : lines) {
        printed.push_back(json::object{
            {"processes", line.load.processes},
            {"workers", line.load.workers},
            {"hold_ms", line.load.hold.count()},
            {"pause_ms", line.load.pause.count()},
            {"acquisitions_per_second", rounded(line.rate, 0.1)},
            {"busy_share", rounded(line.busy, 0.0001)},
            {"wait_median_ms", rounded(milliseconds(line.median), 0.001)},
            {"wait_p99_ms", rounded(milliseconds(line.p99), 0.001)},
            {"wait_max_ms", rounded(milliseconds(line.longest), 0.001)},
            {"share_max_to_min",
             line.unfairness ? json::value(rounded(*line.unfairness, 0.001)) : json::value()},
            {"commands_per_acquisition", rounded(line.commands, 0.001)},
            {"splits", line.splits},
            {"overlapping_holds", line.overlaps},
            {"fencing_tokens_not_growing", line.disordered},
            {"errors", line.errors},
            {"error", line.error}});
    }
    std::cout << json::object{{"hand_over", std::move(printed)}} << '\n';
}

void print_terms_head(style how, double seconds) {
    fmt::print(
        "The default options beside attempts-limited ones (wait_policy::none(), a lease of 10 s),\n"
        "on resources that nobody else wants. {} on one thread. {:.1f} s a line, in slices of\n"
        "0.15 s taken in turn; medians. The servers' time is that of all nodes.\n\n"
        "          |     cycles a second       | servers, us a cycle\n"
        "nodes  at | limited  default  ratio   | limited  default  ratio\n",
        name_of(how), seconds);
    std::fflush(stdout);
}

void print_terms_line(const terms_line& line) {
    fmt::print("{:5} {:3} | {:>7} {:>8} {:6.3f}   | {:7.2f} {:8.2f} {:6.3f}\n", line.nodes,
               line.at_once, thousands(line.limited_rate), thousands(line.usual_rate),
               line.rate_ratio, line.limited_server_us, line.usual_server_us, line.server_ratio());
    if (line.errors > 0) {
        fmt::print("       errors: {} {}\n", line.errors, line.error);
    }
    std::fflush(stdout);
}

void print_terms_json(const std::vector<terms_line>& lines) {
    json::array printed;
    for (const terms_line& line : lines) {
        printed.push_back(json::object{{"nodes", line.nodes},
                                       {"at_once", line.at_once},
                                       {"limited_cycles_per_second", rounded(line.limited_rate, 1)},
                                       {"default_cycles_per_second", rounded(line.usual_rate, 1)},
                                       {"rate_ratio", rounded(line.rate_ratio, 0.001)},
                                       {"limited_server_us", rounded(line.limited_server_us, 0.01)},
                                       {"default_server_us", rounded(line.usual_server_us, 0.01)},
                                       {"server_ratio", rounded(line.server_ratio(), 0.001)},
                                       {"errors", line.errors}});
    }
    std::cout << json::object{{"options", std::move(printed)}} << '\n';
}

void print_frozen(const frozen_result& result) {
    fmt::print(
        "{} cycles on three nodes, in milliseconds; the median of {} turns\n\n"
        "at once   three healthy   third frozen   two alone   to healthy   to alone\n",
        thousands(frozen_result::cycles), frozen_result::turns);
    for (const frozen_line& line : result.lines) {
        fmt::print("{:7} {:15.1f} {:14.1f} {:11.1f} {:12.2f} {:10.2f}   {}\n", line.at_once,
                   milliseconds(line.healthy), milliseconds(line.frozen), milliseconds(line.alone),
                   line.to_healthy(), line.to_alone(),
                   frozen_result::passed(line) ? "passed" : "FAILED");
    }
    fmt::print("\nThe frozen third may cost at most {} times the three healthy nodes.\n",
               frozen_result::highest_ratio);
    if (!result.awake) {
        fmt::print(
            "The processors may have slept between two commands, which disturbs one at a time: run "
            "as root\nto keep them awake.\n");
    }
    if (result.errors > 0) {
        fmt::print("{} cycles failed; the last: {}\n", result.errors, result.error);
    }
}

void print_frozen_json(const frozen_result& result) {
    json::array lines;
    for (const frozen_line& line : result.lines) {
        lines.push_back(json::object{{"at_once", line.at_once},
                                     {"healthy_ms", rounded(milliseconds(line.healthy), 0.001)},
                                     {"frozen_ms", rounded(milliseconds(line.frozen), 0.001)},
                                     {"alone_ms", rounded(milliseconds(line.alone), 0.001)}});
    }
    std::cout << json::object{{"cycles", frozen_result::cycles},
                              {"lines", std::move(lines)},
                              {"processors_kept_awake", result.awake},
                              {"errors", result.errors},
                              {"passed", result.passed()}}
              << '\n';
}

}  // namespace bench
