// SPDX-License-Identifier: Apache-2.0
#include "analyses/goscan_int.h"

static const char *const fixed_names[S_COUNT] = {
#define X(n) [S_##n] = #n,
    GOSCAN_NAMES(X)
#undef X
};

static uint32_t intern(struct scan *s, struct str name)
{
    bool fresh;
    uint64_t *v = strmap_put(&s->names, name, &fresh);
    if (fresh) {
        *v = s->name_text.n;
        vec_push(&s->name_text, name);
    }
    return (uint32_t)*v;
}

struct str scan_name(const struct scan *s, uint32_t sym)
{
    return sym < s->name_text.n ? s->name_text.p[sym] : STR("?");
}

uint32_t scan_sym(const struct gsource *f, const struct go_node *n)
{
    return f->ast->global[n->sym];
}

struct gtype *type_new(struct scan *s, enum type_kind kind, struct gtype *elem)
{
    struct gtype *t = arena_new(s->arena, struct gtype);
    t->kind = kind;
    t->elem = elem;
    return t;
}

struct gobj *package_lookup(struct gpackage *p, uint32_t sym)
{
    uint64_t *v = map_get(&p->scope, sym);
    return v ? (struct gobj *)(uintptr_t)*v : NULL;
}

struct gpackage *package_by_path(struct scan *s, struct str path)
{
    uint64_t *v = strmap_get(&s->by_path, path);
    if (!v && s->root.n && path.n > s->root.n && path.p[s->root.n] == '/' &&
        str_starts(path, s->root))
        v = strmap_get(&s->by_path, str_sub(path, s->root.n + 1, path.n));
    return v ? (struct gpackage *)(uintptr_t)*v : NULL;
}

struct str file_import(const struct gsource *f, uint32_t sym)
{
    for (uint32_t i = 0; i < f->n_imports; i++)
        if (f->imports[i].sym == sym) return f->imports[i].path;
    return (struct str) { 0 };
}

// ---- loading ----

static struct str unquote(struct str s)
{
    return s.n >= 2 ? str_sub(s, 1, s.n - 1) : (struct str) { 0 };
}

// The name that an import without one gets: the package's own, or the last part of the path that
// is no version.
static struct str import_name(struct scan *s, struct str path)
{
    struct gpackage *p = package_by_path(s, path);
    if (p) return p->name;
    size_t slash = str_rfind_char(path, '/');
    struct str last = slash == STR_NPOS ? path : str_sub(path, slash + 1, path.n);
    uint64_t n;
    if (last.n > 1 && last.p[0] == 'v' && str_to_u64(str_sub(last, 1, last.n), 10, &n) &&
        slash != STR_NPOS)
        return import_name(s, str_sub(path, 0, slash));
    size_t dot = str_find_char(last, '.');
    if (dot != STR_NPOS && dot > 0) last = str_sub(last, 0, dot);
    if (str_starts(last, STR("go-"))) last = str_sub(last, 3, last.n);
    return last;
}

static void count_root(struct scan *s, struct strmap *prefixes, struct str path)
{
    size_t first = str_find_char(path, '/');
    if (first == STR_NPOS || str_find_char(str_sub(path, 0, first), '.') == STR_NPOS) return;
    if (strmap_get(&s->by_path, path)) return;
    for (size_t i = first; i < path.n; i++)
        if (path.p[i] == '/' && strmap_get(&s->by_path, str_sub(path, i + 1, path.n)))
            ++*strmap_put(prefixes, str_sub(path, 0, i), NULL);
}

// A tree without a go.mod (GOPATH) does not say what its packages are imported as: the prefix with
// which most imports name a folder of the tree.
static void infer_root(struct scan *s)
{
    struct strmap prefixes = { 0 };
    uint64_t most = 0;
    for (size_t i = 0; i < s->packages.n; i++)
        for (size_t j = 0; j < s->packages.p[i]->files.n; j++)
            for (struct go_node *d = s->packages.p[i]->files.p[j]->ast->decls; d; d = d->next) {
                if (d->kind != GO_GEN_DECL || d->op != GO_T_IMPORT) continue;
                for (struct go_node *n = d->kid[0]; n; n = n->next) {
                    struct go_file *ast = s->packages.p[i]->files.p[j]->ast;
                    if (n->kid[1]) count_root(s, &prefixes, unquote(goast_text(ast, n->kid[1])));
                }
            }
    for (size_t i = 0; i < prefixes.cap; i++) {
        const struct strmap_slot *p = &prefixes.slot[i];
        if (!p->used || p->value < most || (p->value == most && p->key.n > s->root.n)) continue;
        most = p->value;
        s->root = p->key;
    }
    strmap_deinit(&prefixes);
}

