#include "held.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "calls.hpp"
#include "ending.hpp"
#include "manager.hpp"
#include "shown.hpp"
#include "text.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

std::optional<std::chrono::milliseconds> lease_of(nb::handle given) {
    return given.is_none() ? std::nullopt : std::optional{milliseconds_of(given, "lease_time")};
}

/// An operation of the lock's own, which knows what went wrong with it. Keeps it alive.
class held_call : public plain_call {
  public:
    held_call(inbox_ptr home, nb::object target, nb::object of)
        : plain_call(std::move(home), std::move(target)), of_(std::move(of)) {}
    ~held_call() override { let_go(of_); }

  private:
    void discard() noexcept override {
        plain_call::discard();
        let_go(of_);
    }
    [[nodiscard]] diagnostics why(error_code error) const override {
        if (!of_.is_valid() || error == errc::closed || error == errc::forked) {
            return {};
        }
        return nb::cast<const held&>(of_).its().last_error();
    }

    nb::object of_;
};

/// Of an operation of `self`, which is a held lock.
boost::intrusive_ptr<held_call> new_held_call(const inbox_handle& at, nb::object target,
                                              nb::handle self) {
    return boost::intrusive_ptr{new held_call{at.its, std::move(target), nb::borrow(self)}};
}

}  // namespace

void require_engine(const engine* wanted) {
    if (is_ending_elsewhere()) {
        stand_still();
    }
    if (engine::is_stopped()) {
        raise_failure(errc::closed, {"the interpreter is ending", {}});
    }
    refuse_copies(wanted);
}

void refuse_copies(const engine* wanted) {
    if (!engine::is_stopped() && engine::running() != wanted) {
        raise_failure(errc::forked, {});
    }
}

lock& held::usable() {
    require_engine(engine_);
    return lock_;
}

void bind_held(nb::module_& module) {
    nb::class_<held>(module, "Held", "A lock that was acquired; released when it is collected.")
        .def_prop_ro("resource", [](const held& h) { return as_text(h.its().resource().str()); })
        .def_prop_ro("resources", [](const held& h) { return shown_value(h.its().resources()); })
        .def_prop_ro("token", [](const held& h) { return as_text(h.its().token().str()); })
        .def_prop_ro("fencing_token", [](const held& h) { return h.its().fencing_token().value(); })
        .def_prop_ro("slot", [](const held& h) { return shown_value(h.its().slot()); })
        .def_prop_ro("mode", [](const held& h) { return shown_value(h.its().mode()); })
        .def_prop_ro("valid", [](const held& h) { return h.its().valid(); })
        .def_prop_ro("remaining", [](const held& h) { return seconds_of(h.its().remaining()); })
        .def(
            "extend",
            [](nb::handle self, const inbox_handle& at, nb::object target, nb::handle lease_time) {
                const auto lease = lease_of(lease_time);
                auto call = new_held_call(at, std::move(target), self);
                nb::cast<held&>(self).usable().async_extend(lease, ends(call));
                return call_handle{call};
            },
            nb::arg(), nb::arg(), nb::arg().none())
        .def("downgrade",
             [](nb::handle self, const inbox_handle& at, nb::object target) {
                 auto call = new_held_call(at, std::move(target), self);
                 nb::cast<held&>(self).usable().async_downgrade(ends(call));
                 return call_handle{call};
             })
        .def(
            "proclaim",
            [](nb::handle self, const inbox_handle& at, nb::object target, nb::handle text) {
                auto bytes = bytes_of(text, "text");
                auto call = new_held_call(at, std::move(target), self);
                nb::cast<held&>(self).usable().async_proclaim(std::move(bytes), ends(call));
                return call_handle{call};
            },
            nb::arg(), nb::arg(), nb::arg().none())
        .def("release",
             [](nb::handle self, const inbox_handle& at, nb::object target) {
                 auto call = new_held_call(at, std::move(target), self);
                 nb::cast<held&>(self).usable().async_release(ends(call));
                 return call_handle{call};
             })
        .def("wait_lost",
             [](held& h, const inbox_handle& at, nb::object target) {
                 auto call = new_call<plain_call>(at, std::move(target));
                 h.usable().async_wait_lost(ends(call));
                 return call_handle{call};
             })
        .def("last_error", [](const held& h) { return as_text(h.its().last_error().to_string()); })
        .def("detach", [](held& h) { return as_text(h.detach().str()); })
        .def("require_here", [](held& h) { h.usable(); })
        .def("abandon", &held::abandon)
        .def("discard", &held::discard);
}

}  // namespace redlock::python
