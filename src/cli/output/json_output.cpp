// Fencing tokens are below 2^53, so that every JSON reader gets them exactly.
#include "cli/output/json_output.hpp"

#include <boost/json/serialize.hpp>

#include "cli/base/escape.hpp"

namespace redlock::cli {

namespace {

void set_mode(boost::json::object& object, const std::optional<lock_mode>& mode) {
    object["mode"] = mode ? boost::json::value(to_string(*mode)) : boost::json::value(nullptr);
}

boost::json::object name_to_json(const resource_name& name) {
    boost::json::object out;
    set_text(out, "resource", name.str());
    return out;
}

boost::json::object reader_to_json(const lock_holder& reader) {
    boost::json::object out;
    set_text(out, "token", reader.token.str());
    set_fencing(out, "fencing_token", reader.fencing);
    out["remaining_ms"] = milliseconds_or_null(reader.remaining);
    set_text_or_null(out, "label", reader.label);
    return out;
}

boost::json::object node_to_json(const node_status& node) {
    boost::json::object out;
    out["node"] = node.node;
    set_text(out, "name", node.name);
    if (node.error) {
        set_text(out, "error", node.message.empty() ? node.error.message() : node.message);
        return out;
    }
    set_text_or_null(out, "holder", node.holder.str());
    set_fencing(out, "fencing_token", node.fencing);
    set_fencing(out, "fence", node.fence);
    out["fence_ahead_ms"] = milliseconds_or_null(node.fence_ahead);
    if (node.fence_ahead) {
        set_text(out, "fence_message", node.fence_message);
    }
    if (!node.key_message.empty()) {
        set_text(out, "key_message", node.key_message);
    }
    out["remaining_ms"] = milliseconds_or_null(node.remaining);
    set_text_or_null(out, "label", node.label);
    set_text_or_null(out, "proclaimed", node.proclaimed);
    set_mode(out, node.mode);
    out["readers"] = array_of(node.readers, reader_to_json);
    out["reader_count"] = node.reader_count;
    out["votes"] = !node.vote_error;
    if (node.vote_error) {
        set_text(out, "no_vote", node.vote_message);
    }
    out["quarantine_ms"] = milliseconds_or_null(node.quarantine);
    return out;
}

}  // namespace

void set_text(boost::json::object& object, std::string_view member, std::string_view text) {
    object[member] = json_text(text);
    if (!is_valid_utf8(text)) {
        object[std::string{member} + "_hex"] = to_hex(text);
    }
}

void set_text_or_null(boost::json::object& object, std::string_view member, std::string_view text) {
    if (text.empty()) {
        object[member] = nullptr;
    } else {
        set_text(object, member, text);
    }
}

void set_fencing(boost::json::object& object, std::string_view member, fencing_token token) {
    if (token) {
        object[member] = token.value();
    } else {
        object[member] = nullptr;
    }
}

boost::json::value milliseconds_or_null(const std::optional<std::chrono::milliseconds>& value) {
    return value ? boost::json::value(value->count()) : boost::json::value(nullptr);
}

boost::json::object to_json(const resource_status& status) {
    boost::json::object out;
    set_text(out, "resource", status.resource.str());
    if (status.slot) {
        out["slot"] = *status.slot;
    }
    out["verdict"] = to_string(status.verdict);
    set_text_or_null(out, "holder", status.holder.str());
    set_fencing(out, "fencing_token", status.fencing);
    out["remaining_ms"] = milliseconds_or_null(status.remaining);
    set_text_or_null(out, "label", status.label);
    set_text_or_null(out, "proclaimed", status.proclaimed);
    set_mode(out, status.mode);
    out["readers"] = array_of(status.readers, reader_to_json);
    out["reader_count"] = status.reader_count;
    out["nodes"] = array_of(status.nodes, node_to_json);
    return out;
}

boost::json::object to_json(const semaphore_status& status) {
    boost::json::object out;
    set_text(out, "resource", status.name.str());
    out["permits"] = status.slots.size();
    out["held"] = status.count(lock_verdict::held);
    out["free"] = status.count(lock_verdict::free);
    out["slots"] = array_of(status.slots, to_json);
    return out;
}

boost::json::object to_json(const lock& held, std::string_view resource) {
    boost::json::object out;
    set_text(out, "resource", resource);
    if (const auto slot = held.slot()) {
        out["slot"] = *slot;
    }
    if (const auto all = held.resources(); all.size() > 1) {
        out["resources"] = array_of(all, name_to_json);
    }
    set_text(out, "token", held.token().str());
    set_fencing(out, "fencing_token", held.fencing_token());
    set_mode(out, held.mode());
    out["valid_for_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(held.remaining()).count();
    return out;
}

std::string json_line(const boost::json::value& value) {
    return boost::json::serialize(value) + "\n";
}

}  // namespace redlock::cli
