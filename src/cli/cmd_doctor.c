// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "cli/command.h"
#include "engine/doctor.h"

#include <stdio.h>

struct doctor_args {
    uint64_t pid;
    bool json;
};

static const struct option options[] = {
    OPT_PID("pid", struct doctor_args, pid, "look at this process too"),
    OPT_FLAG("json", struct doctor_args, json, "one JSON document on stdout"),
    OPT_END,
};

static const struct example examples[] = {
    { "doctor", "what works here, and what to do about what does not" },
    { "doctor --pid 4711", "can this process be looked into?" },
    { NULL, NULL },
};

static const char *const words[] = { "yes", "partly", "NO" };

static void print_json(const struct doctor *d)
{
    _cleanup_buf_ struct buf out = { 0 };
    struct json j;
    json_init(&j, &out, 2);
    json_object(&j);
    json_key(&j, "schema"), json_cstr(&j, "maptrap.doctor/1");
    json_key(&j, "can_locate"), json_bool(&j, d->can_locate);
    json_key(&j, "can_hold"), json_bool(&j, d->can_hold);
    json_key(&j, "checks"), json_array(&j);
    for (size_t i = 0; i < d->n; i++) {
        const struct check *c = &d->check[i];
        json_object(&j);
        json_key(&j, "name"), json_cstr(&j, c->name);
        json_key(&j, "state"), json_cstr(&j, words[c->state][0] == 'N' ? "no" : words[c->state]);
        json_key(&j, "found"), json_str(&j, c->found);
        json_key(&j, "todo"), json_str(&j, c->todo);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    json_deinit(&j);
    fwrite(out.p, 1, out.n, stdout);
}

static void print_text(const struct doctor *d, bool color)
{
    static const char *const colors[] = { "\033[32m", "\033[33m", "\033[1;31m" };
    printf("%s\n\n", !d->can_locate ? "maptrap locate cannot work here; see each NO."
                     : d->can_hold  ? "maptrap locate works here."
                                    : "maptrap locate works here in part; see below.");
    for (size_t i = 0; i < d->n; i++) {
        const struct check *c = &d->check[i];
        printf("  %s%-6s%s %-22s %.*s\n", color ? colors[c->state] : "", words[c->state],
               color ? "\033[0m" : "", c->name, STR_ARG(c->found));
        if (c->todo.n) printf("  %-6s %-22s → %.*s\n", "", "", STR_ARG(c->todo));
    }
}

static struct err *run(const struct invocation *in, int *ret_status)
{
    const struct doctor_args *a = in->opts;
    if (in->n_args) return err_new(ERR_USAGE, "'%s' is not understood", in->args[0]);
    struct doctor *d = doctor_examine((pid_t)a->pid, in->log);
    if (a->json)
        print_json(d);
    else
        print_text(d, in->color);
    *ret_status = d->can_locate ? 0 : 3;
    doctor_destroy(d);
    return NULL;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .summary = "what this kernel, user and binary allow, and what to do about each \"no\"",
    .usage = "[--pid P] [--json]",
    .description =
        "Checks everything that maptrap locate stands on: the kernel's version and "
        "settings, permissions, that the BPF programs load, what a probe hit costs here, "
        "and, with --pid, whether that process's binary and Go version are understood.\n\n"
        "The exit status is 0 when locate can work, else 3.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct doctor_args),
    .run = run,
};
