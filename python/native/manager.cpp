#include "manager.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <memory>
#include <redlock/configuration.hpp>
#include <redlock/lock_manager.hpp>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include "calls.hpp"
#include "ending.hpp"
#include "events.hpp"
#include "held.hpp"
#include "settings.hpp"
#include "shown.hpp"
#include "text.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

struct show_any {
    template <class Result>
    static nb::object show(const Result& result) {
        return shown_value(result);
    }
};
struct show_semaphores {
    static nb::object show(const std::vector<semaphore>& all) {
        nb::list pairs;
        for (const auto& one : all) {
            pairs.append(nb::make_tuple(as_text(one.name.str()), one.permits));
        }
        return pairs;
    }
};
struct show_list {
    template <class Result>
    static nb::object show(const std::vector<Result>& result) {
        return nb::list(shown_value(result));
    }
};

using acquire_call = result_call<lock, show_held>;
using attach_call = result_call<lock, show_attached>;

/// What a caller wants to have.
enum class shape { exclusive, shared, permit, all, term };

shape shape_of(const std::string& word) {
    constexpr std::pair<std::string_view, shape> known[] = {
        {"exclusive", shape::exclusive}, {"shared", shape::shared},
        {"permit", shape::permit},       {"all", shape::all},
        {"term", shape::term},
    };
    const auto* const found =
        std::ranges::find(known, word, &std::pair<std::string_view, shape>::first);
    return found->second;
}

resource_name name_of(nb::handle given) {
    auto bytes = bytes_of(given, "the name of a resource");
    if (bytes.empty()) {
        throw nb::value_error("the name of a resource is empty; give it one");
    }
    return resource_name{std::move(bytes)};
}

std::vector<resource_name> names_of(nb::handle given) {
    if (PyUnicode_Check(given.ptr()) || PyBytes_Check(given.ptr())) {
        throw nb::type_error("the names of several resources must be in a list or tuple");
    }
    std::vector<resource_name> names;
    for (const auto one : nb::iter(given)) {
        names.push_back(name_of(one));
    }
    return names;
}

semaphore semaphore_of(nb::handle name, nb::handle permits) {
    const auto count = count_of(permits, "permits");
    if (count < 1 || count > semaphore::max_permits) {
        throw nb::value_error(
            ("permits must be from 1 to " + std::to_string(semaphore::max_permits)).c_str());
    }
    return {name_of(name), count};
}

/// Says which of the URLs cannot be read, by its number: it may have a secret inside.
node_list nodes_of(const std::vector<std::string>& urls) {
    std::vector<endpoint> all;
    for (const auto& url : urls) {
        try {
            all.push_back(node_list{{url}}.endpoints().front());
        } catch (const lock_error& error) {
            const auto number = std::to_string(all.size());
            throw nb::value_error(("node " + number + ": " + error.details().to_string()).c_str());
        }
    }
    return node_list{std::move(all)};
}

/// A manager, with what has to outlive its operations.
class native_manager {
  public:
    native_manager(std::vector<std::string> urls, const nb::dict& given)
        : native_manager(nodes_of(urls), with_given({}, given)) {}
    static std::shared_ptr<native_manager> from_file(const nb::bytes& path, const nb::dict& given) {
        auto file = read_configuration(std::string{path.c_str(), path.size()}).value();
        return std::make_shared<native_manager>(node_list{std::move(file.nodes)},
                                                with_given(std::move(file.options), given));
    }
    native_manager(const node_list& nodes, manager_options options)
        : engine_(wanted_engine()), hub_(std::make_shared<event_hub>()) {
        options.events = hub_;
        options_ = options;
        locks_.emplace(engine_->loop().get_executor(), nodes, std::move(options));
        all().push_back(this);
    }
    native_manager(const native_manager&) = delete;
    native_manager& operator=(const native_manager&) = delete;
    ~native_manager() {
        std::erase(all(), this);
        if (is_here()) {
            hub_->finish();
        }
    }

    lock_manager& usable() {
        require_engine(engine_);
        return *locks_;
    }
    [[nodiscard]] bool is_here() const { return engine_ == engine::running(); }
    [[nodiscard]] const lock_manager& its() const { return *locks_; }
    [[nodiscard]] const manager_options& options() const { return options_; }
    [[nodiscard]] std::shared_ptr<listener> listen() {
        refuse_copies(engine_);
        return hub_->listen(engine_);
    }
    [[nodiscard]] const std::shared_ptr<event_hub>& hub() const { return hub_; }

    /// Those that live, in this process or as copies of the parent's.
    static std::vector<native_manager*>& all() {
        static std::vector<native_manager*> living;
        return living;
    }

