// SPDX-License-Identifier: Apache-2.0
// Calls: locks, goroutines, builtins, what the standard library does, and what functions of the
// tree were found to do.
#include "analyses/goscan_int.h"

enum { MOST_ARGS = 12 };

struct args {
    struct val v[MOST_ARGS];
    struct go_node *node[MOST_ARGS];
    size_t n;
};

// ---- goroutines ----

struct gthread *new_thread(struct walker *w, int kind, uint32_t pos)
{
    struct gthread *t = arena_new(w->s->arena, struct gthread);
    t->parent = w->thread;
    t->func = w->func;
    t->loop = w->loop;
    t->pos = pos;
    t->kind = kind;
    t->spawn_seq = ++w->s->seq;
    t->join_seq = UINT32_MAX;
    vec_push(&w->s->threads, t);
    return t;
}

static bool loop_within(const struct gloop *inner, const struct gloop *outer)
{
    for (; inner; inner = inner->parent)
        if (inner == outer) return true;
    return false;
}

bool receive_joins(const struct walker *w, const struct gvar *channel)
{
    if (!channel) return true;
    for (size_t i = w->first_thread; i < w->s->threads.n; i++) {
        const struct gthread *t = w->s->threads.p[i];
        if (t->func != w->func || t->kind == THREAD_BODY) continue;
        if (t->opaque || t == w->thread) return true;
        for (uint8_t k = 0; k < t->n_touched; k++)
            if (t->touched[k] == channel) return true;
    }
    return false;
}

static bool started_by(const struct gthread *t, const struct gthread *by)
{
    do t = t->parent;
    while (t && t != by);
    return t != NULL;
}

void walk_join(struct walker *w)
{
    if (w->in_defer) {
        w->deferred_wait = true;
        return;
    }
    uint32_t seq = ++w->s->seq;
    for (size_t i = w->first_thread; i < w->s->threads.n; i++) {
        struct gthread *t = w->s->threads.p[i];
        if (t->func != w->func || t->join_seq != UINT32_MAX || !started_by(t, w->thread)) continue;
        t->join_seq = seq;
        if (t->loop && loop_within(w->loop, t->loop)) t->loop_joined = true;
    }
}

// Runs a closure as a goroutine of its own.
static void spawn_closure(struct walker *w, struct closure *c, uint32_t pos, bool multi,
                          const struct args *a)
{
    struct gthread *t = new_thread(w, THREAD_GO, pos);
    t->multi = multi;
    struct state st = { .started = true };
    c->walked = false;
    walk_closure(w, c, &st, t, a ? a->v : NULL, a ? a->n : 0);
}

// ---- locks ----

static bool lock_name(uint32_t sym)
{
    return sym == S_Lock || sym == S_RLock || sym == S_TryLock || sym == S_TryRLock;
}

static bool unlock_name(uint32_t sym)
{
    return sym == S_Unlock || sym == S_RUnlock;
}

// A mutex inside a struct that the function got by value is a copy.
static bool copied_lock(struct scan *s, const struct place *p)
{
    const struct place *q = p;
    for (; q->parent; q = q->parent)
        if (type_under(s, q->type)->kind == T_PTR || q->kind == P_INDEX) return false;
    return q->var && q->var->by_value && p->parent;
}

static void lock(struct walker *w, struct place *p, const void *class, uint8_t mode, uint32_t pos)
{
    struct state *st = w->st;
    const struct place *named = p;
    while (named && named->kind == P_INDEX) named = named->parent;
    if (named && named->kind == P_FIELD && !w->func->test) named->field->taken = true;
    for (uint8_t i = 0; i < st->n; i++)
        if (st->held[i].class == class && st->held[i].place == p) {
            st->held[i].mode = mode;
            st->held[i].deferred = false;
            return;
        }
    if (st->n >= LIMIT_GOSCAN_HELD) {
        st->unknown = true;
        return;
    }
    st->held[st->n] = (struct held) { .place = p, .class = class, .pos = pos, .mode = mode };
    st->held[st->n++].copy = p && copied_lock(w->s, p);
}

static void unlock(struct walker *w, const struct place *p, const void *class)
{
    struct state *st = w->st;
    for (uint8_t i = 0; i < st->n; i++)
        if (st->held[i].class == class && (st->held[i].place == p || !p || !st->held[i].place)) {
            st->held[i] = st->held[--st->n];
            memset(&st->held[st->n], 0, sizeof(st->held[0]));
            return;
        }
    if (st->n < LIMIT_GOSCAN_HELD) // held on entry, and released here
        st->held[st->n++] =
            (struct held) { .place = (struct place *)p, .class = class, .mode = HOLD_NONE };
    if (w->thread->kind == THREAD_BODY && !w->in_closure && w->func->effects.n < LIMIT_GOSCAN_HELD)
        vec_push(&w->func->effects, (struct lock_effect) { (struct place *)p, class, HOLD_NONE });
}

