#include "events.hpp"

#include <nanobind/stl/shared_ptr.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "held.hpp"
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

/// As one word, as Python's names are.
template <>
struct shown_as<event_kind> {
    static nb::object make(event_kind kind) {
        std::string word{to_string(kind)};
        std::ranges::replace(word, ' ', '_');
        return nb::str(word.c_str());
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
    kept_.emplace_back(what);
    if (kept_.size() > most_kept) {
        kept_.pop_front();
        ++dropped_;
    }
    wake_all();
}

listener::news listener::take() {
    const std::lock_guard guard{mutex_};
    return {std::exchange(kept_, {}), std::exchange(dropped_, 0), finished_};
}

void listener::ring(const event_call_ptr& wanted) {
    wanted->slot().assign([weak = weak_from_this(), it = wanted.get()](auto) {
        if (const auto its = weak.lock()) {
            its->give_up(it);
        }
    });
    const std::lock_guard guard{mutex_};
    waiting_.push_back(wanted);
    if (!kept_.empty() || finished_) {
        wake_all();
    }
}

void listener::give_up(const call* wanted) {
    // Dropped outside: its target may be Python's.
    event_call_ptr dropped;
    const std::lock_guard guard{mutex_};
    const auto found = std::ranges::find(waiting_, wanted, &event_call_ptr::get);
    if (found != waiting_.end()) {
        dropped = std::move(*found);
        waiting_.erase(found);
        dropped->end(boost::asio::error::operation_aborted);
    }
}

void listener::finish() {
    const std::lock_guard guard{mutex_};
    finished_ = true;
    wake_all();
}

void listener::wake_all() {
    for (const auto& one : std::exchange(waiting_, {})) {
        one->end({});
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

std::shared_ptr<listener> event_hub::listen(const engine* with) {
    auto one = std::make_shared<listener>(with);
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
        .def("take",
             [](listener& its) {
                 refuse_copies(its.its_engine());
                 const auto news = its.take();
                 nb::list events;
                 for (const auto& one : news.events) {
                     events.append(nb::cast(one));
                 }
                 return nb::make_tuple(events, news.dropped, news.is_last);
             })
        .def("ring", [](listener& its, const inbox_handle& at, nb::object target) {
            refuse_copies(its.its_engine());
            auto call = new_call<event_call>(at, std::move(target));
            its.ring(call);
            return call_handle{call};
        });
}

}  // namespace redlock::python
