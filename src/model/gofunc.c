// SPDX-License-Identifier: Apache-2.0
#include "model/gofunc.h"

#include "base/cleanup.h"

const char *map_op_name(enum map_op op)
{
    static const char *const names[] = {
        [MAP_OP_NONE] = "",       [MAP_OP_ASSIGN] = "assign", [MAP_OP_DELETE] = "delete",
        [MAP_OP_CLEAR] = "clear", [MAP_OP_READ] = "read",     [MAP_OP_ITERATE] = "iterate",
        [MAP_OP_CLONE] = "clone", [MAP_OP_GROW] = "grow",     [MAP_OP_MAKE] = "make",
    };
    return names[op];
}

struct str gofunc_package(struct str function)
{
    // Type arguments may hold slashes and dots of their own: look only before the first bracket.
    size_t bracket = str_find_char(function, '[');
    struct str head = bracket == STR_NPOS ? function : str_sub(function, 0, bracket);
    size_t paren = str_find_char(head, '(');
    if (paren != STR_NPOS) head = str_sub(head, 0, paren);
    size_t slash = str_rfind_char(head, '/');
    size_t from = slash == STR_NPOS ? 0 : slash + 1;
    size_t dot = str_find_char(str_sub(head, from, head.n), '.');
    return dot == STR_NPOS ? head : str_sub(head, 0, from + dot);
}

static bool in_list(struct str s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s.n && s.p[0] == list[i][0] && str_eqc(s, list[i])) return true;
    return false;
}

bool gofunc_is_std(struct str function)
{
    // First path elements of the distribution's packages, go1.19 to go1.27 (its src/ folder).
    static const char *const roots[] = {
        "archive",   "arena",   "bufio",   "builtin",  "bytes",   "cmd",     "cmp",      "compress",
        "container", "context", "crypto",  "database", "debug",   "embed",   "encoding", "errors",
        "expvar",    "flag",    "fmt",     "go",       "hash",    "html",    "image",    "index",
        "internal",  "io",      "iter",    "log",      "maps",    "math",    "mime",     "net",
        "os",        "path",    "plugin",  "reflect",  "regexp",  "runtime", "slices",   "sort",
        "strconv",   "strings", "structs", "sync",     "syscall", "testing", "text",     "time",
        "unicode",   "unique",  "unsafe",  "uuid",     "vendor",  "weak",
    };
    struct str package = gofunc_package(function);
    if (str_starts(package, STR("type:"))) return true; // type:.eq.T and the like
    if (str_eqc(function, "panic")) return true;
    size_t slash = str_find_char(package, '/');
    struct str root = slash == STR_NPOS ? package : str_sub(package, 0, slash);
    return in_list(root, roots, array_size(roots));
}

bool gofunc_is_runtime(struct str function)
{
    struct str package = gofunc_package(function);
    return str_eqc(package, "runtime") || str_starts(package, STR("runtime/internal/")) ||
           str_starts(package, STR("internal/runtime/")) ||
           str_eqc(function, "panic"); // as a crash log names runtime.gopanic
}

struct op_name {
    const char *name;
    enum map_op op;
};

static enum map_op lookup(struct str name, const struct op_name *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqc(name, list[i].name)) return list[i].op;
    return MAP_OP_NONE;
}

// runtime.NAME, and internal/runtime/maps.runtime_NAME of 1.24 and later.
static enum map_op runtime_op(struct str name)
{
    static const struct op_name names[] = {
        { "mapassign", MAP_OP_ASSIGN },
        { "mapassign_fast32", MAP_OP_ASSIGN },
        { "mapassign_fast32ptr", MAP_OP_ASSIGN },
        { "mapassign_fast64", MAP_OP_ASSIGN },
        { "mapassign_fast64ptr", MAP_OP_ASSIGN },
        { "mapassign_faststr", MAP_OP_ASSIGN },
        { "mapdelete", MAP_OP_DELETE },
        { "mapdelete_fast32", MAP_OP_DELETE },
        { "mapdelete_fast64", MAP_OP_DELETE },
        { "mapdelete_faststr", MAP_OP_DELETE },
        { "mapclear", MAP_OP_CLEAR },
        { "mapaccess1", MAP_OP_READ },
        { "mapaccess1_fat", MAP_OP_READ },
        { "mapaccess1_fast32", MAP_OP_READ },
        { "mapaccess1_fast64", MAP_OP_READ },
        { "mapaccess1_faststr", MAP_OP_READ },
        { "mapaccess2", MAP_OP_READ },
        { "mapaccess2_fat", MAP_OP_READ },
        { "mapaccess2_fast32", MAP_OP_READ },
        { "mapaccess2_fast64", MAP_OP_READ },
        { "mapaccess2_faststr", MAP_OP_READ },
        { "mapaccessK", MAP_OP_READ },
        { "mapiterinit", MAP_OP_ITERATE },
        { "mapiternext", MAP_OP_ITERATE },
        { "mapIterStart", MAP_OP_ITERATE },
        { "mapIterNext", MAP_OP_ITERATE },
        { "mapclone", MAP_OP_CLONE },
        { "mapclone2", MAP_OP_CLONE },
        { "reflect_mapassign", MAP_OP_ASSIGN },
        { "reflect_mapassign_faststr", MAP_OP_ASSIGN },
        { "reflect_mapassign0", MAP_OP_ASSIGN },
        { "reflect_mapassign_faststr0", MAP_OP_ASSIGN },
        { "reflect_mapdelete", MAP_OP_DELETE },
        { "reflect_mapdelete_faststr", MAP_OP_DELETE },
        { "reflect_mapclear", MAP_OP_CLEAR },
        { "reflect_mapaccess", MAP_OP_READ },
        { "reflect_mapaccess_faststr", MAP_OP_READ },
        { "reflect_mapiterinit", MAP_OP_ITERATE },
        { "reflect_mapiternext", MAP_OP_ITERATE },
        { "reflect_mapIterStart", MAP_OP_ITERATE },
        { "reflect_mapIterNext", MAP_OP_ITERATE },
        { "hashGrow", MAP_OP_GROW },
        { "growWork", MAP_OP_GROW },
        { "growWork_fast32", MAP_OP_GROW },
        { "growWork_fast64", MAP_OP_GROW },
        { "growWork_faststr", MAP_OP_GROW },
        { "evacuate", MAP_OP_GROW },
        { "evacuate_fast32", MAP_OP_GROW },
        { "evacuate_fast64", MAP_OP_GROW },
        { "evacuate_faststr", MAP_OP_GROW },
        { "advanceEvacuationMark", MAP_OP_GROW },
        { "makeBucketArray", MAP_OP_GROW },
    };
    // Most names of the runtime begin with none of these letters, and profiles ask for all.
    if (name.n == 0 || !memchr("mrhgea", name.p[0], 6)) return MAP_OP_NONE;
    return lookup(name, names, array_size(names));
}