// `locks.Lock(name)`: one of many, by a key. It guards what belongs to that key, never a map of
// all.
static bool keyed_lock(struct walker *w, const struct args *a)
{
    if (!a || !a->n) return false;
    struct str path, name = type_name(w->s, a->v[0].t, &path);
    const struct go_node *x = a->node[0];
    if (x->kind == GO_LIT) return false; // a label
    return !str_eqc(path, "context") && !str_eqc(name, "Context") &&
           !(x->kind == GO_IDENT && str_eqc(scan_name(w->s, scan_sym(w->file, x)), "ctx"));
}

static bool lock_call(struct walker *w, const struct val *f, const struct args *a, uint32_t pos)
{
    if (!lock_name(f->sym) && !unlock_name(f->sym)) return false;
    if (keyed_lock(w, a)) return true;
    const void *class = place_class(f->p);
    if (!class) {
        w->st->unknown = true; // some lock that has no name here
        return true;
    }
    bool read = f->sym == S_RLock || f->sym == S_TryRLock || f->read_locker;
    bool try = f->sym == S_TryLock || f->sym == S_TryRLock;
    if (unlock_name(f->sym))
        unlock(w, f->p, class);
    else
        lock(w, f->p, class, try ? HOLD_MAYBE : read ? HOLD_READ : HOLD_WRITE, pos);
    return true;
}

// `if mu.TryLock()`: held where it is true.
void walk_condition(struct walker *w, struct go_node *x, struct state *ret_false)
{
    while (x->kind == GO_PAREN) x = x->kid[0];
    if (x->kind == GO_UNARY && x->op == GO_T_NOT) {
        struct state f;
        walk_condition(w, x->kid[0], &f);
        *ret_false = *w->st;
        *w->st = f;
        return;
    }
    if (x->kind == GO_BINARY && x->op == GO_T_LAND) {
        struct state first, second;
        walk_condition(w, x->kid[0], &first);
        walk_condition(w, x->kid[1], &second);
        state_join(&first, &second);
        *ret_false = first;
        return;
    }
    struct state before = *w->st;
    eval(w, x);
    *ret_false = *w->st;
    if (x->kind != GO_CALL || x->kid[0]->kind != GO_SELECTOR) return;
    uint32_t sym = scan_sym(w->file, x->kid[0]);
    if (sym != S_TryLock && sym != S_TryRLock) return;
    *ret_false = before;
    for (uint8_t i = 0; i < w->st->n; i++)
        if (w->st->held[i].mode == HOLD_MAYBE)
            w->st->held[i].mode = sym == S_TryLock ? HOLD_WRITE : HOLD_READ;
}

// ---- builtins and the standard library ----

static bool is_value(struct walker *w, struct go_node *x)
{
    if (x->kind == GO_CALL || x->kind == GO_COMPOSITE || x->kind == GO_LIT ||
        x->kind == GO_BINARY || x->kind == GO_UNARY)
        return true;
    return x->kind == GO_IDENT && !eval(w, x).is_type;
}

static struct val call_builtin(struct walker *w, uint32_t sym, struct go_node *call)
{
    struct val r = { .t = &w->s->basic }, x = { .t = &w->s->unknown };
    struct go_node *first = call->kid[1];
    if (sym == S_make || sym == S_new) {
        if (first) eval_list(w, first->next);
        if (first && sym == S_new && is_value(w, first)) { // new(expr), Go 1.26
            x = eval(w, first);
            r.t = x.t;
        } else {
            r.t = first ? type_of_node(&w->types, first) : &w->s->unknown;
        }
        if (sym == S_new) note_made(w, r.t);
        if (sym == S_new) r.t = type_new(w->s, T_PTR, r.t);
        r.fresh = true;
        return r;
    }
    if (!first) return r;
    x = eval(w, first);
    for (struct go_node *a = first->next; a; a = a->next) {
        struct val v = eval(w, a);
        if (v.closure) walk_unknown_closure(w, v.closure);
        if (sym == S_append && !x.owned) eval_escape(w, &v);
    }
    bool map = type_is_map(w->s, x.t);
    if (map && (sym == S_delete || sym == S_clear)) note_access(w, ACCESS_WRITE, &x, call->pos);
    if (map && sym == S_len) note_access(w, ACCESS_READ, &x, call->pos);
    if (sym == S_append) return x;
    if (sym == S_panic) w->st->dead = true;
    return r;
}

static bool prints_itself(const struct gobj *o)
{
    static const uint32_t own[] = { S_String,   S_Error,       S_Format,
                                    S_GoString, S_MarshalJSON, S_MarshalText };
    for (size_t i = 0; i < array_size(own); i++)
        if (map_get(&o->methods, own[i])) return true;
    return false;
}

