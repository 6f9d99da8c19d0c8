// SPDX-License-Identifier: Apache-2.0
// Nouns that the parts of the static scan share; not for others (see goscan.h).
//
//   goscan_types.c  names, packages, types, members
//   goscan_walk.c   statements of a function: order, branches, locks held on each way
//   goscan_expr.c   expressions: what place and type each has, which maps it touches
//   goscan_call.c   calls: locks, goroutines, builtins, the standard library, summaries
//   goscan_notes.c  comments: guards, locks held on entry, suppressions
//   goscan_roots.c  functions that others call from goroutines of their own
//   goscan_dispatch.c  calls through interfaces and stored function values
//   goscan_solve.c  locks held on entry, owned receivers, concurrent roots, to a fixpoint
//   goscan_life.c   objects that live as long as the program
//   goscan_doubt.c  what speaks against a finding
//   goscan_fix.c    edits that cure a finding
//   goscan_rules.c  the ledger of each map, and what it says
#pragma once

#include "analyses/goscan.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/vec.h"

// Names that the scan knows; their numbers are fixed.
// clang-format off
#define GOSCAN_NAMES(X) \
    X(_) X(make) X(new) X(len) X(cap) X(delete) X(clear) X(append) X(copy) X(panic) X(recover) \
    X(print) X(println) X(min) X(max) X(close) X(string) X(error) X(any) X(init) X(main) \
    X(Lock) X(RLock) X(Unlock) X(RUnlock) X(TryLock) X(TryRLock) X(RLocker) X(Wait) X(Go) \
    X(TryGo) X(Do) X(Run) X(Parallel) X(Add) X(Done) X(Set) X(Del) X(Get) X(Values) X(Range) \
    X(Store) X(Load) X(AfterFunc) X(HandleFunc) X(Handle) X(ServeHTTP) X(Mutex) X(RWMutex) \
    X(Copy) X(Insert) X(DeleteFunc) X(Clone) X(Keys) X(All) X(Collect) X(nil) X(Exit) X(Fatal) \
    X(Fatalf) X(Goexit) X(SetLimit) X(After) X(C) X(Tick) X(sync) X(http) X(true) X(false) \
    X(Append) X(Marshal) X(MarshalIndent) X(Encode) X(Header) X(Form) X(PostForm) X(Trailer) \
    X(DeepEqual) X(iota) X(Cleanup) X(ServeDNS) X(Lshortfile) \
    X(String) X(Error) X(Format) X(GoString) X(MarshalJSON) X(MarshalText) X(LoadOrStore) \
    X(Swap) X(NewCond) X(Cond) X(L) X(Pointer) X(Value) X(Map) X(Context) X(Ctx) X(RequestCtx) \
    X(Request) X(ResponseWriter) X(Locker)
// clang-format on

enum goscan_name {
#define X(n) S_##n,
    GOSCAN_NAMES(X)
#undef X
        S_COUNT,
};

enum {
    LIMIT_GOSCAN_HELD = 12,   // locks held at once
    LIMIT_GOSCAN_DEPTH = 400, // nesting of statements, expressions and types
    LIMIT_GOSCAN_INLINE = 6,  // closures within closures
    LIMIT_GOSCAN_ENTRY = 16,  // locks on entry of a function
    LIMIT_GOSCAN_CALLS = 200, // functions summarised on the way to another
};

enum type_kind {
    T_UNKNOWN,
    T_BASIC,
    T_NAMED, // obj
    T_EXT,   // path, sym: a type of a package that is not in the tree
    T_PTR,
    T_MAP,
    T_SLICE, // arrays too
    T_CHAN,
    T_STRUCT,
    T_FUNC,
    T_IFACE,
    T_PARAM, // a type parameter: index in its list, elem = core type or NULL
    T_TUPLE, // args
};

struct gtype {
    enum type_kind kind;
    struct gtype *elem, *key;
    struct gobj *obj;
    struct str path;     // T_EXT: import path
    uint32_t sym;        // T_EXT: name; T_PARAM: index
    struct gtype **args; // T_NAMED: type arguments; T_TUPLE: members; T_FUNC: results
    uint32_t n_args;
    struct gfield *fields; // T_STRUCT
    uint32_t n_fields;
    bool array;
    struct go_node *node, *params; // T_IFACE: its syntax, and the type parameters in sight there
    struct gsource *file;
};

