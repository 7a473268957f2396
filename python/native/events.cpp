#include "events.hpp"

#include <nanobind/stl/shared_ptr.h>

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
        case event_kind::node_unverified: return true;
        default: return false;
    }
}

}  // namespace

class event_call : public call {
  public:
    using call::call;

    void end_with(std::deque<kept_event> events, std::uint64_t dropped) {
        events_ = std::move(events);
        dropped_ = dropped;
        complete({});
    }

  private:
    nb::object result() override {
        if (events_.empty()) {
            return nb::none();
        }
        nb::list all;
        for (const auto& one : events_) {
            all.append(nb::cast(one));
        }
        return nb::make_tuple(all, dropped_);
    }

    std::deque<kept_event> events_;
    std::uint64_t dropped_ = 0;
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
    kept_.emplace_back(what);
    if (kept_.size() > most_kept) {
        kept_.pop_front();
        ++dropped_;
    }
    if (const auto waiting = std::exchange(waiting_, nullptr)) {
        waiting->end_with(std::exchange(kept_, {}), std::exchange(dropped_, 0));
    }
}

void listener::next(boost::intrusive_ptr<event_call> wanted) {
    // The one before is dropped outside: its target may be Python's.
    boost::intrusive_ptr<event_call> before;
    const std::lock_guard guard{mutex_};
    if (!kept_.empty() || finished_) {
        wanted->end_with(std::exchange(kept_, {}), std::exchange(dropped_, 0));
        return;
    }
    before = std::exchange(waiting_, std::move(wanted));
}

void listener::finish() {
    const std::lock_guard guard{mutex_};
    finished_ = true;
    if (const auto waiting = std::exchange(waiting_, nullptr)) {
        waiting->end_with({}, 0);
    }
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
        .def("next", [](listener& its, const inbox_handle& at, nb::object target) {
            its.next(boost::intrusive_ptr{new event_call{at.its, std::move(target)}});
        });
}

}  // namespace redlock::python