// The maps of a value that is printed or encoded are iterated.
static void read_whole(struct walker *w, const struct val *v, uint32_t pos)
{
    struct gobj *o = type_obj(v->t);
    struct gtype *u = type_deref(w->s, v->t);
    if (!v->p) return;
    if (u->kind == T_MAP) {
        struct val m = *v;
        note_access(w, ACCESS_RANGE, &m, pos);
        return;
    }
    if (u->kind != T_STRUCT || (o && prints_itself(o))) return;
    for (uint32_t i = 0; i < u->n_fields; i++) {
        if (!type_is_map(w->s, u->fields[i].type)) continue;
        struct val m = { .t = u->fields[i].type };
        m.p = place_step(w->s, v->p, P_FIELD, &u->fields[i], 0, m.t);
        note_access(w, ACCESS_RANGE, &m, pos);
    }
}

// maps.Keys and the like only name the map: what iterates over their result iterates it. Where that
// is not the same expression (which notes it already), the value came as an alias.
void note_sequence(struct walker *w, const struct val *v, uint32_t pos)
{
    if (!v->alias_pos || !v->p || !v->p->type || type_is_map(w->s, v->t)) return;
    if (type_is_map(w->s, v->p->type)) note_access(w, ACCESS_RANGE, v, pos);
}

static bool call_maps(struct walker *w, const struct val *f, struct args *a, uint32_t pos,
                      struct val *r)
{
    if (!str_eqc(f->pkg, "maps") && !str_eqc(f->pkg, "golang.org/x/exp/maps")) return false;
    if (a->n &&
        (f->sym == S_Copy || f->sym == S_Insert || f->sym == S_DeleteFunc || f->sym == S_clear))
        note_access(w, ACCESS_WRITE, &a->v[0], pos);
    if (a->n > 1 && f->sym == S_Copy) note_access(w, ACCESS_RANGE, &a->v[1], pos);
    if (a->n && (f->sym == S_Clone || f->sym == S_Keys || f->sym == S_Values || f->sym == S_All))
        note_access(w, ACCESS_RANGE, &a->v[0], pos);
    r->fresh = true;
    if (f->sym == S_Clone && a->n) r->t = a->v[0].t;
    bool lazy = f->sym == S_Keys || f->sym == S_Values || f->sym == S_All;
    if (lazy && a->n && str_eqc(f->pkg, "maps") && type_is_map(w->s, a->v[0].t)) {
        r->p = a->v[0].p; // a sequence, which iterates the map later
        r->fresh = a->v[0].fresh;
    }
    for (size_t i = 0; i < a->n; i++) note_sequence(w, &a->v[i], pos);
    for (size_t i = 0; i < a->n; i++)
        if (a->v[i].closure) walk_closure(w, a->v[i].closure, w->st, w->thread, NULL, 0);
    return true;
}

static bool prints(const struct val *f, struct scan *s)
{
    struct str name = scan_name(s, f->sym);
    if (!f->pkg.n) return f->sym == S_Encode;
    if (str_eqc(f->pkg, "encoding/json")) return str_starts(name, STR("Marshal"));
    return (str_eqc(f->pkg, "fmt") || str_eqc(f->pkg, "log")) &&
           (str_find(name, STR("rint")) != STR_NPOS || str_starts(name, STR("Append")));
}

// What becomes of a function value that is handed to another function.
enum fate {
    FATE_UNKNOWN,
    FATE_AT_ONCE,
    FATE_ONCE,
    FATE_GO,
    FATE_MANY, // in many goroutines, and they are waited for
    FATE_HANDLER,
    FATE_CALLBACK
};

// k8s' workqueue.ParallelizeUntil, lo/parallel, dskit's concurrency.ForEachJob, conc's iter.
static bool runs_parallel(struct str path, struct str name)
{
    if (!path.n) return false;
    return str_find(name, STR("Parallel")) != STR_NPOS || str_ends(path, STR("/parallel")) ||
           str_ends(path, STR("conc/iter")) ||
           (str_ends(path, STR("concurrency")) && str_starts(name, STR("ForEach")));
}

// By the name of the function that gets it, if it is not of this module.
static enum fate fate_of(struct walker *w, const struct val *f)
{
    static const char *const callbacks[] = { "Subscribe", "Register", "On",    "Handle", "AddFunc",
                                             "Schedule",  "Every",    "Watch", "Notify", "Use" };
    static const char *const verbs[] = { "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS",
                                         "Get", "Post", "Put", "Delete", "Patch", "Any",  "All" };
    struct str name = scan_name(w->s, f->sym);
    if (f->sym == S_Go || f->sym == S_TryGo || f->sym == S_AfterFunc || str_eqc(name, "Submit") ||
        str_eqc(name, "GoWithContext"))
        return FATE_GO;
    if (f->sym == S_HandleFunc || f->sym == S_Handle) return FATE_HANDLER;
    if (runs_parallel(f->pkg, name)) return FATE_MANY;
    if (str_starts(name, STR("StartWith"))) return FATE_GO; // k8s' wait.Group
    if (str_eqc(f->pkg, "sort") || str_eqc(f->pkg, "slices") || str_eqc(f->pkg, "strings") ||
        str_eqc(f->pkg, "bytes") || str_eqc(f->pkg, "path/filepath") || f->sym == S_Range)
        return FATE_AT_ONCE;
    if (f->sym == S_Do && f->p && f->recv_type &&
        type_is_ext(f->recv_type, "sync", f->recv_type->sym))
        return FATE_ONCE;
    for (size_t i = 0; i < array_size(callbacks); i++)
        if (str_starts(name, str_from(callbacks[i]))) return FATE_CALLBACK;
    for (size_t i = 0; i < array_size(verbs) && !f->pkg.n; i++)
        if (str_eqc(name, verbs[i])) return FATE_CALLBACK;
    return FATE_UNKNOWN;
}

