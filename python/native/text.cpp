#include "text.hpp"

#include <cmath>

namespace nb = nanobind;

namespace redlock::python {

namespace {

[[noreturn]] void refuse_type(const char* what, const char* wanted, nb::handle given) {
    const nb::str type{
        nb::handle{reinterpret_cast<PyObject*>(Py_TYPE(given.ptr()))}.attr("__name__")};
    throw nb::type_error(
        (std::string{what} + " must be " + wanted + ", not " + type.c_str()).c_str());
}

}  // namespace

nb::str as_text(std::string_view bytes) {
    return nb::steal<nb::str>(PyUnicode_DecodeUTF8(
        bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "surrogateescape"));
}

std::string bytes_of(nb::handle text, const char* what) {
    if (PyUnicode_Check(text.ptr())) {
        PyObject* const raw = PyUnicode_AsEncodedString(text.ptr(), "utf-8", "surrogateescape");
        if (raw == nullptr) {
            throw nb::python_error();
        }
        const auto encoded = nb::steal<nb::bytes>(raw);
        return {encoded.c_str(), encoded.size()};
    }
    if (PyBytes_Check(text.ptr())) {
        const auto given = nb::borrow<nb::bytes>(text);
        return {given.c_str(), given.size()};
    }
    refuse_type(what, "a str or bytes", text);
}

std::chrono::duration<double> duration_of(nb::handle seconds, const char* what) {
    double count = 0;
    if (PyBool_Check(seconds.ptr())) {
        refuse_type(what, "a number of seconds or a timedelta", seconds);
    }
    if (PyFloat_Check(seconds.ptr()) || PyLong_Check(seconds.ptr())) {
        count = PyFloat_AsDouble(seconds.ptr());
    } else if (nb::hasattr(seconds, "total_seconds")) {
        count = PyFloat_AsDouble(nb::object(seconds.attr("total_seconds")()).ptr());
    } else if (nb::hasattr(seconds, "__float__") || nb::hasattr(seconds, "__index__")) {
        count = PyFloat_AsDouble(seconds.ptr());
    } else {
        refuse_type(what, "a number of seconds or a timedelta", seconds);
    }
    if (PyErr_Occurred() != nullptr && PyErr_ExceptionMatches(PyExc_OverflowError) != 0) {
        PyErr_Clear();
        throw nb::value_error((std::string{what} + " must be less than 100 years").c_str());
    }
    if (PyErr_Occurred() != nullptr) {
        throw nb::python_error();
    }
    if (std::isnan(count)) {
        throw nb::value_error(
            (std::string{what} + " must be a number of seconds, not NaN").c_str());
    }
    return std::chrono::duration<double>{count};
}

std::chrono::milliseconds milliseconds_of(nb::handle seconds, const char* what) {
    const auto exact = duration_of(seconds, what);
    // A century: beyond it the arithmetic of the checks that follow could not be trusted.
    constexpr std::chrono::hours longest{24 * 365 * 100};
    if (exact > longest || exact < -longest) {
        throw nb::value_error((std::string{what} + " must be less than 100 years").c_str());
    }
    return std::chrono::round<std::chrono::milliseconds>(exact);
}

std::size_t count_of(nb::handle value, const char* what) {
    if (!PyLong_Check(value.ptr()) || PyBool_Check(value.ptr())) {
        throw nb::type_error((std::string{what} + " must be an int").c_str());
    }
    const auto count = PyLong_AsSsize_t(value.ptr());
    if (count < 0) {
        PyErr_Clear();
        throw nb::value_error((std::string{what} + " must be from 0 to 2**63 - 1").c_str());
    }
    return static_cast<std::size_t>(count);
}

}  // namespace redlock::python
