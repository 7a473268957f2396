#include "redlock/same_asio.hpp"

namespace redlock::needs {

const char REDLOCK_ASIO_SETTINGS = 0;

}  // namespace redlock::needs
