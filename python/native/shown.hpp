// Binds a structure of the library as a class with attributes that can only be read: texts as str,
// times as seconds, enumerations as their words, tokens as what is inside them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <concepts>
#include <optional>
#include <redlock/error.hpp>
#include <redlock/types.hpp>
#include <string>
#include <vector>

#include "text.hpp"

namespace redlock::python {

template <class Value>
nanobind::object shown_value(const Value& value);

template <class Value>
struct shown_as {
    static nanobind::object make(const Value& value) {
        if constexpr (requires { value.str(); }) {
            return as_text(value.str());
        } else if constexpr (requires { to_string(value); } && std::is_enum_v<Value>) {
            return as_text(to_string(value));
        } else {
            return nanobind::cast(value);
        }
    }
};
template <>
struct shown_as<std::string> {
    static nanobind::object make(const std::string& value) { return as_text(value); }
};
template <>
struct shown_as<fencing_token> {
    static nanobind::object make(fencing_token value) { return nanobind::cast(value.value()); }
};
template <>
struct shown_as<error_code> {
    static nanobind::object make(error_code value) {
        return as_text(value ? value.message() : std::string{});
    }
};
template <class Rep, class Period>
struct shown_as<std::chrono::duration<Rep, Period>> {
    static nanobind::object make(std::chrono::duration<Rep, Period> value) {
        return nanobind::cast(std::chrono::duration<double>(value).count());
    }
};
template <class Value>
struct shown_as<std::optional<Value>> {
    static nanobind::object make(const std::optional<Value>& value) {
        return value ? shown_value(*value) : nanobind::none();
    }
};
template <class Value>
struct shown_as<std::vector<Value>> {
    static nanobind::object make(const std::vector<Value>& values) {
        nanobind::list all;
        for (const auto& one : values) {
            all.append(shown_value(one));
        }
        return nanobind::tuple(all);
    }
};

template <class Value>
nanobind::object shown_value(const Value& value) {
    return shown_as<Value>::make(value);
}

template <class Structure>
class shown {
  public:
    shown(nanobind::module_& module, const char* name, const char* what)
        : class_(module, name, what) {
        class_.def("__repr__", [](nanobind::handle self) { return repr_of(self); });
    }

    template <class Member>
    shown& member(const char* name, Member Structure::*which, const char* what) {
        class_.def_prop_ro(
            name, [which](const Structure& its) { return shown_value(its.*which); }, what);
        names_.append(name);
        class_.attr("__match_args__") = nanobind::tuple(names_);
        return *this;
    }
    template <class Judge>
    shown& truth(Judge judge) {
        class_.def("__bool__", judge);
        return *this;
    }

  private:
    static nanobind::str repr_of(nanobind::handle self) {
        const nanobind::handle type = self.type();
        nanobind::list parts;
        for (const auto name : type.attr("__match_args__")) {
            parts.append(nanobind::str("{}={!r}").format(name, self.attr(nanobind::str(name))));
        }
        return nanobind::str("{}({})").format(type.attr("__name__"),
                                              nanobind::str(", ").attr("join")(parts));
    }

    nanobind::class_<Structure> class_;
    nanobind::list names_;
};

}  // namespace redlock::python
