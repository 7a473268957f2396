// The families in one table.
#include "faults/scenario.hpp"

namespace redlock::faults {

const std::vector<scenario>& scenarios() {
    static const std::vector<scenario> all = [] {
        std::vector<scenario> table;
        for (const auto& family : {server_scenarios(), restart_scenarios(), client_scenarios(),
                                   network_scenarios(), memory_scenarios()}) {
            table.insert(table.end(), family.begin(), family.end());
        }
        return table;
    }();
    return all;
}

}  // namespace redlock::faults
