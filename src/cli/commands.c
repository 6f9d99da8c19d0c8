// SPDX-License-Identifier: Apache-2.0
// The list of commands, in the order of --help. One line each.
#include "cli/command.h"

extern const struct command cmd_completion, cmd_man, cmd_profile;
extern const struct command cmd_trace;

const struct command *const commands[] = {
    &cmd_profile, &cmd_trace, &cmd_completion, &cmd_man, NULL,
};
