#include "box.hpp"

#include <cassert>
#include <utility>

#include "failure.hpp"
#include "held.hpp"

namespace nb = nanobind;

namespace redlock::python {

void box::set_result(nb::object value) noexcept {
    done_ = true;
    value_ = std::move(value);
    from_.reset();
}

void box::set_exception(nb::object error) noexcept {
    done_ = true;
    error_ = std::move(error);
    from_.reset();
}

void box::give_up() {
    done_ = true;
    if (value_.is_valid() && nb::isinstance<held>(value_)) {
        nb::cast<held&>(value_).discard();
    }
    value_.reset();
    error_.reset();
    if (const auto from = std::exchange(from_, nullptr)) {
        from->cancel();
    }
}

nb::object box::result() {
    assert(done_);
    if (const nb::object error = std::exchange(error_, nb::object{}); error.is_valid()) {
        set_raised(error);
        throw nb::python_error();
    }
    return std::exchange(value_, nb::object{});
}

box* box::in(nb::handle target) noexcept {
    return nb::isinstance<box>(target) ? nb::inst_ptr<box>(target) : nullptr;
}

void bind_box(nb::module_& module) {
    nb::class_<box>(module, "Box", "Where a blocked thread finds an operation's outcome.")
        .def(nb::init<>())
        .def("done", &box::done)
        .def("give_up", &box::give_up)
        .def("result", &box::result);
}

}  // namespace redlock::python
