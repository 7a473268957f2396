#include "cli/output/outcome.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/base/typed_secrets.hpp"
#include "cli/output/json_output.hpp"

namespace redlock::cli {

namespace {

namespace json = boost::json;

struct failure {
    std::string code;
    std::string message;
    json::array nodes;
};

struct answer {
    bool due = false;
    std::optional<failure> noted;
};

answer& the_answer() {
    static answer only;
    return only;
}

json::array nodes_of(const diagnostics& why) {
    return array_of(why.nodes, [](const node_failure& each) {
        json::object node{{"node", each.node}};
        set_text(node, "error", fmt::format("{}: {}", each.message, each.cause.message()));
        return node;
    });
}

/// Of what said nothing: a signal, or what should not happen.
failure unexplained(int status) {
    if (status > exit_signal_base) {
        return {
            "interrupted", fmt::format("interrupted by signal {}", status - exit_signal_base), {}};
    }
    return {"internal", fmt::format("failed with exit status {}", status), {}};
}

}  // namespace

void answer_in_json() {
    the_answer().due = true;
}

void note_failure(std::string_view code, std::string_view message, const diagnostics& why) {
    the_answer().noted = failure{std::string{code}, without_typed_urls(message), nodes_of(why)};
}

std::string_view code_of(const error_code& error) {
    if (error == errc::invalid_argument) {
        return "usage";
    }
    const bool is_ours = error.category() == lock_category();
    return is_ours && error != errc::closed && error != errc::forked
               ? to_string(static_cast<errc>(error.value()))
               : "internal";
}

bool print_result(json::object result) {
    const auto& noted = the_answer().noted;
    result["error"] = noted ? json::value(json_text(noted->message)) : json::value(nullptr);
    result["code"] = noted ? json::value(noted->code) : json::value(nullptr);
    if (!result.contains("nodes")) {
        result["nodes"] = noted ? noted->nodes : json::array{};
    }
    the_answer().due = false;
    return print(json_line(result));
}

void no_object_is_due() {
    the_answer().due = false;
}

int with_object(int status) {
    const bool went_well = status == exit_ok && !the_answer().noted;  // With -E 0 that is no proof.
    if (!the_answer().due || went_well || status == exit_output) {
        return status;
    }
    if (!the_answer().noted) {
        the_answer().noted = unexplained(status);
    }
    return print_result({}) ? status : exit_output;
}

}  // namespace redlock::cli
