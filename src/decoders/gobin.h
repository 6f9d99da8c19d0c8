// SPDX-License-Identifier: Apache-2.0
// A Go program, read from its ELF file: what it was built with, functions and lines with their
// inline trees, addresses, data symbols, call sites, places where a probe is cheap. Works without
// symbol table and DWARF (`-ldflags="-s -w"`, strip), for position-independent and for externally
// linked programs, Go 1.16 to 1.27. Its parts stand in:
//
//     goelf.h      sections, segments, relocations     gopclntab.h  functions, lines, inlining
//     golayout.h   where the runtime keeps what        gotype.h     a type's name
//
// Addresses are link-time virtual addresses; a process adds its load bias (gobin_bias). The bytes
// are borrowed (a mapping of the file) and must outlive the gobin; so are the strings handed out.
// Lookups that find nothing return false or 0; only what depends on foreign structure being sound
// returns an error. Indexes are made when first wanted, so a gobin is for one thread at a time.
//
//     struct gobin *b;
//     ERR_TRY(gobin_open("prometheus", bytes, &b));
//     struct gobin_func f;
//     if (gobin_func_named(b, STR("runtime.mapassign_faststr"), &f)) …
//     struct frame frame[LIMIT_STACK_FRAMES];
//     size_t n = gobin_frames(b, pc, frame, array_size(frame));
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "model/frame.h"

struct gobin;

// ERR_INPUT: not ELF, cut short, lying. ERR_CANNOT: not a Go program, not amd64, older than 1.16.
struct err *gobin_open(const char *name, struct str bytes, struct gobin **ret) ERR_MUST_USE;
void gobin_close(struct gobin *b); // takes NULL
static inline void gobin_cleanup(struct gobin **b)
{
    gobin_close(*b);
}
#define _cleanup_gobin_ CLEANUP(gobin_cleanup)

// ---- What it is ----

struct gobin_range {
    uint64_t lo, hi; // [lo, hi); both 0 = unknown
};

struct gobin_info {
    struct str version;           // "go1.24.4"; empty = the build info was taken out
    unsigned major, minor, patch; // 0.0.0 = unknown or a development version
    struct str experiments;       // GOEXPERIMENT as built, "noswissmap,…"; mostly empty
    bool swiss;                   // maps are Swiss tables (internal/runtime/maps), not hmap
    struct str path;              // of the main package
    struct str module, module_version;
    struct str go_build_id;        // "a/b/c/d"; empty = none
    char gnu_build_id[2 * 64 + 1]; // hex; "" = none
    bool stripped;                 // no symbol table
    bool dwarf;
    bool pie;
    bool external;           // linked by the C linker
    bool cgo;                // has C code in it (CGO_ENABLED=1 and used)
    struct gobin_range text; // Go code only: a cgo program has C code around it
    struct gobin_range data, noptrdata, bss, noptrbss;
    struct gobin_range types; // type descriptors: what nameoffs are relative to
    uint64_t moduledata;      // address of runtime.firstmoduledata
};

const struct gobin_info *gobin_info(const struct gobin *b);
const char *gobin_name(const struct gobin *b); // as given to gobin_open
// A build setting ("CGO_ENABLED", "-ldflags", "vcs.revision"); false if it is not recorded.
bool gobin_setting(const struct gobin *b, struct str key, struct str *ret);

// ---- Addresses ----

bool gobin_offset(const struct gobin *b, uint64_t address, uint64_t *ret_offset);
// What a process adds to an address, from one line of its maps: the start of an executable mapping
// of this file and that mapping's file offset. False if no executable segment lies there.
bool gobin_bias(const struct gobin *b, uint64_t map_start, uint64_t map_offset, uint64_t *ret_bias);
// Bytes of the file at an address, and a pointer as the loader leaves it (bias 0).
bool gobin_read(const struct gobin *b, uint64_t address, void *ret, size_t n);
bool gobin_pointer(const struct gobin *b, uint64_t address, uint64_t *ret);

// ---- Functions ----

struct gobin_func {
    uint32_t index;      // in address order
    uint64_t entry, end; // end: the next function's entry, so padding is inside
    struct str name;     // as pclntab has it: "main.F[go.shape.int]", "main.F[...]" up to 1.20
    uint32_t start_line; // of `func`; 0 = unknown (≤1.19)
    uint8_t id;          // runtime's FuncID: differs between versions
    bool wrapper;        // made by the compiler: method and ABI wrappers
    bool assembly;       // ≥1.17; false where unknown
};