struct gfield {
    uint32_t sym;
    struct gtype *type;
    struct gobj *owner; // the named type whose definition it stands in, or NULL
    struct gsource *file;
    uint32_t pos;
    bool embedded;
    struct str guard; // "mu" of an annotation, or empty
    bool checklocks;  // which is one that a tool reads, not prose
    bool taken;       // a lock, and taken somewhere
};

enum obj_kind { OBJ_TYPE, OBJ_FUNC, OBJ_VAR, OBJ_CONST };

struct gobj {
    enum obj_kind kind;
    uint32_t sym;
    struct gpackage *pkg;
    struct gsource *file;
    struct go_node *node;               // spec or function
    struct go_node *value_type, *value; // OBJ_VAR
    uint32_t value_index;               // of a value among several results
    struct gtype *type;                 // OBJ_TYPE: T_NAMED of itself; OBJ_VAR: its type once known
    struct gtype *under;                // OBJ_TYPE: underlying type once known
    bool resolving, alias;
    struct map methods; // sym → struct gfunc *
    struct gfunc *func;
    struct gvar *var;
    struct gthread *worker;  // OBJ_TYPE: that a framework runs its methods in
    bool made, made_running; // values of it are made; in goroutines or handlers too
};

struct gvar {
    uint32_t sym, pos;
    struct gsource *file;
    struct gtype *type;
    struct gfunc *func;     // NULL: a package's variable
    struct gthread *thread; // the goroutine it was declared in
    struct gloop *loop;     // and the loop
    int param;              // 0 receiver, 1… parameters, -1 none
    struct place *place;
    struct place *alias; // what it refers to
    uint32_t alias_pos;
    struct state *alias_state; // locks held when the alias was taken
    struct place *copy_of;     // a struct copied from there
    struct closure *closure;
    struct unlocker *unlocker;
    struct val *method; // `unlock := s.mu.Unlock`: a lock's method
    struct gobj *global;
    struct str guard;  // "mu" of an annotation, or empty
    bool checklocks;   // which is one that a tool reads, not prose
    size_t scope_undo; // length of the walker's `undo` when it was declared
    bool assigned, fresh, escaped, no_alias, by_value;
    bool dropped; // a global that init sets to nil: only init uses it
    bool lent;    // captured by a goroutine: its owner's again once that was waited for
    bool sent;    // over a channel, and nothing new assigned since
    bool remade;  // assigned to again
    struct gloop *sent_loop;
    bool read_locker; // `l := mu.RLocker()`
    bool given;       // a map that a call gave, and others may have
    bool anonymous;   // stands for all objects that calls in its function gave
    struct val *via;  // how the alias came about, if through a call
};

enum place_kind { P_VAR, P_FIELD, P_INDEX, P_CALL };

struct place {
    enum place_kind kind;
    uint32_t id, hash;
    struct place *parent;
    struct gvar *var; // P_VAR: itself; P_INDEX: the variable that is the index, or NULL
    struct gfield *field;
    struct gtype *type;
    bool escaped;                  // others got what it refers to
    bool replaced, replaced_fresh; // a field of a copied struct that got a value of its own
};

enum hold_mode { HOLD_NONE, HOLD_MAYBE, HOLD_READ, HOLD_WRITE };

struct held {
    struct place *place; // NULL: some instance
    const void *class;   // gfield or gvar of the lock
    uint32_t pos;
    uint8_t mode;  // enum hold_mode
    bool deferred; // unlocked by a defer
    bool copy;     // the lock lies in a copy of its struct
};

struct state {
    struct held held[LIMIT_GOSCAN_HELD];
    uint8_t n;
    bool dead, started, once;
    bool unknown; // who runs this may hold any lock
    bool outside; // run by another package: of ours it holds at most what was held when it was
                  // handed over
    uint32_t receive_seq; // of the last receive on every way here, or 0
};

struct gloop {
    struct gloop *parent;
    uint32_t id;
    bool endless; // or one that is inside: `for {`, or over what a channel gives
};