static void hand_over_func(struct walker *w, const struct val *v, enum fate fate, uint32_t pos,
                           bool outside)
{
    bool started =
        fate == FATE_GO || fate == FATE_MANY || fate == FATE_HANDLER || fate == FATE_CALLBACK;
    bool given = !started && fate == FATE_UNKNOWN && outside && !w->st->n && !w->st->unknown;
    v->fn->given_out |= given && !w->func->test;
    if (!started && !given) {
        note_value_used(w, v->fn);
        return;
    }
    struct call c = {
        .caller = w->func, .callee = v->fn, .file = w->file, .pos = pos, .spawns = true
    };
    c.thread = new_thread(w,
                          given                                  ? THREAD_UNKNOWN
                          : fate == FATE_GO || fate == FATE_MANY ? THREAD_GO
                                                                 : THREAD_HANDLER,
                          pos);
    c.thread->multi = fate == FATE_MANY;
    c.state = arena_new(w->s->arena, struct state);
    c.args = arena_array(w->s->arena, struct place *, 1);
    c.args[0] = v->p;
    c.n_args = 1;
    vec_push(&w->s->calls, c);
}

struct gvar *func_param(const struct walker *w, const struct val *v)
{
    struct gvar *x = v->p && !v->p->parent ? v->p->var : NULL;
    return x && x->func == w->func && x->param >= 1 && x->param < 64 ? x : NULL;
}

static void hand_over(struct walker *w, const struct val *v, enum fate fate, uint32_t pos,
                      bool outside)
{
    const struct gvar *param = fate == FATE_GO ? func_param(w, v) : NULL;
    if (param && param->type->kind == T_FUNC) w->func->param_spawned |= 1ull << param->param;
    if (v->fn) hand_over_func(w, v, fate, pos, outside);
    if (!v->closure) return;
    if (fate == FATE_GO || fate == FATE_MANY || fate == FATE_HANDLER) {
        spawn_closure(w, v->closure, pos, fate != FATE_GO, NULL);
    } else if (fate == FATE_AT_ONCE || fate == FATE_ONCE) {
        bool was = w->st->once;
        w->st->once |= fate == FATE_ONCE;
        walk_closure(w, v->closure, w->st, w->thread, NULL, 0);
        w->st->once = was;
    } else if (outside) {
        walk_outside_closure(w, v->closure);
    } else {
        walk_unknown_closure(w, v->closure);
    }
}

// `tls.Config{GetCertificate: …}`: a field of another package's struct whose function is called
// from goroutines of its own, as many at once.
bool hand_over_field(struct walker *w, struct str key, const struct val *v, uint32_t pos)
{
    static const char *const fields[] = { "GetCertificate",
                                          "GetClientCertificate",
                                          "GetConfigForClient",
                                          "VerifyPeerCertificate",
                                          "VerifyConnection",
                                          "ConnState",
                                          "ConnContext",
                                          "DialContext",
                                          "CheckOrigin",
                                          "Resolve",
                                          "Director",
                                          "ModifyResponse",
                                          "Rewrite",
                                          "ErrorHandler",
                                          "PublicKeyCallback",
                                          "PasswordCallback",
                                          "KeyboardInteractiveCallback",
                                          "UserKeyFallback",
                                          "HostKeyFallback" };
    bool concurrent = false;
    for (size_t i = 0; i < array_size(fields); i++) concurrent |= str_eqc(key, fields[i]);
    if (!concurrent || (!v->fn && !v->closure)) return false;
    hand_over(w, v, FATE_HANDLER, pos, true);
    return true;
}

static bool smells_of_lock(struct str name)
{
    static const char *const smells[] = { "ock",       "utex",     "yncron", "Serial",
                                          "Exclusive", "Critical", "Atomic" };
    for (size_t i = 0; i < array_size(smells); i++)
        if (str_find(name, str_from(smells[i])) != STR_NPOS) return true;
    return false;
}

// A function of a package that cannot take locks of this one before it calls back, unless it is
// itself some kind of lock.
static bool runs_outside(struct walker *w, const struct val *f)
{
    struct str path, type = type_name(w->s, f->recv_type, &path);
    if (smells_of_lock(scan_name(w->s, f->sym)) || smells_of_lock(type)) return false;
    if (f->fn) return f->fn->pkg != w->func->pkg;
    const struct gtype *t =
        f->recv_type && f->recv_type->kind == T_PTR ? f->recv_type->elem : f->recv_type;
    return f->pkg.n || (t && t->kind == T_EXT);
}

