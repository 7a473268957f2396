#include <redlock/health.hpp>

#include "shown.hpp"
#include "values.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

const char* word_of(server_role role) {
    switch (role) {
        case server_role::master:
            return "master";
        case server_role::replica:
            return "replica";
        case server_role::other:
            return "other";
    }
    return "other";
}

void bind_facts(nb::module_& module) {
    shown<round_trip_times>{module, "RoundTrip", "From a command's sending to its reply."}
        .member("median", &round_trip_times::median, "Seconds.")
        .member("p99", &round_trip_times::p99, "Seconds.")
        .member("samples", &round_trip_times::samples, "How many were measured.");
    shown<clock_reading>{module, "ClockReading", "A node's clock beside this machine's."}
        .member("ahead", &clock_reading::ahead, "Seconds; negative: behind.")
        .member("error", &clock_reading::error, "Seconds either way, at most.");
    shown<missing_right>{module, "MissingRight", "What the node's user may not do."}
        .member("what", &missing_right::what, "The command, key or channel.")
        .member("rule", &missing_right::rule, "The ACL rule that allows it; empty: none helps.")
        .member("needed_for", &missing_right::needed_for, "For people.")
        .member("essential", &missing_right::essential, "Without it the node gives no vote.")
        .member("withheld_by", &missing_right::by, "What withholds it.");
}

}  // namespace

template <>
struct shown_as<server_role> {
    static nb::object make(server_role role) { return nb::str(word_of(role)); }
};

void bind_health(nb::module_& module) {
    bind_facts(module);
    shown<node_health>{module, "NodeHealth",
                       "What could be observed of one node; None: it could not."}
        .member("node", &node_health::node, "Its position in the list of nodes, from 0.")
        .member("name", &node_health::name, "Its address, without secrets.")
        .member("error", &node_health::error, "Why it could not be examined; else empty.")
        .member("message", &node_health::message, "The same for people.")
        .member("server", &node_health::server, "Its own name: 'Redis', 'Valkey' or another.")
        .member("version", &node_health::version, "Its own.")
        .member("role", &node_health::role, "'master', 'replica' or 'other'.")
        .member("uptime", &node_health::uptime, "Seconds.")
        .member("user", &node_health::user, "As whom we are logged in.")
        .member("round_trip", &node_health::round_trip, "How quickly it answers.")
        .member("clock", &node_health::clock, "How its clock differs from ours.")
        .member("missing", &node_health::missing, "Rights that its user lacks.")
        .member("vote_error", &node_health::vote_error, "Set while it has no vote.")
        .member("vote_message", &node_health::vote_message, "Why, and for how long.")
        .member("quarantine", &node_health::quarantine, "Seconds that are left of it, or None.");
    shown<finding>{module, "Finding", "One verdict of the doctor."}
        .member("level", &finding::level, "'ok', 'note', 'warning' or 'problem'.")
        .member("code", &finding::code, "The kind, which never changes: see docs/doctor.md.")
        .member("node", &finding::node, "Which node; None: all together.")
        .member("what", &finding::what, "For people.")
        .member("why", &finding::why, "Why that matters; may be empty.")
        .member("advice", &finding::advice, "The change to make; may be empty.");
}

}  // namespace redlock::python
