// SPDX-License-Identifier: Apache-2.0
// What gobin says of files that are no Go program, and the parts that need none. How it reads real
// ones: gobin_oracle_test.py.
#include "test.h"

#include "base/buf.h"
#include "decoders/golayout.h"
#include "decoders/gotype.h"
#include "decoders/insn.h"

#include <elf.h>
#include <fcntl.h>

static void test_not_go(void)
{
    struct gobin *b;
    CHECK_ERR(gobin_open("x", STR(""), &b), ERR_INPUT, "x: not an ELF file");
    CHECK_ERR(gobin_open("x", STR("#!/bin/sh\necho this is no program at all\n"), &b), ERR_INPUT,
              "not an ELF file");
    _cleanup_buf_ struct buf self = { 0 };
    _cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) > 0) buf_add(&self, chunk, (size_t)n);
    CHECK_ERR(gobin_open("self", buf_str(&self), &b), ERR_CANNOT, "self: not a Go program");
    // Cut short: which part is missing, where, and where the file ends.
    CHECK_ERR(gobin_open("cut", str_sub(buf_str(&self), 0, self.n / 2), &b), ERR_INPUT, "ends at");
    CHECK_ERR(gobin_open("cut", str_sub(buf_str(&self), 0, 40), &b), ERR_INPUT, "ELF header");
}

static void test_header_lies(void)
{
    Elf64_Ehdr h = { .e_ident = ELFMAG, .e_type = ET_EXEC, .e_machine = EM_X86_64 };
    struct str bytes = str_make(&h, sizeof(h));
    struct gobin *b;
    CHECK_ERR(gobin_open("x", bytes, &b), ERR_CANNOT, "64-bit");
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    CHECK_ERR(gobin_open("x", bytes, &b), ERR_CANNOT, "not a Go program");
    h.e_phnum = h.e_shnum = 60000;
    h.e_phentsize = sizeof(Elf64_Phdr);
    h.e_shentsize = sizeof(Elf64_Shdr);
    CHECK_ERR(gobin_open("x", bytes, &b), ERR_INPUT, "60000 segments");
    h.e_phnum = 3;
    h.e_phoff = UINT64_MAX - 8;
    CHECK_ERR(gobin_open("x", bytes, &b), ERR_INPUT, "program headers");
    h.e_type = ET_REL;
    CHECK_ERR(gobin_open("x", bytes, &b), ERR_INPUT, "neither a program");
}

static void test_emulated(void)
{
    static const struct {
        const char *insn;
        size_t n;
        bool want;
    } cases[] = {
        { "\x55", 1, true },                     // push %rbp
        { "\x41\x57", 2, true },                 // push %r15
        { "\x41\x5f", 2, false },                // pop %r15
        { "\x90", 1, true },                     // nop
        { "\x66\x90", 2, false },                // with a prefix
        { "\x76\x10", 2, true },                 // jbe rel8
        { "\x0f\x86\x10\x00\x00\x00", 6, true }, // jbe rel32
        { "\x0f\x1f\x00", 3, false },            // nopl
        { "\xe8\x10\x00\x00\x00", 5, true },     // call rel32
        { "\xe8\x10\x00", 3, false },            // cut short
        { "\xff\xd0", 2, false },                // call *%rax
        { "\x49\x3b\x66\x10", 4, false },        // cmp 0x10(%r14),%rsp
        { "\xf0\x0f\xb1\x11", 4, false },        // lock cmpxchg
    };
    for (size_t i = 0; i < array_size(cases); i++)
        CHECK_INT(gobin_emulated((const uint8_t *)cases[i].insn, cases[i].n), cases[i].want);
    CHECK(!gobin_emulated(NULL, 0));
}

static void test_holds_lock(void)
{
    enum { AT = 0x401000 };
    static const uint64_t lock[] = { AT + 5 + 0x10, AT + 0x900 }, unlock[] = { AT + 0x500 };
    static const struct insn_locks locks = { lock, unlock, array_size(lock), array_size(unlock) };
#define UNLOCK_AT_5 "\xe8\xf6\x04\x00\x00" // call of the unlock, at the fifth byte
#define TAKE        "\xf0\x0f\xb1\x11\x90" // lock cmpxchg %edx,(%rcx)
    static const struct {
        const char *code;
        size_t n;
        bool want;
    } cases[] = {
        { "\xe8\x10\x00\x00\x00", 5, true },     // call of the first
        { "\xe8\x11\x00\x00\x00", 5, false },    // of what is no lock
        { "\x90\xe8\x0f\x00\x00\x00", 6, true }, // of the first, further on
        { "\xe8\x10\x00\x00", 4, false },        // cut short
        { TAKE, 5, true },
        { "\xf0\x48\x0f\xc1\x01", 5, true },  // lock xadd %rax,(%rcx)
        { "\xf0\x48\xff\x00\x90", 5, false }, // lock incq (%rax)
        { "\x0f\xb1\x11\x90\x90", 5, false }, // without the prefix
        { "\xb8\xf0\x0f\xb1\x11", 5, false }, // mov of a constant that looks like one
        { TAKE UNLOCK_AT_5, 10, false },      // given back
        { TAKE UNLOCK_AT_5 "\x90\x90", 12, false },
        { TAKE UNLOCK_AT_5 "\x90\xc3\x90", 13, true },  // on the way out: ret
        { TAKE UNLOCK_AT_5 "\xeb\x00\x90", 13, true },  // jmp
        { TAKE UNLOCK_AT_5 "\x74\x00\xc3", 13, false }, // a branch before it
        { TAKE UNLOCK_AT_5 TAKE, 15, true },            // taken again
        { "", 0, false },
    };
    for (size_t i = 0; i < array_size(cases); i++)
        CHECK_INT(insn_holds_lock((const uint8_t *)cases[i].code, cases[i].n, AT, &locks),
                  cases[i].want);
}

static void test_rows(void)
{
    bool exact;
    const struct golayout *l = golayout_row(23, false, &exact);
    CHECK(exact);
    CHECK_INT(l->g_goid, 160);
    CHECK_STR(str_from(l->source), "table go1.23");
    l = golayout_row(20, false, &exact); // as near to 1.19 as to 1.21: the newer
    CHECK(!exact);
    CHECK_STR(str_from(l->source), "table go1.21");
    l = golayout_row(40, true, &exact);
    CHECK(!exact);
    CHECK_STR(str_from(l->source), "table go1.27");
    l = golayout_row(25, false, &exact); // GOEXPERIMENT=noswissmap
    CHECK(exact);
    CHECK_INT(l->hmap_flags, 8);
    CHECK_INT(l->map_writing, 0);
}

TEST_MAIN(TEST(test_not_go), TEST(test_header_lies), TEST(test_emulated), TEST(test_holds_lock),
          TEST(test_rows))