// sync/atomic's Load, and those of sync.Map: what was stored, which others see too.
static bool loads_shared(struct walker *w, const struct val *f, struct val *r)
{
    if (f->sym != S_Load && f->sym != S_LoadOrStore && f->sym != S_Swap) return false;
    bool pointer = type_is_ext(f->recv_type, "sync/atomic", S_Pointer);
    if (!pointer && !type_is_ext(f->recv_type, "sync/atomic", S_Value) &&
        !type_is_ext(f->recv_type, "sync", S_Map))
        return false;
    const struct gtype *t = f->recv_type->kind == T_PTR ? f->recv_type->elem : f->recv_type;
    if (pointer && t->n_args) r->t = type_new(w->s, T_PTR, t->args[0]);
    if (f->sym != S_Swap) r->p = place_step(w->s, f->p, P_INDEX, NULL, S_Load, r->t);
    return true;
}

static bool never_returns(const struct val *f, struct str name)
{
    if (str_starts(name, STR("Fatal"))) return true; // log, testing, and all loggers
    if (f->pkg.n)
        return (str_eqc(f->pkg, "os") && f->sym == S_Exit) ||
               (str_eqc(f->pkg, "runtime") && f->sym == S_Goexit);
    return str_eqc(name, "FailNow") || str_eqc(name, "SkipNow") || str_eqc(name, "Skipf") ||
           (f->recv_type && str_eqc(name, "Skip"));
}

static struct val call_outside(struct walker *w, const struct val *f, struct args *a,
                               struct go_node *call, bool go)
{
    struct scan *s = w->s;
    struct val r = { .t = &s->unknown };
    struct str name = scan_name(s, f->sym);
    if (f->pkg.n && call_maps(w, f, a, call->pos, &r)) return r;
    if (str_eqc(f->pkg, "slices"))
        for (size_t i = 0; i < a->n; i++) note_sequence(w, &a->v[i], call->pos);
    if (prints(f, s))
        for (size_t i = 0; i < a->n; i++) read_whole(w, &a->v[i], call->pos);
    if (!f->pkg.n && f->recv_type) {
        if (lock_call(w, f, a, call->pos)) return r;
        if (f->sym == S_Wait) walk_join(w);
        if (f->sym == S_RLocker)
            return (struct val) { .t = &s->iface, .p = f->p, .read_locker = true };
        if (loads_shared(w, f, &r)) return r;
        struct gtype *u = type_under(s, f->recv_type);
        struct val m = { .t = f->recv_type, .p = f->p, .fresh = f->fresh };
        if (u->kind == T_MAP && f->recv_type->kind == T_EXT) {
            bool write = f->sym == S_Set || f->sym == S_Add || f->sym == S_Del ||
                         f->sym == S_Insert || f->sym == S_Append || str_eqc(name, "Delete");
            note_access(w, write ? ACCESS_WRITE : ACCESS_READ, &m, call->pos);
            if (f->sym == S_Clone) r.t = f->recv_type, r.fresh = true;
        }
    }
    if (never_returns(f, name)) w->st->dead = true;
    enum fate fate = go ? FATE_GO : fate_of(w, f);
    bool outside = runs_outside(w, f);
    for (size_t i = 0; i < a->n; i++) hand_over(w, &a->v[i], fate, call->pos, outside);
    if (fate == FATE_GO) w->st->started = true;
    if (fate == FATE_MANY) walk_join(w);
    return r;
}

// ---- functions of the tree ----

static struct gtype *result_type(struct walker *w, struct gfunc *fn, const struct val *f)
{
    struct scan *s = w->s;
    struct go_node *recv = fn->node->kid[0], *t = recv ? recv->kid[1] : NULL;
    while (t && (t->kind == GO_STAR || t->kind == GO_PAREN)) t = t->kid[0];
    struct type_context c = {
        s, fn->pkg, fn->file, fn->type->kid[0], t && t->kind == GO_INDEX ? t->kid[1] : NULL, false
    };
    return type_results(s, type_of_func_node(&c, fn->type),
                        f->recv_type && f->recv_type->kind == T_PTR ? f->recv_type->elem
                                                                    : f->recv_type);
}

static void apply_effects(struct walker *w, struct gfunc *fn, const struct call *c, struct val *r)
{
    if (fn->walk != WALK_DONE) return; // a recursion: not known yet
    for (size_t i = 0; i < fn->effects.n; i++) {
        struct lock_effect *e = &fn->effects.p[i];
        struct place *p = place_translate(w->s, e->place, fn, c->args, c->n_args);
        const void *class = p ? place_class(p) : e->class;
        if (e->mode == HOLD_NONE)
            unlock(w, p, class);
        else
            lock(w, p, class, e->mode, c->pos);
        if (e->mode == HOLD_NONE || !fn->returns_unlocker) continue;
        if (!r->unlocker) r->unlocker = arena_new(w->s->arena, struct unlocker);
        if (r->unlocker->n < array_size(r->unlocker->held))
            r->unlocker->held[r->unlocker->n++] = (struct held) { .place = p, .class = class };
    }
}

