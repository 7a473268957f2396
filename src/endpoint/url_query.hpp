// What may stand in the query of a Redis URL, and what each parameter does to the endpoint. Reads
// the files that hold passwords, and nothing else from outside. As in url_parts, no message repeats
// a name or a value that is not ours. Any thread.
#pragma once

#include <boost/url/url_view.hpp>
#include <optional>
#include <redlock/endpoint.hpp>
#include <string>
#include <string_view>

namespace redlock::endpoints {

/// The name of the master, if the query makes a Sentinel of the host, as aioredlock's URLs do.
[[nodiscard]] std::optional<std::string> master_in_query(const boost::urls::url_view& url);

/// Everything but `master`. `found` tells what kind of endpoint it is. Throws endpoint_error.
void read_query(const boost::urls::url_view& url, endpoint& found);

/// A number of a database. Throws endpoint_error.
void read_database(std::string_view text, endpoint& found);

}  // namespace redlock::endpoints