static void load_imports(struct scan *s, struct gsource *f)
{
    uint32_t n = 0;
    for (struct go_node *d = f->ast->decls; d; d = d->next)
        if (d->kind == GO_GEN_DECL && d->op == GO_T_IMPORT)
            for (struct go_node *i = d->kid[0]; i; i = i->next) n++;
    f->imports = arena_alloc_array(s->arena, n + 1, sizeof(*f->imports));
    for (struct go_node *d = f->ast->decls; d; d = d->next) {
        if (d->kind != GO_GEN_DECL || d->op != GO_T_IMPORT) continue;
        for (struct go_node *i = d->kid[0]; i; i = i->next) {
            if (!i->kid[1]) continue;
            struct str path = unquote(goast_text(f->ast, i->kid[1]));
            if (i->kid[0] && i->kid[0]->op == GO_T_PERIOD) continue;
            f->imports[f->n_imports].path = path;
            f->imports[f->n_imports++].sym =
                i->kid[0] ? scan_sym(f, i->kid[0]) : intern(s, import_name(s, path));
        }
    }
}

static struct gobj *declare(struct scan *s, struct gsource *f, enum obj_kind kind, uint32_t sym,
                            struct go_node *node)
{
    struct gobj *o = arena_new(s->arena, struct gobj);
    o->kind = kind;
    o->sym = sym;
    o->pkg = f->pkg;
    o->file = f;
    o->node = node;
    if (sym != S__ && sym != S_init) {
        bool fresh;
        uint64_t *v = map_put(&f->pkg->scope, sym, &fresh);
        if (fresh) *v = (uint64_t)(uintptr_t)o;
    }
    return o;
}

static void load_vars(struct scan *s, struct gsource *f, struct go_node *spec, bool constant)
{
    struct go_node *value = spec->kid[2];
    bool one = value && !value->next;
    uint32_t index = 0;
    for (struct go_node *n = spec->kid[0]; n; n = n->next, index++) {
        if (n->kind != GO_IDENT) continue;
        struct gobj *o = declare(s, f, constant ? OBJ_CONST : OBJ_VAR, scan_sym(f, n), spec);
        o->value_type = spec->kid[1];
        o->value = value;
        o->value_index = one ? index : 0;
        if (value && !one) value = value->next;
        if (constant) continue;
        o->var = arena_new(s->arena, struct gvar);
        o->var->sym = o->sym;
        o->var->pos = n->pos;
        o->var->file = f;
        o->var->param = -1;
        o->var->global = o;
        o->var->guard = note_guard(f, spec, &o->var->checklocks);
    }
}

static bool exported(struct str name)
{
    return name.n && ((name.p[0] >= 'A' && name.p[0] <= 'Z') || (name.p[0] & 0x80));
}

static void load_func(struct scan *s, struct gsource *f, struct go_node *d)
{
    struct gfunc *fn = arena_new(s->arena, struct gfunc);
    struct str name = goast_name(f->ast, d->sym);
    fn->sym = f->ast->global[d->sym];
    fn->pkg = f->pkg;
    fn->file = f;
    fn->node = d;
    fn->type = d->kid[1];
    fn->exported = exported(name);
    fn->test = f->in->test;
    fn->is_init = !d->kid[0] && fn->sym == S_init;
    fn->is_main = !d->kid[0] && fn->sym == S_main && str_eqc(f->pkg->name, "main");
    fn->builds = d->kid[0] && (str_starts(name, STR("Unmarshal")) || str_eqc(name, "GobDecode"));
    fn->locked_name = str_ends(name, STR("Locked")) || str_starts(name, STR("locked")) ||
                      str_ends(name, STR("WithLock")) || str_ends(name, STR("NoLock")) ||
                      str_ends(name, STR("Unlocked")) || str_ends(name, STR("Unsafe")) ||
                      str_ends(name, STR("LockHeld")) || str_ends(name, STR("_locked"));
    vec_push(&s->funcs, fn);
    s->n_functions++;
    if (!d->kid[0]) declare(s, f, OBJ_FUNC, fn->sym, d)->func = fn;
}