struct gthread { // a goroutine as the source names it, or the body of the function itself
    struct gthread *parent;
    struct gfunc *func;
    struct gloop *loop;
    uint32_t pos, spawn_seq, join_seq;
    enum { THREAD_BODY, THREAD_GO, THREAD_HANDLER, THREAD_UNKNOWN } kind;
    bool multi;              // many at once for whatever it captures
    bool opaque;             // what it touches is not known
    const struct gobj *runs; // whose method it is, of one object
    uint8_t n_touched;
    const struct gvar *touched[8]; // variables of other goroutines
    bool loop_joined;              // waited for in the same round of the loop
};

enum access_op { ACCESS_READ, ACCESS_RANGE, ACCESS_WRITE };

struct access {
    struct place *place;
    const void *class; // what the map is: gfield or gvar
    struct gfunc *func;
    struct gsource *file;
    struct gthread *thread;
    struct gloop *loop;
    struct state *state;
    uint32_t pos, seq;
    uint32_t alias_pos, via_pos;
    struct gsource *alias_file, *via_file;
    uint8_t op, depth; // depth: of maps in maps
    bool owned, init, copied, alias_locked, sent;
};

struct call {
    struct gfunc *caller, *callee;
    uint32_t name; // of a call whose method is not known: dispatch by name
    struct gsource *file;
    struct state *state;
    struct gthread *thread;
    struct place **args; // receiver first
    uint32_t n_args, pos;
    uint64_t owned;      // bit i: argument i belongs to the caller alone
    struct gtype *iface; // whose method it is, if through an interface
    const void *slot;    // of a stored function: gfield or gvar
    const void *unless;  // a slot: if functions are called from there, this is none
    bool spawns, init;
    bool own_thread; // `go newX().run()`: an object for each
    bool endless;    // in a loop without an end
    bool guessed;    // one of several that a call through an interface may reach
};

struct flow {                // a function value goes into a field or variable
    const void *slot, *from; // from: a parameter, or NULL
    struct gfunc *fn;
};

struct made { // a value of a named type
    struct gobj *type;
    const struct gfunc *func;
    const struct gthread *thread;
};

struct param_write { // a map that the function reaches through a parameter and writes
    uint8_t param, op;
    uint32_t pos;
    struct gsource *file;
    struct gfield *field; // NULL: the parameter itself
};

struct lock_effect { // what a function leaves behind
    struct place *place;
    const void *class;
    uint8_t mode; // HOLD_NONE: releases it
};

struct unlocker {
    struct held held[4];
    uint8_t n;
};

struct closure {
    struct go_node *node;
    bool walked, busy;
};

struct entry_lock { // of a lock on entry, over all callers
    const void *class;
    struct place *place;
    uint8_t mode;
    uint8_t held, missing, maybe; // saturated counts of call sites
    uint8_t abroad;               // of `maybe`: held in another package, for its own ends
    bool of_receiver;             // of the object that the receiver hangs from, at some call
    const struct call *without;   // one that does not hold it
};

struct dynamic_lock { // held at a call through an interface
    uint32_t name;
    const void *class; // NULL: not known which
    const struct gpackage *pkg;
};