static void apply_writes(struct walker *w, struct gfunc *fn, const struct val *args, size_t n,
                         uint32_t pos)
{
    if (fn->walk != WALK_DONE) return;
    for (size_t i = 0; i < fn->writes.n; i++) {
        struct param_write *pw = &fn->writes.p[i];
        if (pw->param >= n || !type_is_map(w->s, args[pw->param].t)) continue;
        struct access *a = note_access(w, pw->op, &args[pw->param], pos);
        if (!a) continue;
        a->via_pos = pw->pos;
        a->via_file = pw->file;
    }
}

static void note_param_state(struct walker *w, const struct gvar *param)
{
    struct gfunc *fn = w->func;
    fn->param_called |= 1ull << param->param;
    struct state now = *w->st;
    now.unknown |= w->in_defer || (w->thread->kind != THREAD_BODY && !w->st->outside);
    if (!fn->param_state) {
        fn->param_state = arena_new(w->s->arena, struct state);
        *fn->param_state = now;
    } else {
        state_join(fn->param_state, &now);
    }
}

// A call of a function that came as a parameter: callers that hand over a closure want to know
// where it runs, and under which locks.
static void note_param_call(struct walker *w, const struct val *f, bool go)
{
    const struct gvar *v = func_param(w, f);
    if (!v) return;
    if (go || w->thread->kind == THREAD_GO) w->func->param_spawned |= 1ull << v->param;
    note_param_state(w, v);
}

// The locks that a function of the tree holds where it calls what it got as a parameter.
static void lock_inside(struct walker *w, const struct call *call)
{
    const struct gfunc *fn = call->callee;
    w->st->unknown |= fn->param_state->unknown;
    for (uint8_t i = 0; i < fn->param_state->n; i++) {
        const struct held *h = &fn->param_state->held[i];
        struct place *p = place_translate(w->s, h->place, fn, call->args, call->n_args);
        if (h->mode >= HOLD_READ) lock(w, p, p ? place_class(p) : h->class, h->mode, call->pos);
    }
}

// A function runs where another one of the tree calls it, in this goroutine.
static void call_inside(struct walker *w, const struct val *v, const struct call *call)
{
    struct state before = *w->st;
    lock_inside(w, call);
    struct call c = { .caller = w->func,
                      .callee = v->fn,
                      .file = w->file,
                      .pos = call->pos,
                      .thread = w->thread,
                      .init = call->init };
    c.state = state_save(w);
    c.args = arena_array(w->s->arena, struct place *, 1);
    c.args[0] = v->p;
    c.n_args = 1;
    c.owned = v->p && place_owned(v->p);
    vec_push(&w->s->calls, c);
    *w->st = before;
}

// This function's own parameter is called by another one that got it.
static void pass_inside(struct walker *w, const struct gvar *param, const struct call *call)
{
    struct state before = *w->st;
    lock_inside(w, call);
    note_param_state(w, param);
    *w->st = before;
}

// Runs a closure where a function of the tree calls it, under the locks that are held there.
static void run_inside(struct walker *w, struct closure *c, const struct call *call)
{
    struct state before = *w->st;
    lock_inside(w, call);
    walk_closure(w, c, w->st, w->thread, NULL, 0);
    uint32_t receive_seq = w->st->receive_seq;
    bool started = w->st->started;
    *w->st = before;
    w->st->receive_seq = receive_seq;
    w->st->started = started;
}

// Function values among the arguments of a function of the tree.
static void closure_args(struct walker *w, struct args *a, const struct val *f,
                         const struct call *call)
{
    struct gfunc *fn = call->callee;
    for (size_t i = 0; i < a->n; i++) {
        struct val *v = &a->v[i];

        uint64_t bit = i + 1 < 64 ? 1ull << (i + 1) : 0;
        const struct gvar *param = func_param(w, v);
        bool inside = !call->spawns && fn->walk == WALK_DONE && (fn->param_called & bit) &&
                      !(fn->param_spawned & bit);
        if (param && (fn->param_spawned & bit)) w->func->param_spawned |= 1ull << param->param;
        if (param && inside) pass_inside(w, param, call);
        const void *slot = i + 1 < fn->n_params ? fn->params[i + 1] : NULL;
        bool flows = note_flow(w, slot, v);
        size_t before = w->s->calls.n;
        if (v->fn && inside) call_inside(w, v, call);
        if (!v->closure && (!v->fn || inside)) continue;
        bool known = fn->walk == WALK_DONE && !(fn->param_escapes & bit);
        enum fate fate = fn->pkg->reported ? FATE_UNKNOWN : fate_of(w, f);
        if (fate != FATE_CALLBACK) fate = FATE_UNKNOWN; // better seen than guessed
        if (call->spawns || (known && (fn->param_spawned & bit)))
            hand_over(w, v, FATE_GO, call->pos, false);
        else if (known && v->closure && (fn->param_called & bit) && !fn->param_state->unknown &&
                 !fn->param_state->outside)
            run_inside(w, v->closure, call);
        else if (known && v->closure && (fn->param_called & bit) && !fn->param_state->unknown &&
                 !fn->param_state->n)
            walk_outside_closure(w, v->closure);
        else if (!flows || runs_outside(w, f))
            hand_over(w, v, fate, call->pos, runs_outside(w, f));
        for (size_t k = before; flows && k < w->s->calls.n; k++) w->s->calls.p[k].unless = slot;
    }
}

