// What operations tell, as classes whose objects never change.
#pragma once

#include <nanobind/nanobind.h>

namespace redlock::python {

void bind_values(nanobind::module_& module);
void bind_health(nanobind::module_& module);

}  // namespace redlock::python
