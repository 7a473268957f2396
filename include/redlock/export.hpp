// Marks the symbols that a shared library exports; all others are hidden. Only a macro: for any
// thread, and in a static library without effect.
#pragma once

#if defined(__GNUC__)
#define REDLOCK_API __attribute__((visibility("default")))
#else
#define REDLOCK_API
#endif
