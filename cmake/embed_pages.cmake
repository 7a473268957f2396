# Turns pages of Markdown into one C++ file, so that `redlock explain` needs no file when it runs:
#   cmake -DOUT=... -DPAGES=a.md,b.md -P embed_pages.cmake
# The text is embedded as it is; src/cli/output/explanations.cpp reads it.

cmake_minimum_required(VERSION 3.25)
string(REPLACE "," ";" pages "${PAGES}")

set(body "")
foreach(path IN LISTS pages)
    file(READ "${path}" text)
    string(FIND "${text}" ")page\"" end_of_literal)
    if(NOT end_of_literal EQUAL -1)
        message(FATAL_ERROR "${path}: ')page\"' would end the literal that the page is embedded as")
    endif()
    string(APPEND body "    R\"page(${text})page\"\n")
endforeach()

file(WRITE "${OUT}" "// Made from docs/troubleshooting*.md by cmake/embed_pages.cmake: do not edit.
#include \"cli/output/explanations.hpp\"

namespace redlock::cli {

constinit const std::string_view troubleshooting_pages{
${body}};

}  // namespace redlock::cli
")