// internal/runtime/maps.NAME (1.24 and later).
static enum map_op swiss_op(struct str name)
{
    static const struct op_name names[] = {
        { "(*Map).PutSlot", MAP_OP_ASSIGN },
        { "(*Map).putSlotSmall", MAP_OP_ASSIGN },
        { "(*Map).putSlotSmallFast32", MAP_OP_ASSIGN },
        { "(*Map).putSlotSmallFastPtr", MAP_OP_ASSIGN },
        { "(*Map).putSlotSmallFast64", MAP_OP_ASSIGN },
        { "(*Map).putSlotSmallFastStr", MAP_OP_ASSIGN },
        { "(*Map).Put", MAP_OP_ASSIGN },
        { "(*table).PutSlot", MAP_OP_ASSIGN },
        { "(*Map).Delete", MAP_OP_DELETE },
        { "(*Map).deleteSmall", MAP_OP_DELETE },
        { "(*table).Delete", MAP_OP_DELETE },
        { "(*Map).Clear", MAP_OP_CLEAR },
        { "(*Map).clearSmall", MAP_OP_CLEAR },
        { "(*table).Clear", MAP_OP_CLEAR },
        { "(*Map).Get", MAP_OP_READ },
        { "(*Map).getWithKey", MAP_OP_READ },
        { "(*Map).getWithKeySmall", MAP_OP_READ },
        { "(*Map).getWithoutKey", MAP_OP_READ },
        { "(*Map).getWithoutKeySmallFastStr", MAP_OP_READ },
        { "(*table).getWithKey", MAP_OP_READ },
        { "(*table).getWithoutKey", MAP_OP_READ },
        { "(*Iter).Init", MAP_OP_ITERATE },
        { "(*Iter).Next", MAP_OP_ITERATE },
        { "(*Map).Clone", MAP_OP_CLONE },
        { "(*Map).growToSmall", MAP_OP_GROW },
        { "(*Map).growToTable", MAP_OP_GROW },
        { "(*Map).installTableSplit", MAP_OP_GROW },
        { "(*Map).replaceTable", MAP_OP_GROW },
        { "(*table).rehash", MAP_OP_GROW },
        { "(*table).grow", MAP_OP_GROW },
        { "(*table).split", MAP_OP_GROW },
        { "(*table).uncheckedPutSlot", MAP_OP_GROW },
        { "(*table).pruneTombstones", MAP_OP_GROW },
        { "newTable", MAP_OP_GROW },
    };
    if (str_starts(name, STR("runtime_"))) return runtime_op(str_sub(name, 8, name.n));
    enum map_op op = runtime_op(name);
    return op ? op : lookup(name, names, array_size(names));
}

enum map_op gofunc_map_op(struct str function)
{
    static const struct op_name doors[] = {
        { "reflect.mapassign", MAP_OP_ASSIGN },
        { "reflect.mapassign0", MAP_OP_ASSIGN },
        { "reflect.mapassign_faststr", MAP_OP_ASSIGN },
        { "reflect.mapassign_faststr0", MAP_OP_ASSIGN },
        { "reflect.mapdelete", MAP_OP_DELETE },
        { "reflect.mapdelete_faststr", MAP_OP_DELETE },
        { "reflect.mapclear", MAP_OP_CLEAR },
        { "reflect.mapaccess", MAP_OP_READ },
        { "reflect.mapaccess_faststr", MAP_OP_READ },
        { "reflect.mapiterinit", MAP_OP_ITERATE },
        { "reflect.mapiternext", MAP_OP_ITERATE },
        { "reflect.mapIterStart", MAP_OP_ITERATE },
        { "reflect.mapIterNext", MAP_OP_ITERATE },
        { "maps.clone", MAP_OP_CLONE },
    };
    static const char swiss[] = "internal/runtime/maps.";
    if (str_starts(function, STR("runtime."))) return runtime_op(str_sub(function, 8, function.n));
    if (str_starts(function, str_from(swiss)))
        return swiss_op(str_sub(function, sizeof(swiss) - 1, function.n));
    return lookup(function, doors, array_size(doors));
}
