// The compiled half of the package. What users see is written in Python above it.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <redlock/version.hpp>

#include "box.hpp"
#include "events.hpp"
#include "failure.hpp"
#include "inbox.hpp"
#include "manager.hpp"
#include "text.hpp"
#include "values.hpp"

namespace nb = nanobind;
using namespace redlock::python;

NB_MODULE(_native, module) {
    // A program may end with locks and managers in its globals: that is no leak worth a word.
    nb::set_leak_warnings(false);
    nb::class_<call_handle>(module, "Call").def("cancel", [](const call_handle& c) {
        c.its->cancel();
    });
    nb::class_<inbox_handle>(module, "Inbox")
        .def(nb::init<>())
        .def("fileno", [](const inbox_handle& i) { return i.its->descriptor(); })
        .def("drain", [](const inbox_handle& i) { i.its->drain(); })
        .def(
            "wait",
            [](const inbox_handle& i, const box& its, std::optional<double> seconds) {
                i.its->wait(its, seconds);
            },
            nb::arg(), nb::arg().none());
    nb::class_<inbox_reader>(module, "InboxReader")
        .def(nb::init<const inbox_handle&>())
        .def("__call__", [](const inbox_reader& r) { r.its->drain(); });
    bind_box(module);
    bind_failure(module);
    bind_values(module);
    bind_health(module);
    bind_events(module);
    bind_held(module);
    bind_manager(module);
    module.attr("version") = REDLOCK_VERSION_STRING;
    module.def(
        "seconds_of",
        [](nb::handle duration, const char* what) { return duration_of(duration, what).count(); },
        nb::arg().none(), nb::arg());
    module.def("shut_down", &shut_down);
    module.def("close_all", &close_all);
    module.def("pause", &engine::pause);
    module.def("resume", &engine::resume);
    module.def("forget", &engine::forget);
}
