// SPDX-License-Identifier: Apache-2.0
#include "decoders/pprof_legacy_map.h"

enum { MAX_VARIABLES = 32, MAX_VARIABLE_BYTES = 4096 };

// "source=/home" lines: $source in the lines below means /home.
struct variables {
    struct {
        struct str name, value;
    } v[MAX_VARIABLES];
    size_t n;
};

bool legacy_is_map_header(struct str line)
{
    return str_find(line, STR("--- Memory map: ---")) != STR_NPOS ||
           str_find(line, STR("MAPPED_LIBRARIES:")) != STR_NPOS;
}

static struct str expand(struct profile_builder *b, const struct variables *vars, struct str s)
{
    size_t dollar = str_find_char(s, '$');
    for (size_t i = 0; dollar != STR_NPOS && i < vars->n; i++) {
        struct str rest = str_sub(s, dollar + 1, s.n);
        if (!str_starts(rest, vars->v[i].name)) continue;
        return str_from(arena_printf(&b->p->arena, "%.*s%.*s%.*s", (int)dollar, s.p,
                                     STR_ARG(vars->v[i].value),
                                     STR_ARG(str_sub(rest, vars->v[i].name.n, rest.n))));
    }
    return s;
}

static void note_variable(struct variables *vars, struct str line)
{
    size_t equals = str_find_char(line, '=');
    if (equals == STR_NPOS || vars->n == MAX_VARIABLES || line.n > MAX_VARIABLE_BYTES) return;
    struct str name = str_trim(str_sub(line, 0, equals));
    if (name.n == 0) return;
    vars->v[vars->n].name = name;
    vars->v[vars->n++].value = str_trim(str_sub(line, equals + 1, line.n));
}

static bool is_permissions(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!memchr("-rwxps", s.p[i], 6)) return false;
    return s.n > 0;
}

// /proc/PID/maps ("START-END PERM OFFSET DEV INODE FILE") or the brief form
// ("START-END: FILE (@OFFSET) BUILDID"). False: neither; *skip: not executable.
static bool parse_mapping(struct str line, struct profile_mapping *ret, bool *skip)
{
    struct profile_mapping m = { 0 };
    scan_spaces(&line);
    if (str_starts(line, STR("0x"))) line = str_sub(line, 2, line.n);
    if (!scan_hex(&line, &m.start)) return false;
    if (!scan_char(&line, '-')) scan_spaces(&line);
    if (str_starts(line, STR("0x"))) line = str_sub(line, 2, line.n);
    if (!scan_hex(&line, &m.limit)) return false;
    scan_char(&line, ':');
    scan_spaces(&line);
    struct str word;
    *skip = false;
    bool proc = false;
    struct str before = line;
    if (scan_word(&line, &word) && is_permissions(word)) {
        *skip = str_find_char(word, 'x') == STR_NPOS;
        scan_spaces(&line);
        struct str rest = line, device;
        uint64_t inode;
        proc = scan_hex(&rest, &m.offset);
        scan_spaces(&rest);
        proc = proc && scan_word(&rest, &device) && str_find_char(device, ':') != STR_NPOS;
        scan_spaces(&rest);
        proc = proc && scan_hex(&rest, &inode);
        if (proc) line = rest;
    } else {
        line = before;
    }
    if (!proc) m.offset = 0;
    scan_spaces(&line);
    if (scan_word(&line, &word)) m.file = word;
    scan_spaces(&line);
    if (!proc && str_starts(line, STR("(@"))) {
        line = str_sub(line, 2, line.n);
        scan_hex(&line, &m.offset);
        scan_char(&line, ')');
        scan_spaces(&line);
    }
    if (!proc && scan_word(&line, &word)) m.build_id = word;
    *ret = m;
    return true;
}

static uint32_t mapping_of(const struct profile *p, uint64_t address)
{
    for (size_t i = 0; i < p->mappings.n; i++) {
        const struct profile_mapping *m = &p->mappings.p[i];
        if (m->start <= address && address < m->limit) return (uint32_t)i;
    }
    // A map may have lost the first part of a mapping that was split.
    for (size_t i = 0; i < p->mappings.n; i++) {
        const struct profile_mapping *m = &p->mappings.p[i];
        if (m->offset && m->offset <= m->start && m->start - m->offset <= address &&
            address < m->start)
            return (uint32_t)i;
    }
    return PROFILE_NONE;
}

void legacy_take_map(struct profile_builder *b, struct text_lines *t)
{
    enum { MAX_MAPPINGS = 4096 };
    struct profile *p = b->p;
    struct variables vars = { 0 };
    while (text_next(t)) {
        struct profile_mapping m;
        bool skip;
        if (!parse_mapping(t->line, &m, &skip)) {
            note_variable(&vars, t->line);
            continue;
        }
        if (skip) continue;
        if (p->mappings.n == MAX_MAPPINGS) {
            profile_break(p, text_at(t), "more than %d mappings", MAX_MAPPINGS);
            break;
        }
        m.file = expand(b, &vars, m.file);
        vec_push(&p->mappings, m);
    }
    for (size_t i = 0; i < p->locations.n; i++) {
        struct profile_location *l = &p->locations.p[i];
        if (l->address && l->mapping == PROFILE_NONE) l->mapping = mapping_of(p, l->address);
    }
}