static struct go_node *new_node(struct scan *s, enum goast_kind kind, unsigned kids, uint32_t pos,
                                uint32_t end)
{
    struct go_node *n = arena_alloc(s->arena, sizeof(*n) + kids * sizeof(n->kid[0]));
    n->kind = (uint8_t)kind;
    n->kids = (uint8_t)kids;
    n->pos = pos;
    n->end = end;
    return n;
}

// What a file's variables get at the start, as the body of one more `init`: function literals stand
// there too, and calls.
static void load_initialiser(struct scan *s, struct gsource *f)
{
    struct go_node *d = f->ast->decls, *first = NULL, **last = &first;
    for (; d; d = d->next) {
        if (d->kind != GO_GEN_DECL || d->op != GO_T_VAR) continue;
        for (const struct go_node *spec = d->kid[0]; spec; spec = spec->next) {
            if (spec->kind != GO_VALUE_SPEC || !spec->kid[0] || !spec->kid[2]) continue;
            struct go_node *a = new_node(s, GO_ASSIGN, 2, spec->pos, spec->end);
            a->op = GO_T_ASSIGN;
            a->kid[0] = spec->kid[0];
            a->kid[1] = spec->kid[2];
            *last = a;
            last = &a->next;
        }
    }
    if (!first) return;
    struct gfunc *fn = arena_new(s->arena, struct gfunc);
    fn->sym = S_init;
    fn->pkg = f->pkg;
    fn->file = f;
    fn->test = f->in->test;
    fn->is_init = true;
    fn->node = new_node(s, GO_FUNC_DECL, 3, first->pos, first->end);
    fn->type = fn->node->kid[1] = new_node(s, GO_FUNC_TYPE, 3, first->pos, first->pos);
    fn->node->kid[2] = new_node(s, GO_BLOCK, 1, first->pos, first->end);
    fn->node->kid[2]->kid[0] = first;
    vec_push(&s->funcs, fn);
}

static void load_file(struct scan *s, struct gsource *f)
{
    struct go_file *ast = f->ast;
    ast->global = arena_array(s->arena, uint32_t, ast->n_names + 1);
    for (uint32_t i = 0; i < ast->n_names; i++) ast->global[i] = intern(s, ast->names[i]);
    for (struct go_node *d = ast->decls; d; d = d->next) {
        if (d->kind == GO_FUNC_DECL) load_func(s, f, d);
        if (d->kind != GO_GEN_DECL || d->op == GO_T_IMPORT) continue;
        for (struct go_node *spec = d->kid[0]; spec; spec = spec->next) {
            if (spec->kind == GO_TYPE_SPEC) {
                struct gobj *o = declare(s, f, OBJ_TYPE, ast->global[spec->sym], spec);
                o->type = type_new(s, T_NAMED, NULL);
                o->type->obj = o;
                o->alias = spec->flags & GO_F_ALIAS;
            } else if (spec->kind == GO_VALUE_SPEC) {
                load_vars(s, f, spec, d->op == GO_T_CONST);
            }
        }
    }
    load_initialiser(s, f);
}

// The name of a receiver's type: T, *T, T[K], (T).
static const struct go_node *receiver_name(const struct go_node *t, bool *pointer)
{
    while (t) {
        if (t->kind == GO_IDENT) return t;
        if (t->kind == GO_STAR) *pointer = true;
        if (t->kind != GO_STAR && t->kind != GO_PAREN && t->kind != GO_INDEX) return NULL;
        t = t->kid[0];
    }
    return NULL;
}

static void load_methods(struct scan *s)
{
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *fn = s->funcs.p[i];
        struct go_node *recv = fn->node->kid[0];
        if (!recv) continue;
        const struct go_node *name = receiver_name(recv->kid[1], &fn->recv_pointer);
        struct gobj *o = name ? package_lookup(fn->pkg, scan_sym(fn->file, name)) : NULL;
        if (!o || o->kind != OBJ_TYPE) continue;
        fn->recv = o;
        *map_put(&o->methods, fn->sym, NULL) = (uint64_t)(uintptr_t)fn;
        vec_push(&s->methods, fn);
    }
}

