#include "events.hpp"

#include <nanobind/stl/shared_ptr.h>

#include <algorithm>
#include <string>
#include <utility>

#include "shown.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

bool is_about_a_node(event_kind kind) {
    switch (kind) {
        case event_kind::woken:
        case event_kind::node_ready:
        case event_kind::node_down:
        case event_kind::node_refused:
        case event_kind::node_without_vote:
        case event_kind::tracking_refused:
        case event_kind::node_unverified:
            return true;
        default:
            return false;
    }
}

}  // namespace

/// As a word, to compare with.
template <>
struct shown_as<event_kind> {
    static nb::object make(event_kind kind) {
        std::string word{to_string(kind)};
        std::ranges::replace(word, ' ', '_');
        return as_text(word);
    }
};

kept_event::kept_event(const event& from)
    : kind(from.kind),
      resource(from.resource),
      fencing(from.fencing),
      node(is_about_a_node(from.kind) ? std::optional{from.node} : std::nullopt),
      node_name(from.node_name),
      error(from.error),
      message(from.message),
      elapsed(from.elapsed),
      ahead(from.ahead) {}

void listener::keep(const event& what) {
    const std::lock_guard guard{mutex_};
    kept_.events.emplace_back(what);
    if (kept_.events.size() > most_kept) {
        kept_.events.pop_front();
        ++kept_.dropped;
    }
    if (const auto bell = std::exchange(bell_, nullptr)) {
        bell->end({});
    }
}

void listener::finish() {
    const std::lock_guard guard{mutex_};
    kept_.finished = true;
    if (const auto bell = std::exchange(bell_, nullptr)) {
        bell->end({});
    }
}

void listener::ring(boost::intrusive_ptr<plain_call> bell) {
    // Dropped outside of the lock, since its target is Python's.
    boost::intrusive_ptr<plain_call> before;
    const std::lock_guard guard{mutex_};
    if (has_something()) {
        bell->end({});
    } else {
        before = std::exchange(bell_, std::move(bell));
    }
}

listener::taken listener::take() {
    const std::lock_guard guard{mutex_};
    taken all = std::move(kept_);
    kept_ = taken{{}, 0, all.finished};
    return all;
}

void event_hub::on_event(const event& what) noexcept {
    try {
        const std::lock_guard guard{mutex_};
        std::erase_if(listeners_, [&](const auto& weak) {
            const auto alive = weak.lock();
            if (alive) {
                alive->keep(what);
            }
            return !alive;
        });
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // No memory: the event is not seen.
    }
}

std::shared_ptr<listener> event_hub::listen() {
    auto one = std::make_shared<listener>();
    const std::lock_guard guard{mutex_};
    if (finished_) {
        one->finish();
    } else {
        listeners_.push_back(one);
    }
    return one;
}

void event_hub::finish() {
    const std::lock_guard guard{mutex_};
    finished_ = true;
    for (const auto& weak : std::exchange(listeners_, {})) {
        if (const auto alive = weak.lock()) {
            alive->finish();
        }
    }
}

void bind_events(nb::module_& module) {
    shown<kept_event>{module, "Event", "Something that a manager reports."}
        .member("kind", &kept_event::kind, "Which, for example 'acquired', 'lost', 'node_down'.")
        .member("resource", &kept_event::resource, "Empty for events of nodes.")
        .member("fencing_token", &kept_event::fencing, "0 where there is none.")
        .member("node", &kept_event::node, "For events of nodes: which, from 0. Else None.")
        .member("node_name", &kept_event::node_name, "Its address, without secrets.")
        .member("error", &kept_event::error, "Empty where there is none.")
        .member("message", &kept_event::message, "For people; may be empty.")
        .member("elapsed", &kept_event::elapsed, "Seconds.")
        .member("ahead", &kept_event::ahead, "Places before a waiter in line, or None.");
    nb::class_<listener>(module, "Listener")
        .def("ring",
             [](listener& its, const inbox_handle& at, nb::object target) {
                 auto bell = new_call<plain_call>(at, std::move(target));
                 its.ring(bell);
                 return call_handle{bell};
             })
        .def("take", [](listener& its) {
            const auto all = its.take();
            nb::list events;
            for (const auto& one : all.events) {
                events.append(nb::cast(one));
            }
            return nb::make_tuple(events, all.dropped, all.finished);
        });
}

}  // namespace redlock::python