struct gfunc {
    uint32_t sym;
    struct gpackage *pkg;
    struct gsource *file;
    struct gobj *recv;
    bool recv_pointer, exported, test, handler, worker, is_init, is_main, locked_name;
    bool value_used; // kept somewhere as a value: who calls it is not known
    bool stored;     // in fields or variables, of which that is known
    bool builds;     // UnmarshalJSON and the like: fills a receiver that is new
    bool given_out;  // handed to another package, which calls it under none of our locks
    struct go_node *node, *type;
    struct gvar *given;   // what its calls gave and no variable holds, or NULL
    struct gvar **params; // receiver first (NULL if none)
    uint32_t n_params;
    enum { WALK_NEW, WALK_BUSY, WALK_DONE } walk;
    VEC(struct lock_effect) effects;
    VEC(struct lock_effect) asked; // what its annotations say is held on entry
    VEC(struct param_write) writes;
    struct place *returns_place; // an alias of a field, in terms of the receiver or a global
    uint32_t returns_pos;
    bool returns_fresh, returns_other, returns_locked, returns_unlocker, spawns;
    uint64_t param_escapes, param_called, param_spawned;
    uint64_t param_lent;       // of those that escape: to goroutines only, which still run
    struct state *param_state; // locks held when a function parameter is called
    struct gvar **results_named;
    // solved:
    VEC(struct entry_lock) entry;
    const struct dynamic_lock *dynamic; // locks held where a method of this name is called
    size_t n_dynamic;
    bool has_caller, called_unknown, reachable_shared, entry_solved, unchecked, no_return;
    uint64_t param_shared; // bit i: some caller passes a value that others see
    struct call_list {
        const struct call **p;
        size_t n;
    } callers, counted;     // those outside of tests; of these such as say what holds on entry
    struct gfunc **callees; // one for each call of a known function
    size_t n_callees;
    bool entry_wanted;
    bool entry_due;                // something that `entry` is made from has changed
    uint64_t root_seq;             // when the goroutines it runs in last changed
    const struct gthread *root[2]; // goroutines it runs in
    bool root_many; // in many goroutines at once, if with a receiver of its own in each
    bool root_multi, init_only;
    bool called_by_name; // a method of this name is called through an interface
    bool setup_only;     // runs while its object is set up, as far as is known
    bool by_test;        // a test calls it
    bool outer;          // runs in other goroutines too than `root` says, or in no known one
};

struct gsource {
    const struct goscan_file *in;
    struct go_file *ast;
    struct gpackage *pkg;
    struct {
        uint32_t sym;
        struct str path;
    } * imports;
    uint32_t n_imports;
};

struct gpackage {
    const struct goscan_package *in;
    struct str path, name;
    struct map scope; // sym → struct gobj *
    VEC(struct gsource *) files;
    bool reported;
    bool in_program; // a main package of the tree imports it, directly or not
};

struct scan {
    struct arena *arena;
    const struct goscan_input *in;
    struct strmap names;
    VEC(struct str) name_text;
    VEC(struct gpackage *) packages;
    struct strmap by_path;
    struct str root;           // what packages of a tree without a go.mod are imported under
    VEC(struct gfunc *) funcs; // and one for the variables of each file
    size_t n_functions;
    VEC(struct gfunc *) methods;
    struct map places;
    uint32_t n_places;
    VEC(struct access) accesses;
    VEC(struct call) calls;
    VEC(struct flow) flows;
    VEC(struct made) made;
    VEC(struct dynamic_lock) dynamic; // by name
    VEC(struct gthread *) threads;
    void **bind; // sym → struct gvar * or gobj * of the local scope
    uint32_t n_bind;
    struct gtype unknown, basic, string, func, iface;
    VEC(void **) spare_binds;
    uint32_t loops, seq, depth, walk_depth;
    size_t n_maps;
    struct map type_exts;
    VEC(struct goscan_finding) findings;
    VEC(struct goscan_remark) remarks;
    bool doubtful; // the map that is looked at: medium at most
};

// ---- goscan_types.c ----
struct type_context {
    struct scan *s;
    struct gpackage *pkg;
    struct gsource *file;
    struct go_node *params; // type parameters in sight
    struct go_node *recv_params;
    bool locals;
};

void types_load(struct scan *s);
struct str scan_name(const struct scan *s, uint32_t sym);
uint32_t scan_sym(const struct gsource *f, const struct go_node *n);
struct gtype *type_new(struct scan *s, enum type_kind kind, struct gtype *elem);
struct gtype *type_of_node(const struct type_context *c, struct go_node *n);
struct gtype *type_of_func_node(const struct type_context *c, struct go_node *n);
// What a call of a T_FUNC gives: unknown, a type, or a T_TUPLE. named: of the receiver, or NULL.
struct gtype *type_results(struct scan *s, const struct gtype *func, const struct gtype *named);
// What a method of an interface (or of one that the struct embeds) gives.
struct gtype *type_iface_results(struct scan *s, struct gtype *t, uint32_t sym);
// The interface that has this method: of an interface, or of one that the struct embeds; or NULL.
struct gtype *type_iface_of(struct scan *s, struct gtype *t, uint32_t sym);
bool type_implements(struct scan *s, struct gobj *o, const struct gtype *iface);
struct gtype *type_under(struct scan *s, struct gtype *t); // never NULL
// The name of a named type, through one pointer; else empty.
struct str type_name(struct scan *s, const struct gtype *t, struct str *ret_path);
struct gtype *type_deref(struct scan *s, struct gtype *t); // underlying, through one pointer
struct gobj *type_obj(struct gtype *t);                    // the named type, through one pointer
bool type_is_map(struct scan *s, struct gtype *t);
bool type_is_ext(const struct gtype *t, const char *path, uint32_t sym);
struct gtype *type_subst(struct scan *s, struct gtype *t, const struct gtype *named);
struct gobj *package_lookup(struct gpackage *p, uint32_t sym);
struct str file_import(const struct gsource *f, uint32_t sym); // empty if there is none
struct gpackage *package_by_path(struct scan *s, struct str path);