// `go x.loop()`, or `go func() { … x.step() … }()`: a goroutine of one object.
static void note_runs(const struct walker *w, const struct val *on, const struct gfunc *fn)
{
    struct gthread *t = w->thread;
    const struct gvar *x = on->p && !on->p->parent ? on->p->var : NULL;
    if (t->kind != THREAD_GO || t->runs || !fn->recv || !x || !x->func) return;
    if (x->thread == t->parent && x->loop == t->loop) t->runs = fn->recv;
}

// A local's value goes to goroutines that a function starts and leaves running: its owner has it
// alone again once it has waited for them.
static bool lend(struct walker *w, const struct val *v, bool go, uint32_t pos)
{
    struct gvar *x = v->p && !v->p->parent ? v->p->var : NULL;
    if (!x || x->func != w->func || x->param >= 0 || x->thread != w->thread) return false;
    if (!x->fresh || x->escaped || w->in_defer) return false;
    x->lent = true;
    if (!go) new_thread(w, THREAD_GO, pos)->opaque = true;
    return true;
}

static struct val call_tree(struct walker *w, const struct val *f, struct args *a,
                            struct go_node *call, bool go)
{
    struct scan *s = w->s;
    struct gfunc *fn = f->fn;
    struct val all[MOST_ARGS + 1] = { { .t = f->recv_type, .p = f->p, .fresh = f->fresh } };
    struct val r = { .t = &s->unknown };
    memcpy(all + 1, a->v, a->n * sizeof(*all));
    walk_function(s, fn);
    struct call c = { .caller = w->func,
                      .callee = fn,
                      .file = w->file,
                      .pos = call->pos,
                      .thread = w->thread,
                      .spawns = go,
                      .n_args = (uint32_t)a->n + 1,
                      .endless = w->loop && w->loop->endless };
    c.init = !go && (((w->func->is_init || w->func->is_main) && !w->st->started) || w->st->once);
    c.args = arena_array(s->arena, struct place *, c.n_args);
    for (size_t i = 0; i < c.n_args; i++) {
        c.args[i] = all[i].p;
        struct place *p = all[i].p;
        if (all[i].fresh || (p && (place_owned(p) || place_back_again(w, p)))) c.owned |= 1ull << i;
        if (all[i].fn || !(go || (fn->param_escapes >> i & 1))) continue;
        bool further = fn->walk != WALK_DONE || (fn->param_escapes & ~fn->param_lent) >> i & 1;
        if (further || !lend(w, &all[i], go, call->pos)) eval_escape(w, &all[i]);
    }
    if (go) {
        c.state = arena_new(s->arena, struct state);
        struct gthread *was = w->thread;
        struct state *st = w->st, fresh = { .started = true };
        c.own_thread = all[0].fresh;
        c.owned = 0;
        c.thread = w->thread = new_thread(w, THREAD_GO, call->pos);
        w->thread->opaque = true;
        note_runs(w, &all[0], fn);
        w->st = &fresh;
        apply_writes(w, fn, all, c.n_args, call->pos);
        w->st = st;
        w->thread = was;
        vec_push(&s->calls, c);
        closure_args(w, a, f, &c);
        return r;
    }
    note_runs(w, &all[0], fn);
    c.state = state_save(w);
    vec_push(&s->calls, c);
    apply_writes(w, fn, all, c.n_args, call->pos);
    closure_args(w, a, f, &c);
    if (f->recv_type && (lock_name(f->sym) || unlock_name(f->sym)) && place_class(f->p))
        lock_call(w, f, a, call->pos); // of a wrapper: it is the lock
    else
        apply_effects(w, fn, &c, &r);
    if (f->sym == S_Wait) walk_join(w);
    w->st->started |= fn->spawns;
    if (fn->no_return && fn->walk == WALK_DONE && fn->node->kid[2]) w->st->dead = true;
    r.t = result_type(w, fn, f);
    r.fresh = fn->returns_fresh;
    r.given = fn->returns_other && !r.fresh;
    if (fn->returns_place && !r.fresh) {
        r.p = place_translate(s, fn->returns_place, fn, c.args, c.n_args);
        r.alias_pos = fn->returns_pos;
        r.alias_file = fn->file;
        r.alias_locked = fn->returns_locked;
    }
    return r;
}

