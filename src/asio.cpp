// Asio, compiled once for the whole library instead of in every file that includes it. Nothing else
// may stand here; TLS brings its own line when it comes.
#include <boost/asio/impl/src.hpp>