void types_load(struct scan *s)
{
    for (uint32_t i = 0; i < S_COUNT; i++) intern(s, str_from(fixed_names[i]));
    s->unknown.kind = T_UNKNOWN;
    s->basic.kind = s->string.kind = T_BASIC;
    s->func.kind = T_FUNC;
    s->iface.kind = T_IFACE;
    for (size_t i = 0; i < s->in->n_packages; i++) {
        struct gpackage *p = arena_new(s->arena, struct gpackage);
        p->in = &s->in->packages[i];
        p->path = p->in->path;
        p->name = p->in->name;
        p->reported = p->in->reported;
        vec_push(&s->packages, p);
        bool fresh;
        uint64_t *v = strmap_put(&s->by_path, p->path, &fresh);
        if (fresh || p->reported) *v = (uint64_t)(uintptr_t)p;
        for (size_t j = 0; j < p->in->n_files; j++) {
            struct gsource *f = arena_new(s->arena, struct gsource);
            f->in = &p->in->files[j];
            f->ast = f->in->ast;
            f->pkg = p;
            vec_push(&p->files, f);
            load_file(s, f);
        }
    }
    infer_root(s);
    for (size_t i = 0; i < s->packages.n; i++)
        for (size_t j = 0; j < s->packages.p[i]->files.n; j++)
            load_imports(s, s->packages.p[i]->files.p[j]);
    load_methods(s);
    s->n_bind = (uint32_t)s->name_text.n;
    s->bind = mem_zalloc((s->n_bind + 1) * sizeof(*s->bind));
}

// ---- types of syntax ----

static struct gtype *type_ext(struct scan *s, struct str path, uint32_t sym)
{
    uint64_t key = str_hash(path) ^ ((uint64_t)sym << 32 | sym);
    bool fresh;
    uint64_t *v = map_put(&s->type_exts, key, &fresh);
    if (fresh) {
        struct gtype *t = type_new(s, T_EXT, NULL);
        t->path = path;
        t->sym = sym;
        *v = (uint64_t)(uintptr_t)t;
    }
    return (struct gtype *)(uintptr_t)*v;
}

// The place in a list of type parameters where a name stands, and its constraint.
static struct gtype *type_param(const struct type_context *c, uint32_t sym)
{
    uint32_t index = 0;
    for (struct go_node *f = c->params; f; f = f->next) {
        for (struct go_node *n = f->kid[0]; n; n = n->next, index++) {
            if (n->kind != GO_IDENT || scan_sym(c->file, n) != sym) continue;
            struct gtype *t = type_new(c->s, T_PARAM, NULL);
            t->sym = index;
            struct go_node *core = f->kid[1];
            if (core && core->kind == GO_UNARY && core->op == GO_T_TILDE) core = core->kid[0];
            if (core && (core->kind == GO_MAP_TYPE || core->kind == GO_ARRAY_TYPE))
                t->elem = type_of_node(c, core);
            return t;
        }
    }
    index = 0; // the names that a method gives its receiver's parameters
    for (struct go_node *n = c->recv_params; n; n = n->next, index++) {
        if (n->kind != GO_IDENT || scan_sym(c->file, n) != sym) continue;
        struct gtype *t = type_new(c->s, T_PARAM, NULL);
        t->sym = index;
        return t;
    }
    return NULL;
}

static struct gtype *type_of_ident(const struct type_context *c, uint32_t sym)
{
    struct scan *s = c->s;
    if (c->locals && sym < s->n_bind && s->bind[sym]) {
        struct gobj *o = s->bind[sym];
        // Local variables are bound with the lowest bit set.
        if ((uintptr_t)o & 1) return &s->unknown;
        return o->kind == OBJ_TYPE ? (o->alias ? type_under(s, o->type) : o->type) : &s->unknown;
    }
    struct gtype *p = type_param(c, sym);
    if (p) return p;
    struct gobj *o = package_lookup(c->pkg, sym);
    if (o) {
        if (o->kind != OBJ_TYPE) return &s->unknown;
        return o->alias ? type_under(s, o->type) : o->type;
    }
    if (sym == S_error || sym == S_any) return &s->iface;
    if (sym == S_string) return &s->string;
    return &s->basic;
}

