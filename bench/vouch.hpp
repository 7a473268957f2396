// Makes nodes forget the settings of those that used them before: the lines of a table use one,
// three and five of the same servers, and a node that knows clients of three gives no vote to one
// of five. Public headers only. Blocks; any thread.
#pragma once

#include <redlock/endpoint.hpp>
#include <redlock/options.hpp>
#include <vector>

namespace bench {

/// `options`: of the managers that come next. Throws std::runtime_error if a node does not take the
/// word.
void vouch_for(const std::vector<redlock::endpoint>& nodes,
               const redlock::manager_options& options = {});

}  // namespace bench