  private:
    static manager_options with_given(manager_options options, const nb::dict& given) {
        set_manager_options(options, given);
        return options;
    }
    static engine* wanted_engine() {
        engine* const here = engine::current();
        require_engine(here);
        return here;
    }

    engine* engine_;
    std::shared_ptr<event_hub> hub_;
    manager_options options_;
    std::optional<lock_manager> locks_;
};

/// A handle to a call, for the one who may cancel it.
call_handle started(call_ptr its) {
    return {std::move(its)};
}

call_handle acquire(native_manager& from, const inbox_handle& at, nb::object target,
                    const std::string& word, nb::handle names, nb::handle permits,
                    const nb::dict& given) {
    const shape wanted = shape_of(word);
    const acquisition options{given, purpose::acquire};
    auto call = new_call<acquire_call>(at, std::move(target));
    auto& locks = from.usable();
    const auto details = options.with(call->details());
    switch (wanted) {
        case shape::exclusive:
            locks.async_acquire(name_of(names), details, ends(call));
            break;
        case shape::shared:
            locks.async_acquire_shared(name_of(names), details, ends(call));
            break;
        case shape::permit:
            locks.async_acquire_any(semaphore_of(names, permits), details, ends(call));
            break;
        case shape::all:
            locks.async_acquire_all(resource_names{names_of(names)}, details, ends(call));
            break;
        case shape::term:
            locks.async_acquire_as(name_of(names), detail::acquire_request::for_term(details),
                                   ends(call));
            break;
    }
    return started(call);
}

call_handle attach(native_manager& from, const inbox_handle& at, nb::object target,
                   const std::string& word, nb::handle names, nb::handle permits, nb::handle token,
                   const nb::dict& given) {
    const shape wanted = shape_of(word);
    const acquisition options{given, purpose::attach};
    const lock_token identifier{bytes_of(token, "token")};
    auto call = new_call<attach_call>(at, std::move(target));
    auto& locks = from.usable();
    const auto details = options.with(call->details());
    if (wanted == shape::permit) {
        locks.async_attach_any(semaphore_of(names, permits), identifier, details, ends(call));
    } else if (wanted == shape::all) {
        locks.async_attach_all(resource_names{names_of(names)}, identifier, details, ends(call));
    } else {
        locks.async_attach(name_of(names), identifier, details, ends(call));
    }
    return started(call);
}

call_handle status(native_manager& of, const inbox_handle& at, nb::object target, nb::handle name) {
    auto call = new_call<result_call<resource_status, show_any>>(at, std::move(target));
    of.usable().async_status(name_of(name), ends(call));
    return started(call);
}

call_handle status_of_semaphore(native_manager& of, const inbox_handle& at, nb::object target,
                                nb::handle name, nb::handle permits) {
    auto call = new_call<result_call<semaphore_status, show_any>>(at, std::move(target));
    of.usable().async_status(semaphore_of(name, permits), ends(call));
    return started(call);
}

call_handle observe(native_manager& with, const inbox_handle& at, nb::object target,
                    nb::handle name, const leader_view* seen) {
    auto call = new_call<result_call<leader_view, show_any>>(at, std::move(target));
    with.usable().async_observe(name_of(name),
                                seen != nullptr ? std::optional{*seen} : std::nullopt, ends(call));
    return started(call);
}

call_handle is_locked(native_manager& with, const inbox_handle& at, nb::object target,
                      nb::handle name) {
    auto call = new_call<result_call<bool, show_any>>(at, std::move(target));
    with.usable().async_is_locked(name_of(name), ends(call));
    return started(call);
}

list_options list_wanted(const std::string& pattern, std::size_t limit, diagnostics& details) {
    list_options wanted;
    wanted.pattern = pattern;
    wanted.limit = limit;
    wanted.details = &details;
    return wanted;
}

call_handle list(native_manager& with, const inbox_handle& at, nb::object target,
                 nb::handle pattern, nb::handle limit) {
    const auto text = bytes_of(pattern, "pattern");
    auto call = new_call<result_call<std::vector<resource_name>, show_list>>(at, std::move(target));
    with.usable().async_list(list_wanted(text, count_of(limit, "limit"), call->details()),
                             ends(call));
    return started(call);
}

call_handle list_semaphores(native_manager& with, const inbox_handle& at, nb::object target,
                            nb::handle pattern, nb::handle limit) {
    const auto text = bytes_of(pattern, "pattern");
    auto call =
        new_call<result_call<std::vector<semaphore>, show_semaphores>>(at, std::move(target));
    with.usable().async_list_semaphores(
        list_wanted(text, count_of(limit, "limit"), call->details()), ends(call));
    return started(call);
}

