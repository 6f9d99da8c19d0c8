// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"

#include <assert.h>

static size_t distance(struct str a, struct str b)
{
    enum { MOST = 32 };
    if (a.n > MOST || b.n > MOST) return MOST;
    size_t row[MOST + 1];
    for (size_t j = 0; j <= b.n; j++) row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t above = row[j], best = diagonal + (a.p[i - 1] != b.p[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[b.n];
}

const struct command *command_find(struct str name)
{
    for (size_t i = 0; commands[i]; i++)
        if (str_eqc(name, commands[i]->name)) return commands[i];
    return NULL;
}

const struct command *command_guess(struct str name)
{
    const struct command *best = NULL;
    size_t best_distance = 3;
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden) continue;
        size_t d = distance(name, str_from(commands[i]->name));
        if (d < best_distance) best = commands[i], best_distance = d;
    }
    return best;
}

static const struct option *option_find(const struct command *c, struct str name)
{
    for (const struct option *o = c->options; o && o->kind; o++)
        if (str_eqc(name, o->name)) return o;
    return NULL;
}

static struct err *unknown_option(const struct command *c, struct str name)
{
    const struct option *best = NULL;
    size_t best_distance = 4;
    for (const struct option *o = c->options; o && o->kind; o++) {
        size_t d = distance(name, str_from(o->name));
        if (d < best_distance) best = o, best_distance = d;
    }
    if (best)
        return err_new(ERR_USAGE, "unknown option --%.*s; did you mean --%s?", STR_ARG(name),
                       best->name);
    return err_new(ERR_USAGE, "unknown option --%.*s; see maptrap %s --help", STR_ARG(name),
                   c->name);
}

static struct err *store_string(const struct option *o, const char *value, void *field)
{
    if (o->values) {
        size_t i = 0;
        while (o->values[i] && strcmp(o->values[i], value) != 0) i++;
        if (!o->values[i]) {
            struct err *e = err_new(ERR_USAGE, "--%s %s: not one of", o->name, value);
            for (i = 0; o->values[i]; i++) {
                char *text = mem_printf("%s%s %s", e->text, i ? "," : "", o->values[i]);
                free(e->text);
                e->text = text;
            }
            return e;
        }
    }
    *(const char **)field = value;
    return NULL;
}

static struct err *store_pid(const struct option *o, struct str s, uint64_t *ret)
{
    enum { PID_MAX = 1 << 22 }; // the kernel's own limit
    uint64_t pid;
    if (!str_to_u64(s, 10, &pid))
        return err_new(ERR_USAGE, "--%s %.*s: not a whole number", o->name, STR_ARG(s));
    if (pid == 0 || pid > PID_MAX)
        return err_new(ERR_USAGE, "--%s %.*s: no process has that pid", o->name, STR_ARG(s));
    *ret = pid;
    return NULL;
}

// No time at all would be taken for the option not given.
static struct err *store_duration(const struct option *o, struct str s, uint64_t *ret)
{
    uint64_t ns;
    ERR_TRY(err_wrap(clock_parse_duration(s, &ns), "--%s", o->name));
    if (ns == 0)
        return err_new(ERR_USAGE, "--%s %.*s: must be more than zero", o->name, STR_ARG(s));
    *ret = ns;
    return NULL;
}

static struct err *store(const struct option *o, const char *value, void *opts)
{
    void *field = (char *)opts + o->offset;
    struct str s = str_from(value);
    switch (o->kind) {
    case OPTION_FLAG: *(bool *)field = true; return NULL;
    case OPTION_STRING: return store_string(o, value, field);
    case OPTION_UINT:
        if (!str_to_u64(s, 10, field))
            return err_new(ERR_USAGE, "--%s %s: not a whole number", o->name, value);
        return NULL;
    case OPTION_PID: return store_pid(o, s, field);
    case OPTION_DURATION: return store_duration(o, s, field);
    case OPTION_SIZE: return err_wrap(clock_parse_size(s, field), "--%s", o->name);
    case OPTION_LIST: {
        struct string_list *l = field;
        l->p = mem_realloc_array(l->p, l->n + 1, sizeof(*l->p));
        l->p[l->n++] = value;
        return NULL;
    }
    case OPTION_END: break;
    }
    assert(!"an option of no kind");
    return NULL;
}

struct err *options_parse(const struct command *c, int argc, char **argv, struct invocation *in)
{
    in->opts = mem_zalloc(c->opts_size);
    in->args = mem_zalloc(((size_t)argc + 1) * sizeof(*in->args));
    for (int i = 0; i < argc; i++) {
        const char *a = argv[i];
        if (strcmp(a, "--") == 0 && !c->runs_another) {
            while (++i < argc) in->args[in->n_args++] = argv[i];
            break;
        }
        if (strcmp(a, "--") == 0) {
            in->rest = (const char **)argv + i + 1;
            in->n_rest = (size_t)(argc - i - 1);
            break;
        }
        if (a[0] != '-' || a[1] == 0) {
            in->args[in->n_args++] = a;
            continue;
        }
        if (a[1] != '-')
            return err_new(ERR_USAGE, "unknown option %s; see maptrap %s --help", a, c->name);
        struct str name = str_from(a + 2);
        const char *value = NULL;
        size_t eq = str_find_char(name, '=');
        if (eq != STR_NPOS) {
            value = name.p + eq + 1;
            name = str_sub(name, 0, eq);
        }
        const struct option *o = option_find(c, name);
        if (!o) return unknown_option(c, name);
        if (o->kind == OPTION_FLAG) {
            if (value) return err_new(ERR_USAGE, "--%s takes no value", o->name);
        } else if (!value) {
            if (++i >= argc) return err_new(ERR_USAGE, "--%s needs %s", o->name, o->arg);
            value = argv[i];
        }
        ERR_TRY(store(o, value, in->opts));
    }
    return NULL;
}

void invocation_deinit(const struct command *c, struct invocation *in)
{
    for (const struct option *o = c->options; in->opts && o && o->kind; o++)
        if (o->kind == OPTION_LIST) free(((struct string_list *)((char *)in->opts + o->offset))->p);
    free(in->opts);
    free(in->args);
}