static struct gtype *type_of_selector(const struct type_context *c, const struct go_node *n)
{
    struct scan *s = c->s;
    if (n->kid[0]->kind != GO_IDENT) return &s->unknown;
    struct str path = file_import(c->file, scan_sym(c->file, n->kid[0]));
    if (!path.n) return &s->unknown;
    struct gpackage *p = package_by_path(s, path);
    if (!p) return type_ext(s, path, scan_sym(c->file, n));
    struct gobj *o = package_lookup(p, scan_sym(c->file, n));
    if (!o || o->kind != OBJ_TYPE) return &s->unknown;
    return o->alias ? type_under(s, o->type) : o->type;
}

static struct gtype *type_of_struct(const struct type_context *c, const struct go_node *n)
{
    struct gtype *t = type_new(c->s, T_STRUCT, NULL);
    uint32_t count = 0;
    for (struct go_node *f = n->kid[0]; f; f = f->next) {
        if (!f->kid[0]) count++;
        for (struct go_node *name = f->kid[0]; name; name = name->next) count++;
    }
    t->fields = arena_array(c->s->arena, struct gfield, count + 1);
    for (struct go_node *f = n->kid[0]; f; f = f->next) {
        struct gtype *type = type_of_node(c, f->kid[1]);
        bool checklocks = false;
        struct str guard = note_guard(c->file, f, &checklocks);
        struct go_node *name = f->kid[0];
        do {
            struct gfield *g = &t->fields[t->n_fields++];
            const struct go_node *id = name;
            if (!id) {
                g->embedded = true;
                id = f->kid[1];
                while (id && (id->kind == GO_STAR || id->kind == GO_INDEX || id->kind == GO_PAREN))
                    id = id->kid[0];
            }
            if (id && (id->kind == GO_IDENT || id->kind == GO_SELECTOR))
                g->sym = scan_sym(c->file, id);
            g->type = type;
            g->file = c->file;
            g->pos = name ? name->pos : f->pos;
            g->guard = guard;
            g->checklocks = checklocks;
            name = name ? name->next : NULL;
        } while (name);
    }
    return t;
}

struct gtype *type_of_func_node(const struct type_context *c, struct go_node *n)
{
    struct gtype *t = type_new(c->s, T_FUNC, NULL);
    for (struct go_node *f = n->kid[2]; f; f = f->next) {
        uint32_t count = 0;
        for (struct go_node *name = f->kid[0]; name; name = name->next) count++;
        t->n_args += count ? count : 1;
    }
    if (!t->n_args) return t;
    t->args = arena_array(c->s->arena, struct gtype *, t->n_args);
    uint32_t at = 0;
    for (struct go_node *f = n->kid[2]; f; f = f->next) {
        struct gtype *type = type_of_node(c, f->kid[1]);
        struct go_node *name = f->kid[0];
        do {
            t->args[at++] = type;
            name = name ? name->next : NULL;
        } while (name);
    }
    return t;
}

struct gtype *type_results(struct scan *s, const struct gtype *func, const struct gtype *named)
{
    if (func->kind != T_FUNC || !func->n_args) return &s->unknown;
    if (func->n_args == 1) return type_subst(s, func->args[0], named);
    struct gtype *tuple = type_new(s, T_TUPLE, NULL);
    tuple->n_args = func->n_args;
    tuple->args = arena_array(s->arena, struct gtype *, func->n_args);
    for (uint32_t i = 0; i < func->n_args; i++)
        tuple->args[i] = type_subst(s, func->args[i], named);
    return tuple;
}

static struct gtype *iface_method(struct scan *s, const struct gtype *t, uint32_t sym)
{
    if (!t->node || s->depth > LIMIT_GOSCAN_DEPTH) return NULL;
    struct gtype *found = NULL;
    struct type_context c = { s, t->file->pkg, t->file, t->params, NULL, false };
    s->depth++;
    for (struct go_node *f = t->node->kid[0]; f && !found; f = f->next) {
        if (f->kind != GO_FIELD) continue;
        if (f->kid[0]) {
            if (scan_sym(t->file, f->kid[0]) == sym) found = type_of_node(&c, f->kid[1]);
        } else {
            const struct gtype *embedded = type_under(s, type_of_node(&c, f->kid[1]));
            if (embedded->kind == T_IFACE) found = iface_method(s, embedded, sym);
        }
    }
    s->depth--;
    return found;
}

