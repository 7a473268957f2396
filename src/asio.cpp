// Asio and its TLS, compiled once for the whole library instead of in every file that includes
// them. Nothing else may stand here.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
