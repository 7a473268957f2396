#include "settings.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string_view>
#include <vector>

#include "text.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

using std::chrono::milliseconds;

bool flag_of(nb::handle value, const char* what) {
    if (!PyBool_Check(value.ptr())) {
        throw nb::type_error((std::string{what} + " must be True or False").c_str());
    }
    return value.is(nb::handle{Py_True});
}

/// For an option that does not exist: names those that do.
[[noreturn]] void refuse_name(std::string_view name, const std::vector<std::string_view>& known) {
    std::string names;
    for (const auto one : known) {
        names.append(names.empty() ? "" : ", ").append(one);
    }
    throw nb::type_error(
        ("there is no option " + std::string{name} + "; there are " + names).c_str());
}

/// How one option is read into a structure of options.
template <class Options>
struct setting {
    std::string_view name;
    void (*set)(Options&, nb::handle, const char* name);
};

template <class Options, std::size_t Count>
void read(Options& options, const nb::dict& given,
          const std::array<setting<Options>, Count>& known) {
    for (const auto& [key, value] : given) {
        const std::string name = bytes_of(key, "the name of an option");
        const auto found = std::ranges::find(known, name, &setting<Options>::name);
        if (found == known.end()) {
            std::vector<std::string_view> names;
            std::ranges::transform(known, std::back_inserter(names), &setting<Options>::name);
            refuse_name(name, names);
        }
        found->set(options, value, found->name.data());
    }
}

/// The options of an acquisition before they are one policy.
struct wishes {
    acquire_options options;
    std::string label;
    std::string identifier;
    std::optional<std::chrono::duration<double>> wait;
    std::optional<std::size_t> attempts;
    std::optional<std::pair<milliseconds, milliseconds>> delay;
};

/// One number for a delay that does not vary, or two.
std::pair<milliseconds, milliseconds> delays_of(nb::handle value, const char* name) {
    if (!nb::isinstance<nb::sequence>(value)) {
        const auto both = milliseconds_of(value, name);
        return {both, both};
    }
    if (nb::len(value) != 2) {
        throw nb::value_error("delay must be one duration or two, the shortest and the longest");
    }
    return {milliseconds_of(value[0], name), milliseconds_of(value[1], name)};
}

std::chrono::duration<double> wait_of(nb::handle value, const char* name) {
    const auto wait = duration_of(value, name);
    if (wait < wait.zero()) {
        throw nb::value_error(
            "wait must not be negative: 0 is one attempt, None waits for as long as it takes");
    }
    return wait;
}

template <milliseconds acquire_options::*Member>
void set_time(wishes& to, nb::handle value, const char* name) {
    to.options.*Member = milliseconds_of(value, name);
}
template <std::optional<milliseconds> acquire_options::*Member>
void set_optional_time(wishes& to, nb::handle value, const char* name) {
    to.options.*Member =
        value.is_none() ? std::nullopt : std::optional{milliseconds_of(value, name)};
}

constexpr setting<wishes> lease_setting{"lease_time",
                                        set_optional_time<&acquire_options::lease_time>};
constexpr setting<wishes> renew_setting{
    "renew", [](wishes& to, nb::handle value, const char* name) {
        to.options.renew = value.is_none() ? std::nullopt : std::optional{flag_of(value, name)};
    }};
constexpr setting<wishes> margin_setting{"stop_margin",
                                         set_optional_time<&acquire_options::stop_margin>};

constexpr std::array attach_settings{lease_setting, renew_setting, margin_setting};

constexpr std::array acquire_settings{
    setting<wishes>{"wait",
                    [](wishes& to, nb::handle value, const char* name) {
                        if (!value.is_none()) {
                            to.wait = wait_of(value, name);
                        }
                    }},
    setting<wishes>{"attempts",
                    [](wishes& to, nb::handle value, const char* name) {
                        if (!value.is_none()) {
                            to.attempts = count_of(value, name);
                        }
                    }},
    setting<wishes>{"delay",
                    [](wishes& to, nb::handle value, const char* name) {
                        if (!value.is_none()) {
                            to.delay = delays_of(value, name);
                        }
                    }},
    lease_setting,
    renew_setting,
    setting<wishes>{"label", [](wishes& to, nb::handle value,
                                const char* name) { to.label = bytes_of(value, name); }},
    setting<wishes>{"identifier", [](wishes& to, nb::handle value,
                                     const char* name) { to.identifier = bytes_of(value, name); }},
    setting<wishes>{"fair", [](wishes& to, nb::handle value,
                               const char* name) { to.options.fair = flag_of(value, name); }},
    margin_setting,
    setting<wishes>{"min_hold", set_time<&acquire_options::min_hold>},
    setting<wishes>{"hand_over",
                    [](wishes& to, nb::handle value, const char* name) {
                        to.options.hand_over = flag_of(value, name);
                    }},
};