struct gtype *type_iface_of(struct scan *s, struct gtype *t, uint32_t sym)
{
    struct gtype *u = type_deref(s, t);
    if (u->kind == T_IFACE) return iface_method(s, u, sym) ? u : NULL;
    for (uint32_t i = 0; u->kind == T_STRUCT && i < u->n_fields; i++) {
        struct gtype *e = type_under(s, u->fields[i].type);
        if (u->fields[i].embedded && e->kind == T_IFACE && iface_method(s, e, sym)) return e;
    }
    return NULL;
}

// Of an interface of the standard library, by its most telling method; of others it is not known.
static bool has_method_of(struct scan *s, struct gobj *o, const struct gtype *iface)
{
    static const struct {
        const char *path, *name, *method;
    } known[] = {
        { "io", "Closer", "Close" },      { "io", "Reader", "Read" },
        { "io", "Writer", "Write" },      { "io", "ReadCloser", "Read" },
        { "io", "WriteCloser", "Write" }, { "fmt", "Stringer", "String" },
        { "io", "ReadWriter", "Read" },   { "net/http", "Handler", "ServeHTTP" },
        { "sync", "Locker", "Lock" },
    };
    for (size_t i = 0; iface->kind == T_EXT && i < array_size(known); i++) {
        if (!str_eqc(iface->path, known[i].path)) continue;
        if (!str_eqc(scan_name(s, iface->sym), known[i].name)) continue;
        const uint64_t *sym = strmap_get(&s->names, str_from(known[i].method));
        return sym && type_member(s, o->type, (uint32_t)*sym).method;
    }
    return false;
}

bool type_implements(struct scan *s, struct gobj *o, const struct gtype *iface)
{
    if (!iface->node || s->depth > LIMIT_GOSCAN_DEPTH) return false;
    struct type_context c = { s, iface->file->pkg, iface->file, iface->params, NULL, false };
    bool all = true;
    s->depth++;
    for (struct go_node *f = iface->node->kid[0]; f && all; f = f->next) {
        if (f->kind != GO_FIELD) continue;
        if (f->kid[0]) {
            struct member m = type_member(s, o->type, scan_sym(iface->file, f->kid[0]));
            all = m.method != NULL;
        } else {
            struct gtype *embedded = type_under(s, type_of_node(&c, f->kid[1]));
            all = embedded->kind == T_IFACE ? type_implements(s, o, embedded)
                                            : has_method_of(s, o, embedded);
        }
    }
    s->depth--;
    return all;
}

struct gtype *type_iface_results(struct scan *s, struct gtype *t, uint32_t sym)
{
    struct gtype *u = type_deref(s, t), *func = NULL;
    if (u->kind == T_IFACE) func = iface_method(s, u, sym);
    for (uint32_t i = 0; u->kind == T_STRUCT && i < u->n_fields && !func; i++) {
        const struct gtype *e = type_under(s, u->fields[i].type);
        if (u->fields[i].embedded && e->kind == T_IFACE) func = iface_method(s, e, sym);
    }
    return func ? type_results(s, func, t->kind == T_PTR ? t->elem : t) : &s->unknown;
}

static struct gtype *type_instance(const struct type_context *c, const struct go_node *n)
{
    struct gtype *base = type_of_node(c, n->kid[0]);
    if (base->kind != T_NAMED && base->kind != T_EXT) return base;
    struct gtype *t = type_new(c->s, base->kind, NULL);
    t->obj = base->obj;
    t->path = base->path;
    t->sym = base->sym;
    for (struct go_node *a = n->kid[1]; a; a = a->next) t->n_args++;
    t->args = arena_array(c->s->arena, struct gtype *, t->n_args + 1);
    uint32_t i = 0;
    for (struct go_node *a = n->kid[1]; a; a = a->next) t->args[i++] = type_of_node(c, a);
    return t;
}