size_t gobin_func_count(const struct gobin *b);
bool gobin_func_at(const struct gobin *b, size_t index, struct gobin_func *ret);
bool gobin_func_of(const struct gobin *b, uint64_t pc, struct gobin_func *ret);
// By exact name. Where several bear it (an assembly function and its ABI wrapper) the first that is
// no wrapper; gobin_funcs_named gives all, up to cap, and returns how many there are.
bool gobin_func_named(struct gobin *b, struct str name, struct gobin_func *ret);
size_t gobin_funcs_named(struct gobin *b, struct str name, struct gobin_func *ret, size_t cap);

// The frames at an instruction, innermost first: the inlined chain, last the function that has the
// code. Generic functions are named as stack traces name them, "main.F[...]" (struct gobin_func has
// the name of pclntab). Returns how many (≤ cap), 0 if pc lies in no Go function. `frame.pc` is pc
// in all of them. pc is the address of the instruction itself; for a return address hand in pc - 1,
// as every frame but the innermost needs (the call may be the last instruction of its line).
size_t gobin_frames(const struct gobin *b, uint64_t pc, struct frame *ret, size_t cap);

// Bytes between rsp and its value at the function's entry, before the instruction at pc runs (so
// the return address is at rsp + delta). From the pcsp table; false if unknown.
bool gobin_sp_delta(const struct gobin *b, uint64_t pc, uint32_t *ret);

// ---- Data ----

// From the symbol table (a stripped program has none: false). Go's name: "main.cache",
// "runtime.sched".
bool gobin_symbol_named(struct gobin *b, struct str name, uint64_t *ret_address);
// The variable that holds the address, and how far in it is.
bool gobin_symbol_of(struct gobin *b, uint64_t address, struct str *ret_name, uint64_t *ret_offset);

// Runtime variables that can be found without symbols too, in the code that reads them; only if
// that is unambiguous. False = unknown.
enum gobin_global {
    GOBIN_WRITE_BARRIER, // runtime.writeBarrier: 32 bits, non-zero while a collection marks
    GOBIN_GOMAXPROCS,    // runtime.gomaxprocs: int32
    GOBIN_ALLGS,         // runtime.allgs: []*g, every goroutine there is or was
};
enum { GOBIN_GLOBALS = 3 };
bool gobin_global(struct gobin *b, enum gobin_global which, uint64_t *ret_address);

// ---- Code (gobin_code.c) ----

struct gobin_call {
    uint64_t address;  // of the call or jmp
    uint64_t target;   // entry of the function that it goes to
    uint32_t function; // index of the function it stands in
    uint8_t size;      // bytes; address + size is where it returns to
    bool tail;         // a jmp: does not return here
};

struct gobin_calls {
    struct gobin_call *call; // by address
    size_t n;
};

// Every direct call (E8 rel32) and tail jump (E9 rel32) to one of the targets, boundaries checked.
// A jump inside its own function to its entry counts as no tail call. Free with …_deinit.
struct err *gobin_calls(struct gobin *b, const uint64_t *targets, size_t n,
                        struct gobin_calls *ret) ERR_MUST_USE;
void gobin_calls_deinit(struct gobin_calls *c);

// Whether the kernel's uprobes emulate the instruction (cheap) instead of single-stepping it: nop,
// push, direct jmp, jcc and call without operand-size prefix. The rule holds for all kernels ≥6.1.
bool gobin_emulated(const uint8_t *insn, size_t n);

enum gobin_probe_kind {
    GOBIN_PROBE_PUSH, // after the stack check: once a call
    GOBIN_PROBE_JCC,  // the stack check's branch: once more when the stack grows
    GOBIN_PROBE_OTHER, // ≤1.20: the first branch or nop after the check, before anything is changed
    GOBIN_PROBE_FIRST, // nothing emulated there: the first instruction, single-stepped (slow)
};

struct gobin_probe {
    uint64_t address;
    enum gobin_probe_kind kind;
    bool after_check;  // no preemption can be taken between here and the function's own code
    bool has_check;    // the function has a stack check at all (not: nosplit)
    uint32_t sp_delta; // the return address is at rsp + sp_delta when the probe fires
};

// Where to probe a function: the first emulated instruction with the integer arguments (AX BX CX DI
// SI R8–R11) and R14 as at the entry. False only if its code cannot be read.
bool gobin_probe(const struct gobin *b, const struct gobin_func *f, struct gobin_probe *ret);