/// `wait` and `attempts` are two ways to say the same.
wait_policy policy_of(const wishes& wanted) {
    if (wanted.delay && !wanted.attempts) {
        throw nb::type_error("delay is the time between attempts: it needs attempts");
    }
    if (!wanted.attempts) {
        return wanted.wait ? wait_policy{*wanted.wait} : wait_policy::forever();
    }
    if (wanted.wait) {
        throw nb::type_error("wait and attempts exclude each other");
    }
    if (*wanted.attempts == 0) {
        throw nb::value_error("attempts must be at least 1");
    }
    return wanted.delay
               ? wait_policy::attempts(*wanted.attempts, wanted.delay->first, wanted.delay->second)
               : wait_policy::attempts(*wanted.attempts);
}

template <milliseconds manager_options::*Member>
void set_time(manager_options& to, nb::handle value, const char* name) {
    to.*Member = milliseconds_of(value, name);
}

restart_guard guard_of(nb::handle value) {
    const std::string word = bytes_of(value, "guard");
    if (word == "automatic") {
        return restart_guard::automatic;
    }
    if (word == "on" || word == "off") {
        return word == "on" ? restart_guard::on : restart_guard::off;
    }
    throw nb::value_error("guard must be 'automatic', 'on' or 'off'");
}

constexpr std::array manager_settings{
    setting<manager_options>{"lease_time", set_time<&manager_options::lease_time>},
    setting<manager_options>{"max_lease_time", set_time<&manager_options::max_lease_time>},
    setting<manager_options>{"node_timeout", set_time<&manager_options::node_timeout>},
    setting<manager_options>{"connect_timeout", set_time<&manager_options::connect_timeout>},
    setting<manager_options>{"quorum_timeout",
                             [](manager_options& to, nb::handle value, const char* name) {
                                 to.quorum_timeout = value.is_none() ? manager_options::no_limit
                                                                     : milliseconds_of(value, name);
                             }},
    setting<manager_options>{"reconnect_min", set_time<&manager_options::reconnect_min>},
    setting<manager_options>{"reconnect_max", set_time<&manager_options::reconnect_max>},
    setting<manager_options>{"close_timeout", set_time<&manager_options::close_timeout>},
    setting<manager_options>{"clock_window", set_time<&manager_options::clock_window>},
    setting<manager_options>{"fence_lifetime", set_time<&manager_options::fence_lifetime>},
    setting<manager_options>{"clock_step", set_time<&manager_options::clock_step>},
    setting<manager_options>{"fencing",
                             [](manager_options& to, nb::handle value, const char* name) {
                                 to.fencing = flag_of(value, name);
                             }},
    setting<manager_options>{"guard", [](manager_options& to, nb::handle value,
                                         const char* /*name*/) { to.guard = guard_of(value); }},
    setting<manager_options>{"hand_over_count",
                             [](manager_options& to, nb::handle value, const char* name) {
                                 to.hand_over_count = count_of(value, name);
                             }},
    setting<manager_options>{"hand_over_time", set_time<&manager_options::hand_over_time>},
    setting<manager_options>{"key_prefix",
                             [](manager_options& to, nb::handle value, const char* name) {
                                 to.key_prefix = bytes_of(value, name);
                             }},
};

}  // namespace

acquisition::acquisition(const nb::dict& given, purpose its) {
    wishes wanted;
    if (its == purpose::attach) {
        read(wanted, given, attach_settings);
    } else {
        read(wanted, given, acquire_settings);
    }
    options_ = wanted.options;
    options_.wait = policy_of(wanted);
    label_ = std::move(wanted.label);
    identifier_ = std::move(wanted.identifier);
}

acquire_options acquisition::with(diagnostics& details) const {
    acquire_options options = options_;
    options.label = label_;
    options.identifier = identifier_;
    options.details = &details;
    return options;
}

void set_manager_options(manager_options& options, const nb::dict& given) {
    read(options, given, manager_settings);
}

}  // namespace redlock::python
