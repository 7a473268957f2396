// The only place that sees hiredis. Its redisReader does the parsing; our object functions write
// what it finds into flat storage. hiredis bounds little by itself, so the bounds stand here: on
// values, text and depth when they are found, and on a line or a bulk string while it is still
// incomplete.
#include "redis/wire/resp_reader.hpp"

#include <hiredis/read.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <new>

namespace redlock::redis {
namespace {

// hiredis moves what it has not consumed to the front after about each kilobyte, so that large
// feeds would be moved many times over.
constexpr std::size_t slice_size = 4096;
// Free space that hiredis may keep; more than a slice needs, so that the steady state keeps its
// buffer.
constexpr std::size_t idle_buffer = std::size_t{64} * 1024;
// What our own storage keeps after an unusually large reply.
constexpr std::size_t kept_text = std::size_t{1024} * 1024;
constexpr std::size_t kept_elements = std::size_t{16} * 1024;
// A bulk string's length has at most 20 characters.
constexpr std::size_t max_length_line = 32;

// hiredis before and after 1.0.1 keeps its stack of tasks in differently named members.
template <class Reader>
int pending_type(const Reader& reader) {
    if (reader.ridx < 0) {
        return -1;
    }
    if constexpr (requires { reader.rstack[0].type; }) {
        return reader.rstack[reader.ridx].type;
    } else {
        return reader.task[reader.ridx]->type;
    }
}

}  // namespace

std::string_view to_string(reply_kind kind) noexcept {
    constexpr std::array<std::string_view, 6> names{"nil",    "integer", "string",
                                                    "status", "error",   "array"};
    return names.at(static_cast<std::size_t>(kind));
}

std::string_view reply_view::text() const noexcept {
    if (!is_text() && !is_error()) {
        return {};
    }
    const reply_element& element = elements_[index_];
    return {arena_ + element.value, element.size};
}

reply_view reply_view::operator[](std::size_t child) const noexcept {
    if (child >= size()) {
        return {};
    }
    const reply_element& array = elements_[index_];
    if (array.end - index_ - 1 == array.size) {
        return {elements_, arena_, index_ + 1 + static_cast<std::uint32_t>(child)};
    }
    std::uint32_t index = index_ + 1;
    for (; child != 0; --child) {
        index = elements_[index].end;
    }
    return {elements_, arena_, index};
}

struct resp_reader::parser {
    parser() {
        functions.createString = &create_string;
        functions.createArray = &create_array;
        functions.createInteger = &create_integer;
        functions.createNil = &create_nil;
        functions.freeObject = [](void*) {};
        refuse_newer_kinds(functions);
        renew();
    }
    ~parser() { redisReaderFree(reader); }
    parser(const parser&) = delete;
    parser& operator=(const parser&) = delete;

    void renew() {
        if (reader != nullptr) {
            redisReaderFree(reader);
        }
        reader = redisReaderCreateWithFunctions(&functions);
        if (reader == nullptr) {
            throw std::bad_alloc{};
        }
        reader->privdata = this;
        reader->maxbuf = idle_buffer;
        begin_reply();
    }

    void begin_reply() {
        if (arena.capacity() > kept_text) {
            std::string{}.swap(arena);
        }
        if (elements.capacity() > kept_elements) {
            std::vector<reply_element>{}.swap(elements);
        }
        arena.clear();
        elements.clear();
        depth = 0;
        refusal = {};
        complete = false;
    }

    // Called by hiredis, through C: nothing may be thrown. A null pointer makes it stop with an
    // error.
    template <class Append>
    static void* add(const redisReadTask* task, Append append) noexcept {
        auto& self = *static_cast<parser*>(task->privdata);
        try {
            if (self.elements.size() >= max_elements) {
                self.refusal = "a reply of too many values";
            } else {
                append(self);
            }
        } catch (const std::exception&) {
            self.refusal = "out of memory";
        }
        return self.refusal.empty() ? &self : nullptr;
    }

    static void* create_string(const redisReadTask* task, char* bytes, std::size_t size) {
        return add(task, [=](parser& self) {
            const bool status = task->type == REDIS_REPLY_STATUS;
            const bool error = task->type == REDIS_REPLY_ERROR;
            if (!status && !error && task->type != REDIS_REPLY_STRING) {
                self.refusal = "a kind of reply that was not asked for";
            } else if (size > max_text - self.arena.size()) {
                self.refusal = "a reply of too much text";
            } else {
                const auto start = static_cast<std::int64_t>(self.arena.size());
                self.arena.append(bytes, size);
                self.leaf(error    ? reply_kind::error
                          : status ? reply_kind::status
                                   : reply_kind::string,
                          static_cast<std::uint32_t>(size), start);
            }
        });
    }

