// All public headers, in one include.
#pragma once

#include "redlock/clock.hpp"           // IWYU pragma: export
#include "redlock/configuration.hpp"   // IWYU pragma: export
#include "redlock/duration.hpp"        // IWYU pragma: export
#include "redlock/endpoint.hpp"        // IWYU pragma: export
#include "redlock/error.hpp"           // IWYU pragma: export
#include "redlock/health.hpp"          // IWYU pragma: export
#include "redlock/leader.hpp"          // IWYU pragma: export
#include "redlock/leadership.hpp"      // IWYU pragma: export
#include "redlock/lock.hpp"            // IWYU pragma: export
#include "redlock/lock_manager.hpp"    // IWYU pragma: export
#include "redlock/mutex.hpp"           // IWYU pragma: export
#include "redlock/observer.hpp"        // IWYU pragma: export
#include "redlock/options.hpp"         // IWYU pragma: export
#include "redlock/resource_names.hpp"  // IWYU pragma: export
#include "redlock/statistics.hpp"      // IWYU pragma: export
#include "redlock/status.hpp"          // IWYU pragma: export
#include "redlock/types.hpp"           // IWYU pragma: export
#include "redlock/version.hpp"         // IWYU pragma: export
#include "redlock/with_lock.hpp"       // IWYU pragma: export