struct member {
    struct gfield *field;
    struct gfunc *method;
    struct gtype *type;     // of the field, or of the holder of the method
    struct gfield *path[6]; // embedded fields on the way
    uint8_t depth;
    bool found;
};
struct member type_member(struct scan *s, struct gtype *t, uint32_t sym);

// ---- goscan_walk.c, goscan_expr.c, goscan_call.c ----
struct val {
    struct gtype *t;
    struct place *p;
    struct gfunc *fn;   // a function or method
    struct place *recv; // of a method value
    struct gtype *recv_type;
    struct closure *closure;
    struct str pkg; // a package name
    bool is_type, fresh, is_builtin, is_nil;
    bool owned;   // fresh and nobody else has it
    bool given;   // what a call or a type assertion gave, of unknown origin
    uint32_t sym; // name of what was selected, for calls by name
    uint32_t alias_pos;
    struct gsource *alias_file;
    bool alias_locked, copied, read_locker;
    struct place *own; // a field of a copied struct, where `p` is that of the original
    struct unlocker *unlocker;
};

struct branch_target {
    struct branch_target *outer;
    uint32_t label;
    bool is_loop;
    struct state out; // joined states of breaks
    bool any;
};

struct walker {
    struct scan *s;
    struct gfunc *func;
    struct gsource *file;
    struct type_context types;
    struct state *st;
    struct gthread *thread;
    struct gloop *loop;
    struct branch_target *target;
    uint32_t next_label;
    VEC(struct undo {
        uint32_t sym;
        void *was;
    })
    undo;
    unsigned inlined;
    bool in_defer, in_closure, deferred_wait;
    const struct gvar *nil_var; // nil where the statements run: `if m == nil {`
    bool not_found;             // `if !ok {`
    struct state exit, *saved;
    VEC(struct gvar *) aliases;
    VEC(struct jump {
        uint32_t label;
        struct state state;
    })
    jumps;                            // of gotos whose label comes later
    VEC(struct lock_effect) relocked; // by a defer, at the end
    size_t first_thread, scope;       // scope: length of `undo` where the innermost scope began
};

void walk_function(struct scan *s, struct gfunc *f);
void walk_closure(struct walker *w, struct closure *c, struct state *st, struct gthread *thread,
                  const struct val *args, size_t n_args);
void walk_unknown_closure(struct walker *w, struct closure *c);
// One that another package was given to run.
void walk_outside_closure(struct walker *w, struct closure *c);
struct gvar *walk_declare(struct walker *w, const struct go_node *name, struct gtype *type);
void walk_assign_var(struct walker *w, struct gvar *v, const struct val *x, uint32_t pos);
void walk_condition(struct walker *w, struct go_node *x, struct state *ret_false);
void state_join(struct state *into, const struct state *from);
struct state *state_save(struct walker *w);
void **scan_clean_bind(struct scan *s);
void scan_return_bind(struct scan *s, void **bind);
struct gthread *new_thread(struct walker *w, int kind, uint32_t pos);
struct val val_result(struct walker *w, const struct val *x, uint32_t i);