static struct gtype *type_of_node_inner(const struct type_context *c, struct go_node *n)
{
    struct scan *s = c->s;
    struct gtype *t;
    switch (n->kind) {
    case GO_IDENT: return type_of_ident(c, scan_sym(c->file, n));
    case GO_PAREN: return type_of_node(c, n->kid[0]);
    case GO_SELECTOR: return type_of_selector(c, n);
    case GO_INDEX: return type_instance(c, n);
    case GO_STAR: return type_new(s, T_PTR, type_of_node(c, n->kid[0]));
    case GO_ELLIPSIS: return type_new(s, T_SLICE, type_of_node(c, n->kid[0]));
    case GO_ARRAY_TYPE:
        t = type_new(s, T_SLICE, type_of_node(c, n->kid[1]));
        t->array = n->kid[0] != NULL;
        return t;
    case GO_MAP_TYPE:
        t = type_new(s, T_MAP, type_of_node(c, n->kid[1]));
        t->key = type_of_node(c, n->kid[0]);
        return t;
    case GO_CHAN_TYPE: return type_new(s, T_CHAN, type_of_node(c, n->kid[0]));
    case GO_FUNC_TYPE: return type_of_func_node(c, n);
    case GO_STRUCT_TYPE: return type_of_struct(c, n);
    case GO_INTERFACE_TYPE:
        t = type_new(s, T_IFACE, NULL);
        t->node = n;
        t->params = c->params;
        t->file = c->file;
        return t;
    default: return &s->unknown;
    }
}

struct gtype *type_of_node(const struct type_context *c, struct go_node *n)
{
    if (!n || c->s->depth > LIMIT_GOSCAN_DEPTH) return &c->s->unknown;
    c->s->depth++;
    struct gtype *t = type_of_node_inner(c, n);
    c->s->depth--;
    return t;
}

static struct gtype *ext_under(struct scan *s, struct gtype *t)
{
    static const struct {
        const char *path, *name;
    } maps[] = {
        { "net/http", "Header" },
        { "net/url", "Values" },
        { "net/textproto", "MIMEHeader" },
        { "net/mail", "Header" },
        { "google.golang.org/grpc/metadata", "MD" },
        { "github.com/gin-gonic/gin", "H" },
        { "go.mongodb.org/mongo-driver/bson", "M" },
        { "github.com/sirupsen/logrus", "Fields" },
        { "github.com/prometheus/client_golang/prometheus", "Labels" },
        { "github.com/prometheus/common/model", "LabelSet" },
        { "k8s.io/apimachinery/pkg/util/sets", "String" },
        { "k8s.io/apimachinery/pkg/util/sets", "Set" },
        { "k8s.io/apimachinery/pkg/labels", "Set" },
    };
    if (t->elem) return t->elem;
    struct str name = scan_name(s, t->sym);
    for (size_t i = 0; i < array_size(maps); i++) {
        if (!str_eqc(name, maps[i].name) || !str_eqc(t->path, maps[i].path)) continue;
        t->elem = type_new(s, T_MAP, &s->unknown);
        t->elem->key = &s->basic;
        return t->elem;
    }
    return t;
}

static struct gtype *named_under(struct scan *s, struct gtype *t)
{
    struct gobj *o = t->obj;
    if (!o->under) {
        if (o->resolving) return &s->unknown;
        o->resolving = true;
        struct type_context c = { s, o->pkg, o->file, o->node->kid[0], NULL, false };
        struct gtype *u = type_of_node(&c, o->node->kid[1]);
        if (o->alias) {
            o->under = u;
        } else {
            o->under = type_under(s, u);
            for (uint32_t i = 0; o->under->kind == T_STRUCT && i < o->under->n_fields; i++) {
                struct gfield *g = &o->under->fields[i];
                if (!g->owner) g->owner = o;
                if (g->embedded || !g->sym) g->embedded = g->embedded || !g->sym;
            }
        }
        o->resolving = false;
    }
    return o->under;
}

struct gtype *type_subst(struct scan *s, struct gtype *t, const struct gtype *named)
{
    if (!named || named->kind != T_NAMED || !named->n_args || s->depth > LIMIT_GOSCAN_DEPTH)
        return t;
    struct gtype *r = t;
    s->depth++;
    if (t->kind == T_PARAM) {
        if (t->sym < named->n_args) r = named->args[t->sym];
    } else if (t->kind == T_PTR || t->kind == T_SLICE || t->kind == T_CHAN || t->kind == T_MAP) {
        struct gtype *e = type_subst(s, t->elem, named);
        if (e != t->elem) {
            r = type_new(s, t->kind, e);
            r->key = t->key;
            r->array = t->array;
        }
    } else if (t->kind == T_NAMED && t->n_args && t != named) {
        r = type_new(s, T_NAMED, NULL);
        r->obj = t->obj;
        r->n_args = t->n_args;
        r->args = arena_array(s->arena, struct gtype *, t->n_args);
        for (uint32_t i = 0; i < t->n_args; i++) r->args[i] = type_subst(s, t->args[i], named);
    }
    s->depth--;
    return r;
}

