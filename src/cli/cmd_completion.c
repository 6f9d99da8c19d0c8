// SPDX-License-Identifier: Apache-2.0
// Helpers for packaging and shells: completions and man page sources, printed from the tables.
#include "cli/command.h"

#include <stdio.h>

static struct err *run_completion(const struct invocation *in, int *ret_status)
{
    (void)ret_status;
    if (in->n_args != 1) return err_new(ERR_USAGE, "name one shell: bash, zsh or fish");
    return help_completion(str_from(in->args[0]));
}

static const struct example completion_examples[] = {
    { "completion bash > /etc/bash_completion.d/maptrap", "completion for bash" },
    { NULL, NULL },
};

const struct command cmd_completion = {
    .name = "completion",
    .summary = "print a completion script for bash, zsh or fish",
    .usage = "bash|zsh|fish",
    .description = "Prints a script that completes commands, options and the pids of Go processes.",
    .examples = completion_examples,
    .opts_size = 1,
    .run = run_completion,
};

static struct err *run_man(const struct invocation *in, int *ret_status)
{
    (void)ret_status;
    if (in->n_args == 0) {
        help_man(NULL);
        return NULL;
    }
    const struct command *c = command_find(str_from(in->args[0]));
    if (!c) return err_new(ERR_USAGE, "no command '%s'", in->args[0]);
    help_man(c);
    return NULL;
}

const struct command cmd_man = {
    .name = "man-source",
    .summary = "print the source of a man page",
    .usage = "[COMMAND]",
    .description = "Prints the man page of a command, or of maptrap itself, as roff.",
    .opts_size = 1,
    .hidden = true,
    .run = run_man,
};
