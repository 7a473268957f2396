#include "values.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <redlock/lock.hpp>
#include <redlock/statistics.hpp>
#include <redlock/status.hpp>

#include "shown.hpp"
#include "text.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

void bind_holders(nb::module_& module) {
    shown<node_failure>{module, "NodeFailure", "Why one node did not help."}
        .member("node", &node_failure::node, "Its position in the list of nodes, from 0.")
        .member("cause", &node_failure::cause, "The general reason.")
        .member("message", &node_failure::message,
                "For people: the node without its secrets, and the server's own words.");
    shown<lock_holder>{module, "Holder", "Who holds a lock, as a quorum of the nodes reports it."}
        .member("token", &lock_holder::token,
                "Identifies the holder; of several readers 'redlock:shared'.")
        .member("fencing_token", &lock_holder::fencing,
                "0 if another library holds it, or several readers do.")
        .member("label", &lock_holder::label, "Empty if it gave none.")
        .member("remaining", &lock_holder::remaining,
                "Seconds until its leases have ended, unless extended; None if they never end.")
        .member("mode", &lock_holder::mode, "'exclusive' or 'shared'.")
        .member("readers", &lock_holder::readers, "How many share it; 0 of an exclusive lock.")
        .member("resource", &lock_holder::resource,
                "Of an acquisition of several: the resource that is held. Else empty.");
    shown<active_lock>{module, "ActiveLock", "A lock that a manager holds."}
        .member("resource", &active_lock::resource, "Its name.")
        .member("token", &active_lock::token, "Identifies this holder.")
        .member("mode", &active_lock::mode, "'exclusive' or 'shared'.");
}

void bind_status(nb::module_& module) {
    shown<node_status>{module, "NodeStatus", "One node's view of a resource."}
        .member("node", &node_status::node, "Its position in the list of nodes, from 0.")
        .member("name", &node_status::name, "Its address, without secrets.")
        .member("error", &node_status::error,
                "Why it did not answer; empty if it did. If set, nothing below counts.")
        .member("message", &node_status::message, "The same for people.")
        .member("token", &node_status::holder, "Of the holder; empty: free on this node.")
        .member("mode", &node_status::mode, "'exclusive', 'shared'; None: free on this node.")
        .member("remaining", &node_status::remaining,
                "Seconds of the lease that are left; None without a lease.")
        .member("fence", &node_status::fence, "The largest fencing token that it has seen.")
        .member("fence_message", &node_status::fence_message,
                "Set if that is too far ahead for the node to vote; with the remedy.")
        .member("key_message", &node_status::key_message,
                "Set if a key of the resource has a value that no lock has; with the remedy.")
        .member("fencing_token", &node_status::fencing, "The holder's own.")
        .member("label", &node_status::label, "The holder's.")
        .member("proclaimed", &node_status::proclaimed, "What the holder has proclaimed last.")
        .member("edition", &node_status::edition, "How often it has proclaimed something.")
        .member("readers", &node_status::readers, "Those who share it: at most 100.")
        .member("reader_count", &node_status::reader_count, "How many there are.")
        .member("vote_error", &node_status::vote_error,
                "Set while it has no vote in acquisitions, whatever it answers.")
        .member("vote_message", &node_status::vote_message, "Why, and for how long.")
        .member("quarantine", &node_status::quarantine, "Seconds that are left of it, or None.");
    shown<resource_status>{module, "Status", "All nodes' views of a resource, and the verdict."}
        .member("resource", &resource_status::resource, "Its name.")
        .member(
            "verdict", &resource_status::verdict,
            "'held', 'free', 'split' (a change is in progress) or 'unknown' (too few answered).")
        .member("mode", &resource_status::mode, "'exclusive' or 'shared' when held, else None.")
        .member("token", &resource_status::holder, "Of the holder, when held.")
        .member("fencing_token", &resource_status::fencing, "The holder's; 0 of readers.")
        .member("label", &resource_status::label, "The holder's; empty of readers.")
        .member("proclaimed", &resource_status::proclaimed, "What the holder has proclaimed last.")
        .member("edition", &resource_status::edition, "How often it has proclaimed something.")
        .member("remaining", &resource_status::remaining,
                "Seconds until its leases have ended on a quorum, unless extended; or None.")
        .member("readers", &resource_status::readers, "Those who share it.")
        .member("reader_count", &resource_status::reader_count, "How many there are.")
        .member("nodes", &resource_status::nodes, "Each node's view, in their order.")
        .member("slot", &resource_status::slot, "Of a permit: which.");
    shown<semaphore_status>{module, "SemaphoreStatus", "The nodes' views of all permits."}
        .member("name", &semaphore_status::name, "The semaphore's name.")
        .member("slots", &semaphore_status::slots, "One status for each permit.")
        .member("remembered_permits", &semaphore_status::remembered_permits,
                "The number of permits that the nodes know from other clients, or None.");
    shown<leader_view>{module, "LeaderView", "Who leads, as an observer sees it."}
        .member("token", &leader_view::token, "Of the leader; empty: nobody leads.")
        .member("term", &leader_view::term, "The number of its term, a fencing token.")
        .member("label", &leader_view::label, "Empty if it gave none.")
        .member("proclaimed", &leader_view::proclaimed, "What it has proclaimed last.")
        .member("edition", &leader_view::edition, "How often it has proclaimed something.")
        .truth([](const leader_view& view) { return static_cast<bool>(view); });
}

}  // namespace

void bind_values(nb::module_& module) {
    bind_holders(module);
    bind_status(module);
    shown<manager_statistics>{module, "Statistics", "Counters of a manager, which only grow."}
        .member("acquired", &manager_statistics::acquired, "Acquisitions that ended with the lock.")
        .member("handed_over", &manager_statistics::handed_over,
                "Of these: from a holder of the same manager.")
        .member("attempts", &manager_statistics::attempts, "Rounds of commands to the nodes.")
        .member("split_votes", &manager_statistics::split_votes,
                "Of these: no attempt could have a quorum.")
        .member("wake_ups", &manager_statistics::wake_ups,
                "Times that a change message made a waiter try again.")
        .member("lost", &manager_statistics::lost, "Locks lost before they were released.")
        .member("waited", &manager_statistics::waited,
                "Seconds from call to completion, summed up over `acquired`.");
}

}  // namespace redlock::python
