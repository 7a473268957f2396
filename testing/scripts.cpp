#include "testing/scripts.hpp"

#include <openssl/evp.h>
#include <lua.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <new>
#include <utility>

namespace redlock::testing {

namespace {

// Lua jumps over C++ when it raises an error: whatever may raise one is called where nothing waits
// for its destructor.

std::string sha1(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (unsigned at = 0; at < size; ++at) {
        hex += digits[digest.at(at) >> 4U];
        hex += digits[digest.at(at) & 15U];
    }
    return hex;
}

constexpr int most_kibibytes = 4 * 1024;

/// Tables with one field, in which Lua sees what is no string, number or array.
void push_field(lua_State* lua, const char* name, const std::string& text) {
    lua_createtable(lua, 0, 1);
    lua_pushlstring(lua, text.data(), text.size());
    lua_setfield(lua, -2, name);
}

void push(lua_State* lua, const reply& what) {
    switch (what.what) {
        case reply::kind::nil:
            lua_pushboolean(lua, 0);
            break;
        case reply::kind::integer:
            lua_pushnumber(lua, static_cast<lua_Number>(what.number));
            break;
        case reply::kind::status:
            push_field(lua, "ok", what.words);
            break;
        case reply::kind::error:
            push_field(lua, "err", what.words);
            break;
        case reply::kind::text:
            lua_pushlstring(lua, what.words.data(), what.words.size());
            break;
        case reply::kind::array:
            lua_createtable(lua, static_cast<int>(what.items.size()), 0);
            for (std::size_t at = 0; at < what.items.size(); ++at) {
                push(lua, what.items[at]);
                lua_rawseti(lua, -2, static_cast<int>(at + 1));
            }
            break;
    }
}

std::string string_at(lua_State* lua, int index) {
    std::size_t size = 0;
    const char* const text = lua_tolstring(lua, index, &size);
    return {text, size};
}

/// A field of the table on top of the stack, if it is a string.
bool take_field(lua_State* lua, const char* name, std::string& into) {
    lua_getfield(lua, -1, name);
    const bool there = lua_type(lua, -1) == LUA_TSTRING;
    if (there) {
        into = string_at(lua, -1);
    }
    lua_pop(lua, 1);
    return there;
}

/// What is on top of the stack as a reply, by Redis's rules: numbers lose their fraction, false is
/// nil, a table ends at its first nil.
reply popped(lua_State* lua) {
    reply found;
    switch (lua_type(lua, -1)) {
        case LUA_TSTRING:
            found = reply::text(string_at(lua, -1));
            break;
        case LUA_TNUMBER:
            found = reply::integer(static_cast<std::int64_t>(lua_tonumber(lua, -1)));
            break;
        case LUA_TBOOLEAN:
            found = lua_toboolean(lua, -1) != 0 ? reply::integer(1) : reply::nil();
            break;
        case LUA_TTABLE: {
            std::string words;
            if (take_field(lua, "err", words)) {
                found = reply::error(std::move(words));
            } else if (take_field(lua, "ok", words)) {
                found = reply::status(std::move(words));
            } else {
                found = reply::array({});
                for (int at = 1;; ++at) {
                    lua_rawgeti(lua, -1, at);
                    if (lua_isnil(lua, -1)) {
                        lua_pop(lua, 1);
                        break;
                    }
                    found.items.push_back(popped(lua));
                }
            }
            break;
        }
        default:
            break;
    }
    lua_pop(lua, 1);
    return found;
}

/// Where the server of the script that runs is found.
constexpr const char* server_field = "redlock.server";

script_commands& server_of(lua_State* lua) {
    lua_getfield(lua, LUA_REGISTRYINDEX, server_field);
    auto* const server = static_cast<script_commands*>(lua_touserdata(lua, -1));
    lua_pop(lua, 1);
    return *server;
}

/// Pushes what the server says to the words on the stack. False: it is an error.
bool call_server(lua_State* lua) {
    request words;
    const int count = lua_gettop(lua);
    for (int at = 1; at <= count; ++at) {
        if (lua_type(lua, at) == LUA_TNUMBER) {
            std::array<char, 40> text{};
            const int size =
                std::snprintf(text.data(), text.size(), "%.17g", lua_tonumber(lua, at));
            words.emplace_back(text.data(), static_cast<std::size_t>(size));
        } else if (lua_type(lua, at) == LUA_TSTRING) {
            words.push_back(string_at(lua, at));
        } else {
            words.clear();
            break;
        }
    }
    const reply answer =
        words.empty()
            ? reply::error(count == 0
                               ? "ERR Please specify at least one argument for this redis lib call"
                               : "ERR Lua redis lib command arguments must be strings or integers")
            : server_of(lua).call(words);
    push(lua, answer);
    return !answer.is_error();
}

/// The line of the script that is running, for errors.
void add_line(lua_State* lua) {
    lua_Debug where{};
    int line = 0;
    for (int level = 1; lua_getstack(lua, level, &where) != 0; ++level) {
        lua_getinfo(lua, "Sl", &where);
        if (where.currentline > 0) {
            line = where.currentline;
            break;
        }
    }
    lua_pushinteger(lua, line);
    lua_setfield(lua, -2, "line");
}

int redis_call(lua_State* lua) {
    if (!call_server(lua)) {
        add_line(lua);
        return lua_error(lua);
    }
    return 1;
}

int redis_pcall(lua_State* lua) {
    call_server(lua);
    return 1;
}

int no_such_global(lua_State* lua) {
    return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'",
                      lua_tostring(lua, 2));
}

int no_new_global(lua_State* lua) {
    return luaL_error(lua, "Attempt to modify a readonly table");
}

/// What a script has beside its own variables: nothing new, and nothing that Redis takes away.
void protect_globals(lua_State* lua) {
    for (const char* const name : {"dofile", "loadfile", "print"}) {
        lua_pushnil(lua);
        lua_setglobal(lua, name);
    }
    lua_createtable(lua, 0, 2);
    lua_pushcfunction(lua, no_such_global);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, no_new_global);
    lua_setfield(lua, -2, "__newindex");
    lua_setmetatable(lua, LUA_GLOBALSINDEX);
}