struct gtype *type_under(struct scan *s, struct gtype *t)
{
    if (!t) return &s->unknown;
    if (t->kind == T_NAMED) {
        struct gtype *u = named_under(s, t);
        return u->kind == T_MAP || u->kind == T_SLICE ? type_subst(s, u, t) : u;
    }
    if (t->kind == T_EXT) return ext_under(s, t);
    if (t->kind == T_PARAM && t->elem) return t->elem;
    return t;
}

struct gtype *type_deref(struct scan *s, struct gtype *t)
{
    struct gtype *u = type_under(s, t);
    return u->kind == T_PTR ? type_under(s, u->elem) : u;
}

struct gobj *type_obj(struct gtype *t)
{
    if (t && t->kind == T_PTR) t = t->elem;
    return t && t->kind == T_NAMED ? t->obj : NULL;
}

bool type_is_map(struct scan *s, struct gtype *t)
{
    return type_under(s, t)->kind == T_MAP;
}

struct str type_name(struct scan *s, const struct gtype *t, struct str *ret_path)
{
    *ret_path = (struct str) { 0 };
    if (t && t->kind == T_PTR) t = t->elem;
    if (!t || (t->kind != T_NAMED && t->kind != T_EXT)) return (struct str) { 0 };
    *ret_path = t->kind == T_EXT ? t->path : t->obj->pkg->path;
    return scan_name(s, t->kind == T_EXT ? t->sym : t->obj->sym);
}

bool type_is_ext(const struct gtype *t, const char *path, uint32_t sym)
{
    if (t && t->kind == T_PTR) t = t->elem;
    return t && t->kind == T_EXT && t->sym == sym && str_eqc(t->path, path);
}

// ---- members ----

static bool lock_method(uint32_t sym)
{
    return sym == S_Lock || sym == S_Unlock || sym == S_RLock || sym == S_RUnlock ||
           sym == S_TryLock || sym == S_TryRLock || sym == S_RLocker;
}

static bool member_at(struct scan *s, struct gtype *t, uint32_t sym, unsigned depth,
                      struct member *m)
{
    struct gtype *holder = t && t->kind == T_PTR ? t->elem : t;
    if (!holder) return false;
    if (holder->kind == T_NAMED) {
        uint64_t *v = map_get(&holder->obj->methods, sym);
        if (v) {
            m->method = (struct gfunc *)(uintptr_t)*v;
            m->type = holder;
            m->depth = (uint8_t)depth;
            return m->found = true;
        }
    }
    if (depth > 0 && holder->kind == T_EXT && lock_method(sym) && str_eqc(holder->path, "sync")) {
        m->type = holder;
        m->depth = (uint8_t)depth;
        return m->found = true;
    }
    struct gtype *u = type_under(s, holder);
    if (u->kind == T_PTR) u = type_under(s, u->elem);
    if (u->kind != T_STRUCT) return false;
    for (uint32_t i = 0; i < u->n_fields; i++) {
        if (u->fields[i].sym != sym) continue;
        m->field = &u->fields[i];
        m->type = type_subst(s, m->field->type, holder);
        m->depth = (uint8_t)depth;
        return m->found = true;
    }
    if (depth + 1 >= array_size(m->path)) return false;
    for (uint32_t i = 0; i < u->n_fields; i++) {
        struct gfield *g = &u->fields[i];
        if (!g->embedded) continue;
        m->path[depth] = g;
        if (member_at(s, type_subst(s, g->type, holder), sym, depth + 1, m)) return true;
    }
    return false;
}

struct member type_member(struct scan *s, struct gtype *t, uint32_t sym)
{
    struct member m = { 0 };
    member_at(s, t, sym, 0, &m);
    return m;
}