call_handle vouch(native_manager& with, const inbox_handle& at, nb::object target,
                  nb::handle node) {
    auto call = new_call<plain_call>(at, std::move(target));
    vouch_options wanted;
    if (!node.is_none()) {
        wanted.node = count_of(node, "node");
    }
    wanted.details = &call->details();
    with.usable().async_vouch(wanted, ends(call));
    return started(call);
}

call_handle examine(native_manager& with, const inbox_handle& at, nb::object target,
                    nb::handle samples, nb::handle resource) {
    const auto name = resource.is_none() ? std::string{} : bytes_of(resource, "resource");
    auto call = new_call<result_call<std::vector<node_health>, show_list>>(at, std::move(target));
    examine_options wanted;
    wanted.samples = count_of(samples, "samples");
    wanted.resource = name;
    wanted.details = &call->details();
    with.usable().async_examine(wanted, ends(call));
    return started(call);
}

call_handle close(native_manager& its, const inbox_handle& at, nb::object target) {
    auto call = new_call<plain_call>(at, std::move(target));
    // What closing does is still reported.
    its.usable().async_close([call, hub = its.hub()](error_code error) {
        hub->finish();
        call->end(error);
    });
    return started(call);
}

nb::object judged(const native_manager& by, const nb::sequence& health) {
    std::vector<node_health> facts;
    for (const auto one : health) {
        facts.push_back(nb::cast<node_health>(one));
    }
    return nb::list(shown_value(diagnose(facts, by.options())));
}

/// Closes those of this process; calls `closed` for each once it is. How many there are, and for
/// how long the most patient may take.
template <class Closed>
std::pair<std::size_t, std::chrono::milliseconds> begin_to_close_all(Closed closed) {
    std::size_t count = 0;
    std::chrono::milliseconds patience{0};
    for (auto* const manager : native_manager::all()) {
        if (manager->is_here()) {
            ++count;
            patience = std::max(patience, manager->options().close_timeout);
            manager->usable().async_close([hub = manager->hub(), closed](error_code) {
                hub->finish();
                closed();
            });
        }
    }
    return {count, patience};
}

constexpr std::chrono::milliseconds beyond_its_patience{500};

}  // namespace

void shut_down() {
    begin_the_end();
    const auto [count, patience] = begin_to_close_all([] {});
    engine::stop(patience + beyond_its_patience);
}

void close_all() {
    if (engine::is_stopped()) {
        return;
    }
    const auto all_closed = std::make_shared<std::counting_semaphore<>>(0);
    const auto [count, patience] = begin_to_close_all([all_closed] { all_closed->release(); });
    const auto end = std::chrono::steady_clock::now() + patience + beyond_its_patience;
    const nb::gil_scoped_release unlocked;
    for (std::size_t left = count; left > 0 && all_closed->try_acquire_until(end); --left) {
    }
}

void bind_manager(nb::module_& module) {
    // What it is, the functions look at: what they say of None is better than "incompatible".
    const auto any = nb::arg().none();
    nb::class_<native_manager>(module, "Manager")
        .def(nb::init<std::vector<std::string>, const nb::dict&>())
        .def_static("from_file", &native_manager::from_file)
        .def("acquire", &acquire, nb::arg(), nb::arg(), nb::arg(), any, any, nb::arg())
        .def("attach", &attach, nb::arg(), nb::arg(), nb::arg(), any, any, any, nb::arg())
        .def("status", &status, nb::arg(), nb::arg(), any)
        .def("status_of_semaphore", &status_of_semaphore, nb::arg(), nb::arg(), any, any)
        .def("observe", &observe, nb::arg(), nb::arg(), any, any)
        .def("is_locked", &is_locked, nb::arg(), nb::arg(), any)
        .def("list", &list, nb::arg(), nb::arg(), any, any)
        .def("list_semaphores", &list_semaphores, nb::arg(), nb::arg(), any, any)
        .def("vouch", &vouch, nb::arg(), nb::arg(), any)
        .def("examine", &examine, nb::arg(), nb::arg(), any, any)
        .def("close", &close)
        .def("diagnose", &judged)
        .def("listen", &native_manager::listen)
        .def_prop_ro("is_here", &native_manager::is_here)
        .def("active_locks",
             [](const native_manager& m) { return nb::list(shown_value(m.its().active_locks())); })
        .def("statistics",
             [](const native_manager& m) { return shown_value(m.its().statistics()); });
}

}  // namespace redlock::python