void push_list(lua_State* lua, std::span<const std::string> list) {
    lua_createtable(lua, static_cast<int>(list.size()), 0);
    for (std::size_t at = 0; at < list.size(); ++at) {
        lua_pushlstring(lua, list[at].data(), list[at].size());
        lua_rawseti(lua, -2, static_cast<int>(at + 1));
    }
}

/// KEYS and ARGV: past what guards the globals.
void set_list(lua_State* lua, const char* name, std::span<const std::string> list) {
    lua_pushstring(lua, name);
    push_list(lua, list);
    lua_rawset(lua, LUA_GLOBALSINDEX);
}

}  // namespace

scripts::scripts() : lua_(luaL_newstate()) {
    if (lua_ == nullptr) {
        throw std::bad_alloc{};
    }
    for (const auto& [name, open] : {std::pair<const char*, lua_CFunction>{"", luaopen_base},
                                     {LUA_TABLIBNAME, luaopen_table},
                                     {LUA_STRLIBNAME, luaopen_string},
                                     {LUA_MATHLIBNAME, luaopen_math}}) {
        lua_pushcfunction(lua_, open);
        lua_pushstring(lua_, name);
        lua_call(lua_, 1, 0);
    }
    // What scripts leave is collected seldom and at once, which takes less time in all.
    lua_gc(lua_, LUA_GCSTOP, 0);
    lua_createtable(lua_, 0, 2);
    lua_pushcfunction(lua_, redis_call);
    lua_setfield(lua_, -2, "call");
    lua_pushcfunction(lua_, redis_pcall);
    lua_setfield(lua_, -2, "pcall");
    lua_setglobal(lua_, "redis");
    protect_globals(lua_);
}

scripts::~scripts() {
    lua_close(lua_);
}

const std::string& scripts::digest(const std::string& body) {
    const auto known = digests_.find(body);
    if (known != digests_.end()) {
        return known->second;
    }
    const std::string& made = digests_.emplace(body, sha1(body)).first->second;
    compile(made, body);
    return made;
}

void scripts::compile(const std::string& digest, const std::string& body) {
    script& made = scripts_[digest];
    if (luaL_loadbuffer(lua_, body.data(), body.size(), "@user_script") != 0) {
        made.problem = string_at(lua_, -1);
        lua_pop(lua_, 1);
        return;
    }
    made.function = luaL_ref(lua_, LUA_REGISTRYINDEX);
}

reply scripts::run(const std::string& digest, std::span<const std::string> keys,
                   std::span<const std::string> arguments, script_commands& on) {
    const script& it = scripts_.at(digest);
    if (!it.problem.empty()) {
        return reply::error("ERR Error compiling script (new function): " + it.problem);
    }
    lua_pushlightuserdata(lua_, &on);
    lua_setfield(lua_, LUA_REGISTRYINDEX, server_field);
    set_list(lua_, "KEYS", keys);
    set_list(lua_, "ARGV", arguments);
    lua_rawgeti(lua_, LUA_REGISTRYINDEX, it.function);
    reply answer = lua_pcall(lua_, 0, 1, 0) == 0 ? popped(lua_) : failure(digest);
    if (lua_gc(lua_, LUA_GCCOUNT, 0) > most_kibibytes) {
        lua_gc(lua_, LUA_GCCOLLECT, 0);
    }
    return answer;
}

// As Redis 7 words it.
reply scripts::failure(const std::string& digest) {
    std::string words;
    std::string line = "0";
    if (lua_istable(lua_, -1)) {
        take_field(lua_, "err", words);
        lua_getfield(lua_, -1, "line");
        line = std::to_string(lua_tointeger(lua_, -1));
        lua_pop(lua_, 1);
    } else {
        // "user_script:3: what is wrong"
        words = "ERR " + (lua_isnil(lua_, -1) ? "nil" : string_at(lua_, -1));
        const std::size_t colon = words.find(':');
        const std::size_t end = words.find(':', colon + 1);
        if (end != std::string::npos) {
            line = words.substr(colon + 1, end - colon - 1);
        }
    }
    lua_pop(lua_, 1);
    return reply::error(words + " script: " + digest + ", on @user_script:" + line + ".");
}

}  // namespace redlock::testing
