// SPDX-License-Identifier: Apache-2.0
// A command is one file that exports one `const struct command`, and one line in commands.c. Help,
// man page and completions are printed from these tables, so they cannot drift apart.
//
//     struct opts { bool json; uint64_t for_ns; const char *pid; };
//     static const struct option options[] = {
//         OPT_FLAG("json", struct opts, json, "one JSON document on stdout"),
//         OPT_DURATION("for", struct opts, for_ns, "TIME", "look for this long at most"),
//         OPT_END,
//     };
#pragma once

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

#include <stddef.h>

enum option_kind {
    OPTION_END,
    OPTION_FLAG,     // bool
    OPTION_STRING,   // const char *, borrowed from argv
    OPTION_UINT,     // uint64_t
    OPTION_PID,      // uint64_t, never 0
    OPTION_DURATION, // uint64_t, ns, never 0
    OPTION_SIZE,     // uint64_t, bytes
    OPTION_LIST,     // struct string_list, may be repeated
};

struct string_list {
    const char **p;
    size_t n;
};

struct option {
    enum option_kind kind;
    const char *name;          // without the dashes
    const char *arg;           // name of the value in help, NULL for a flag
    const char *help;          // one sentence fragment; defaults are said here
    size_t offset;             // in the command's own struct
    const char *const *values; // allowed values of an OPTION_STRING, NULL-terminated, or NULL = any
};

#define OPT_FLAG(n, type, field, text)                                                             \
    {                                                                                              \
        OPTION_FLAG, n, NULL, text, offsetof(type, field), NULL                                    \
    }
#define OPT_STRING(n, type, field, argname, text)                                                  \
    {                                                                                              \
        OPTION_STRING, n, argname, text, offsetof(type, field), NULL                               \
    }
#define OPT_ENUM(n, type, field, argname, text, allowed)                                           \
    {                                                                                              \
        OPTION_STRING, n, argname, text, offsetof(type, field), allowed                            \
    }
#define OPT_UINT(n, type, field, argname, text)                                                    \
    {                                                                                              \
        OPTION_UINT, n, argname, text, offsetof(type, field), NULL                                 \
    }
#define OPT_PID(n, type, field, text)                                                              \
    {                                                                                              \
        OPTION_PID, n, "PID", text, offsetof(type, field), NULL                                    \
    }
#define OPT_DURATION(n, type, field, argname, text)                                                \
    {                                                                                              \
        OPTION_DURATION, n, argname, text, offsetof(type, field), NULL                             \
    }
#define OPT_SIZE(n, type, field, argname, text)                                                    \
    {                                                                                              \
        OPTION_SIZE, n, argname, text, offsetof(type, field), NULL                                 \
    }
#define OPT_LIST(n, type, field, argname, text)                                                    \
    {                                                                                              \
        OPTION_LIST, n, argname, text, offsetof(type, field), NULL                                 \
    }
#define OPT_END                                                                                    \
    {                                                                                              \
        OPTION_END, NULL, NULL, NULL, 0, NULL                                                      \
    }

struct example {
    const char *command; // after "maptrap "
    const char *what;    // what it does
};

struct invocation {
    void *opts;        // the command's own struct, zeroed, then filled from argv
    const char **args; // what is left, in order
    size_t n_args;
    const char **rest; // a command to run: everything after "--", NULL-terminated
    size_t n_rest;
    struct log *log;
    bool color; // stdout is a terminal and NO_COLOR is unset
};

struct command {
    const char *name;
    const char *summary;     // one line, lower case, no full stop
    const char *usage;       // what follows the name
    const char *description; // paragraphs for help and man page
    const struct option *options;
    const struct example *examples; // ends with { NULL, NULL }
    size_t opts_size;
    bool hidden;       // works, but is not for people (completion helpers)
    bool runs_another; // what follows "--" is a command; else it is arguments, however they begin
    // Exit status 0, 1 or 5; an error becomes one line on stderr and its own status.
    struct err *(*run)(const struct invocation *in, int *ret_status)ERR_MUST_USE;
};

extern const struct command *const commands[]; // NULL-terminated, in the order of --help
const struct command *command_find(struct str name);
// The nearest name, for "did you mean", or NULL.
const struct command *command_guess(struct str name);

// Parses argv (without program and command name) into in->opts, ->args, ->rest.
struct err *options_parse(const struct command *c, int argc, char **argv,
                          struct invocation *in) ERR_MUST_USE;
void invocation_deinit(const struct command *c, struct invocation *in);

void help_program(void);                                    // `maptrap --help`
void help_command(const struct command *c);                 // `maptrap CMD --help`
void help_man(const struct command *c);                     // man page source; NULL = maptrap(1)
struct err *help_completion(struct str shell) ERR_MUST_USE; // bash, zsh, fish
