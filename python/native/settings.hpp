// Options as Python gives them, by name in a dict, as the library's structures. Every default is
// the library's.
#pragma once

#include <nanobind/nanobind.h>

#include <redlock/options.hpp>
#include <string>

namespace redlock::python {

/// Options of one acquisition that own their strings.
struct acquisition {
    /// Throws TypeError for an option that there is not, or one of a wrong type; ValueError for one
    /// with a value that cannot be.
    explicit acquisition(const nanobind::dict& given);

    /// Refers to this object and to `details`.
    [[nodiscard]] acquire_options with(diagnostics& details) const;

  private:
    acquire_options options_;
    std::string label_;
    std::string identifier_;
};

/// Sets what is given; throws as `acquisition` does.
void set_manager_options(manager_options& options, const nanobind::dict& given);

}  // namespace redlock::python