    // The count is an int in hiredis 0.14 and a size_t later.
    template <class Count>
    static void* create_array(const redisReadTask* task, Count count) {
        return add(task, [=](parser& self) {
            if (task->type != REDIS_REPLY_ARRAY) {
                self.refusal = "a kind of reply that was not asked for";
            } else if (static_cast<std::size_t>(count) > max_elements) {
                self.refusal = "an array of too many values";
            } else if (self.depth == max_depth) {
                self.refusal = "arrays nested too deep";
            } else if (count == 0) {
                self.leaf(reply_kind::array, 0, 0);
            } else {
                self.open_array(static_cast<std::uint32_t>(count));
            }
        });
    }

    static void* create_integer(const redisReadTask* task, long long value) {
        return add(task, [=](parser& self) { self.leaf(reply_kind::integer, 0, value); });
    }

    static void* create_nil(const redisReadTask* task) {
        return add(task, [](parser& self) { self.leaf(reply_kind::nil, 0, 0); });
    }

    // RESP3's doubles and booleans, known to hiredis from 1.0 on, are never asked for.
    template <class Functions>
    static void refuse_newer_kinds(Functions& table) {
        if constexpr (requires { table.createDouble; }) {
            table.createDouble = [](const redisReadTask*, double, char*, std::size_t) -> void* {
                return nullptr;
            };
        }
        if constexpr (requires { table.createBool; }) {
            table.createBool = [](const redisReadTask*, int) -> void* { return nullptr; };
        }
    }

    void leaf(reply_kind kind, std::uint32_t size, std::int64_t value) {
        const auto end = static_cast<std::uint32_t>(elements.size() + 1);
        elements.push_back({kind, size, end, value});
        close_full_arrays();
    }

    void open_array(std::uint32_t count) {
        const auto index = static_cast<std::uint32_t>(elements.size());
        elements.push_back({reply_kind::array, count, 0, 0});
        open[depth++] = {index, count};
    }

    void close_full_arrays() {
        while (depth != 0 && --open[depth - 1].missing == 0) {
            --depth;
            elements[open[depth].index].end = static_cast<std::uint32_t>(elements.size());
        }
    }

    // While hiredis waits for the rest of something, it would wait for ever and keep everything.
    [[nodiscard]] std::string_view excess() const {
        const int type = pending_type(*reader);
        if (type < 0 || reader->buf == nullptr) {
            return {};
        }
        const std::string_view pending{reader->buf + reader->pos, reader->len - reader->pos};
        if (type != REDIS_REPLY_STRING) {
            return pending.size() > max_line ? "a line that is too long" : std::string_view{};
        }
        const std::string_view line = pending.substr(0, max_length_line);
        const std::size_t stop = line.find('\r');
        if (stop == std::string_view::npos) {
            return line.size() == max_length_line ? "a bulk string without length"
                                                  : std::string_view{};
        }
        std::size_t length = 0;
        const auto [end, problem] = std::from_chars(line.data(), line.data() + stop, length);
        const bool huge = problem == std::errc::result_out_of_range ||
                          (problem == std::errc{} && length > max_text);
        return huge ? "a bulk string that is too long" : std::string_view{};
    }

    struct open_array_state {
        std::uint32_t index = 0;
        std::uint32_t missing = 0;
    };

    redisReader* reader = nullptr;
    redisReplyObjectFunctions functions{};
    std::vector<reply_element> elements;
    std::string arena;
    std::array<open_array_state, max_depth> open{};
    std::size_t depth = 0;
    std::string_view refusal;
    bool complete = false;
};

resp_reader::resp_reader() : parser_(std::make_unique<parser>()) {}
resp_reader::~resp_reader() = default;

resp_reader::status resp_reader::next() {
    if (!error_.empty()) {
        return status::protocol_error;
    }
    if (parser_->complete) {
        parser_->begin_reply();
    }
    while (true) {
        void* reply = nullptr;
        if (redisReaderGetReply(parser_->reader, &reply) != REDIS_OK) {
            return fail(parser_->refusal.empty() ? parser_->reader->errstr : parser_->refusal);
        }
        if (reply != nullptr) {
            parser_->complete = true;
            return status::reply;
        }
        if (const std::string_view excess = parser_->excess(); !excess.empty()) {
            return fail(excess);
        }
        if (input_.empty()) {
            return status::need_more;
        }
        const auto slice = input_.first(std::min(input_.size(), slice_size));
        input_ = input_.subspan(slice.size());
        if (redisReaderFeed(parser_->reader, slice.data(), slice.size()) != REDIS_OK) {
            return fail(parser_->reader->errstr);
        }
    }
}

reply_view resp_reader::current() const noexcept {
    if (!parser_->complete) {
        return {};
    }
    return {parser_->elements.data(), parser_->arena.data(), 0};
}

void resp_reader::clear() {
    parser_->renew();
    input_ = {};
    error_.clear();
}

resp_reader::status resp_reader::fail(std::string_view what) {
    parser_->complete = false;
    input_ = {};
    error_ = what.empty() ? "malformed reply" : what;
    return status::protocol_error;
}

}  // namespace redlock::redis