static void release(struct walker *w, const struct unlocker *u)
{
    for (uint8_t i = 0; i < u->n; i++) unlock(w, u->held[i].place, u->held[i].class);
}

static bool calls_parallel(struct walker *w, struct go_node *body)
{
    for (struct go_node *n = body->kid[0]; n; n = n->next)
        if (n->kind == GO_EXPR_STMT && n->kid[0]->kind == GO_CALL &&
            n->kid[0]->kid[0]->kind == GO_SELECTOR &&
            scan_sym(w->file, n->kid[0]->kid[0]) == S_Parallel)
            return true;
    return false;
}

static struct val call_closure(struct walker *w, struct closure *c, struct args *a, bool go,
                               uint32_t pos)
{
    struct val r = { .t = &w->s->unknown };
    if (go)
        spawn_closure(w, c, pos, false, a);
    else
        walk_closure(w, c, w->st, w->thread, a->v, a->n);
    if (c->node->kid[0]->kid[2])
        r.t = type_results(w->s, type_of_node(&w->types, c->node->kid[0]), NULL);
    return r;
}

// A method that is not among those of the tree: of an interface, or of one that a struct embeds.
static bool through_interface(struct scan *s, struct gtype *t)
{
    struct gtype *u = type_deref(s, t);
    if (u->kind == T_IFACE) return true;
    for (uint32_t i = 0; u->kind == T_STRUCT && i < u->n_fields; i++)
        if (u->fields[i].embedded && type_under(s, u->fields[i].type)->kind == T_IFACE) return true;
    return false;
}

// A call through an interface, or of a function that a field or variable holds.
static void note_dynamic(struct walker *w, const struct val *f, bool go, uint32_t pos)
{
    struct call c = { .caller = w->func, .file = w->file, .pos = pos, .spawns = go };
    if (f->recv_type && through_interface(w->s, f->recv_type)) {
        c.name = f->sym;
        c.iface = type_iface_of(w->s, f->recv_type, f->sym);
        c.args = arena_array(w->s->arena, struct place *, 1);
        c.args[0] = f->p; // of a loop's own variable, each goroutine has one
        c.n_args = 1;
    } else if (f->p && type_under(w->s, f->t)->kind == T_FUNC) {
        c.slot = place_class(f->p);
    }
    if (!c.name && !c.slot) return;
    // A parameter that is called at once: who hands it over notes that.
    if (!go && w->thread->kind == THREAD_BODY && func_param(w, f)) return;
    c.thread = go ? new_thread(w, THREAD_GO, pos) : w->thread;
    c.state = state_save(w);
    vec_push(&w->s->calls, c);
}

struct val eval_call(struct walker *w, struct go_node *call, bool go)
{
    struct go_node *fun = call->kid[0];
    while (fun->kind == GO_PAREN) fun = fun->kid[0];
    struct val f = eval(w, fun);
    if (f.is_builtin) return call_builtin(w, f.sym, call);
    struct args a = { 0 };
    for (struct go_node *x = call->kid[1]; x; x = x->next) {
        struct val v = eval(w, x);
        if (a.n < MOST_ARGS) {
            a.node[a.n] = x;
            a.v[a.n++] = v;
        } else if (v.closure) {
            walk_unknown_closure(w, v.closure);
        }
    }
    if (f.is_type) { // a conversion
        struct val r = a.n ? a.v[0] : (struct val) { 0 };
        r.t = f.t;
        return r;
    }
    if (f.closure) {
        struct val r = call_closure(w, f.closure, &a, go, call->pos);
        for (size_t i = 0; i < a.n; i++)
            if (a.v[i].closure) walk_unknown_closure(w, a.v[i].closure);
        return r;
    }
    if (f.unlocker) {
        release(w, f.unlocker);
        return (struct val) { .t = &w->s->unknown };
    }
    if (f.sym == S_Run && a.n == 2 && a.v[1].closure &&
        calls_parallel(w, a.v[1].closure->node->kid[1])) {
        spawn_closure(w, a.v[1].closure, call->pos, false, NULL);
        return (struct val) { .t = &w->s->basic };
    }
    if (f.fn) return call_tree(w, &f, &a, call, go);
    note_param_call(w, &f, go);
    if (!f.pkg.n) note_dynamic(w, &f, go, call->pos);
    struct val r = call_outside(w, &f, &a, call, go);
    if (r.t->kind == T_UNKNOWN && !f.pkg.n)
        r.t = f.recv_type ? type_iface_results(w->s, f.recv_type, f.sym)
                          : type_results(w->s, type_under(w->s, f.t), NULL);
    return r;
}

void **scan_clean_bind(struct scan *s)
{
    if (s->spare_binds.n) return s->spare_binds.p[--s->spare_binds.n];
    return mem_zalloc((s->n_bind + 1) * sizeof(void *));
}

void scan_return_bind(struct scan *s, void **bind)
{
    vec_push(&s->spare_binds, bind); // all its entries were undone
}