struct val eval(struct walker *w, struct go_node *x);
void eval_list(struct walker *w, struct go_node *x);
void eval_assign(struct walker *w, struct go_node *left, const struct val *x, bool define, bool op);
void eval_escape(struct walker *w, const struct val *v);
// A function (or NULL) is kept somewhere as a value. What tests do with it says nothing about the
// program.
void note_value_used(const struct walker *w, struct gfunc *fn);
struct place *place_var(struct scan *s, struct gvar *v);
struct place *place_step(struct scan *s, struct place *parent, enum place_kind kind,
                         struct gfield *f, uint32_t hash, struct gtype *type);
struct gvar *place_root(struct place *p);
const void *place_class(const struct place *p);
// A place of a callee (in terms of its parameters) in the caller's terms, or NULL.
struct place *place_translate(struct scan *s, struct place *p, const struct gfunc *callee,
                              struct place *const *args, uint32_t n_args);
struct access *note_access(struct walker *w, enum access_op op, const struct val *map,
                           uint32_t pos);
void note_sequence(struct walker *w, const struct val *v, uint32_t pos);
bool place_owned(const struct place *p);
// Goroutines had it, and all of them were waited for.
bool place_back_again(const struct walker *w, struct place *p);

struct val eval_name(struct walker *w, uint32_t sym);
struct val eval_member(struct walker *w, const struct val *x, uint32_t sym);
struct val eval_call(struct walker *w, struct go_node *call, bool go);
bool hand_over_field(struct walker *w, struct str key, const struct val *v, uint32_t pos);
// The function that this one got as a parameter, or NULL.
struct gvar *func_param(const struct walker *w, const struct val *v);
void walk_join(struct walker *w);
// A receive from a channel under this variable (NULL: not known) waits for some goroutine started
// here.
bool receive_joins(const struct walker *w, const struct gvar *channel);

// ---- goscan_life.c ----
void note_made(struct walker *w, struct gtype *t);
void life_prepare(struct scan *s);      // once the roots are known
bool life_long(const struct access *a); // its object lives as long as the program

// ---- goscan_roots.c ----
bool is_handler(struct walker *w, struct go_node *type);
bool is_rpc(struct walker *w, const struct gfunc *f);
bool is_worker(struct walker *w, const struct gfunc *f);

// ---- goscan_dispatch.c ----
// A function value goes where `slot` (gfield or gvar) says; false if it is none that is known.
bool note_flow(struct walker *w, const void *slot, const struct val *x);
void scan_dispatch(struct scan *s);

// ---- goscan_notes.c ----
// The lock that a comment at a field or variable names ("mu"), or empty; whether it is +checklocks.
struct str note_guard(const struct gsource *f, const struct go_node *n, bool *ret_checklocks);
void note_no_lock(struct scan *s, const struct gsource *f, uint32_t pos, struct str name);
bool note_held_on_entry(const struct gfunc *f);  // "s.mu must be held"
bool note_not_concurrent(const struct gfunc *f); // "must not be called concurrently"
void note_annotations(struct walker *w);         // +checklocks:… of its function
bool note_suppressed(const struct go_file *ast, uint32_t line);

// ---- goscan_doubt.c ----
void doubt_prepare(struct scan *s);        // once all is solved
bool doubt_access(const struct access *a); // it is hardly ever a bug: medium at most
// Of all accesses to a map: one goroutine runs them.
bool doubt_one_goroutine(const struct scan *s, struct access *const *a, size_t n);
bool doubt_written_at_init(struct access *const *a, size_t n); // and so is what all others read
bool doubt_striped(const struct access *a); // under the lock of the same index as the map

// ---- goscan_solve.c, goscan_rules.c ----
void scan_solve(struct scan *s);
// Gives a finding the edit that cures it, if that is plainly safe: goscan_fix.c.
void scan_fix(struct scan *s, const struct access *a, const void *guard, struct goscan_finding *f);
void scan_deinit(struct scan *s);
// The mode in which a lock is held at a place in a function's body; own_thread: not in a goroutine
// that it starts.
uint8_t mode_at(const struct gfunc *f, const struct state *st, bool own_thread, const void *class,
                const struct call **without);
bool call_counts(const struct call *c); // for what is held on entry of the callee
// How a lock is held at an access; *without: a caller that does not hold it, where callers differ.
uint8_t entry_mode(const struct access *a, const void *class, const struct call **without);
