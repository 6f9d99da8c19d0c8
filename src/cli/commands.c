// SPDX-License-Identifier: Apache-2.0
// The list of commands, in the order of --help. One line each.
#include "cli/command.h"

extern const struct command cmd_locate;
extern const struct command cmd_dump;
extern const struct command cmd_profile;
extern const struct command cmd_trace;
extern const struct command cmd_scan;
extern const struct command cmd_doctor;
extern const struct command cmd_completion;
extern const struct command cmd_man;
extern const struct command cmd_pids;

// clang-format off
const struct command *const commands[] = {
    &cmd_locate,
    &cmd_dump,
    &cmd_profile,
    &cmd_trace,
    &cmd_scan,
    &cmd_doctor,
    &cmd_completion,
    &cmd_man,
    &cmd_pids,
    NULL,
};
