#include "failure.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <boost/asio/error.hpp>
#include <exception>
#include <string>

#include "ending.hpp"
#include "text.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

// Set once, when the package is imported, and kept to the interpreter's end.
PyObject* maker = nullptr;

/// The names by which errors.py knows them.
const char* name_of(error_code error) {
    if (error == boost::asio::error::operation_aborted) {
        return "cancelled";
    }
    if (error.category() != lock_category()) {
        return "other";
    }
    switch (static_cast<errc>(error.value())) {
        case errc::contended:
            return "contended";
        case errc::timed_out:
            return "timed_out";
        case errc::no_quorum:
            return "no_quorum";
        case errc::lost:
            return "lost";
        case errc::indeterminate:
            return "indeterminate";
        case errc::closed:
            return "closed";
        case errc::invalid_argument:
            return "invalid_argument";
        case errc::same_server_twice:
            return "same_server_twice";
        case errc::forked:
            return "forked";
        case errc::different_nodes:
            return "different_nodes";
        case errc::no_resource:
        case errc::too_many_resources:
        case errc::resource_twice:
        case errc::different_slots:
            return "invalid_argument";
        case errc::permits_mismatch:
            return "permits_mismatch";
    }
    return "other";
}

/// One sentence: the library's own about this case, else the general one.
std::string sentence_of(error_code error, const diagnostics& details) {
    std::string sentence = details.to_string();
    if (sentence.empty()) {
        sentence = error.message();
        // What only a program in C++ can do comes last.
        if (const auto advice = sentence.find("; acquire_options::"); advice != sentence.npos) {
            sentence.resize(advice);
        }
    }
    return sentence;
}

}  // namespace

nb::object failure_of(error_code error, const diagnostics& details) {
    return unless_it_ends([&] {
        return nb::object(nb::borrow(maker)(name_of(error), as_text(sentence_of(error, details)),
                                            nb::tuple(nb::cast(details.nodes)),
                                            nb::cast(details.holder)));
    });
}

void set_raised(nb::handle exception) noexcept {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
}

void raise_failure(error_code error, const diagnostics& details) {
    set_raised(failure_of(error, details));
    throw nb::python_error();
}

void bind_failure(nb::module_& module) {
    module.def(
        "_make_errors_with", [](nb::object how) { maker = how.release().ptr(); }, nb::arg("maker"));
    nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
        try {
            std::rethrow_exception(thrown);
        } catch (const lock_error& error) {
            set_raised(failure_of(error.code(), error.details()));
        }
    });
}

}  // namespace redlock::python
