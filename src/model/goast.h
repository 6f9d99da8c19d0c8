// SPDX-License-Identifier: Apache-2.0
// The syntax tree of one Go file: what the parser (decoders/gosrc.h) makes and the static scan
// reads. Nodes live in the arena that the parser was given and borrow the source text.
//
// A node has a kind, up to four children, and a `next` for the list it stands in. Which child means
// what stands behind each kind below; "list" means the first node of a chain over `next`. A child
// that may be missing is NULL. Names are numbers of the file's name table (goast_name()).
#pragma once

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum goast_kind {
    GO_BAD = 0,
    // expressions: kid[0], kid[1], …
    GO_IDENT,       // sym
    GO_LIT,         // op = enum go_tok; the text is pos..end
    GO_COMPOSITE,   // type or NULL, list of elements
    GO_FUNC_LIT,    // function type, body
    GO_PAREN,       // x
    GO_SELECTOR,    // x; sym; end - length is where the name stands
    GO_INDEX,       // x, list of indices or type arguments
    GO_SLICE,       // x, low, high, max; GO_F_SLICE3
    GO_TYPE_ASSERT, // x, type (NULL is `.(type)`)
    GO_CALL,        // function, list of arguments; GO_F_ELLIPSIS
    GO_STAR,        // x
    GO_UNARY,       // x; op
    GO_BINARY,      // x, y; op
    GO_KEY_VALUE,   // key, value
    // types
    GO_ARRAY_TYPE,     // length or NULL (a slice), element; a length of kind GO_ELLIPSIS is [...]
    GO_STRUCT_TYPE,    // list of fields
    GO_FUNC_TYPE,      // list of type parameters, list of parameters, list of results
    GO_INTERFACE_TYPE, // list of fields: methods have a name, embedded elements none
    GO_MAP_TYPE,       // key, value
    GO_CHAN_TYPE,      // element; op = GO_T_CHAN (both), GO_T_ARROW (receive), GO_T_SEND
    GO_ELLIPSIS,       // element or NULL
    GO_FIELD,          // list of names, type, tag
    // statements
    GO_DECL_STMT,   // declaration
    GO_EMPTY,       //
    GO_LABELED,     // statement; sym
    GO_EXPR_STMT,   // x
    GO_SEND,        // channel, value
    GO_INC_DEC,     // x; op
    GO_ASSIGN,      // list of left sides, list of right sides; op
    GO_GO,          // call
    GO_DEFER,       // call
    GO_RETURN,      // list of results
    GO_BRANCH,      // label or NULL (an identifier); op
    GO_BLOCK,       // list of statements
    GO_IF,          // init, condition, block, else
    GO_CASE,        // list of expressions (NULL with GO_F_DEFAULT), list of statements
    GO_SWITCH,      // init, tag, list of cases
    GO_TYPE_SWITCH, // init, guard (a statement), list of cases
    GO_COMM,        // statement (NULL with GO_F_DEFAULT), list of statements
    GO_SELECT,      // list of GO_COMM
    GO_FOR,         // init, condition, post, block
    GO_RANGE,       // key, value, x, block; op is the assignment or 0
    // declarations
    GO_GEN_DECL,    // list of specs; op = GO_T_IMPORT, GO_T_CONST, GO_T_TYPE, GO_T_VAR
    GO_IMPORT_SPEC, // name or NULL, path (GO_LIT)
    GO_VALUE_SPEC,  // list of names, type, list of values
    GO_TYPE_SPEC,   // list of type parameters, type; sym; GO_F_ALIAS
    GO_FUNC_DECL,   // list of receivers, function type, body or NULL; sym; `end` of the name in aux
    GO_KINDS,
};

// Tokens, as far as a node's `op` needs them, and for the lexer.
enum go_tok {
    GO_T_EOF = 0,
    GO_T_BAD,
    GO_T_IDENT,
    GO_T_INT,
    GO_T_FLOAT,
    GO_T_IMAG,
    GO_T_CHAR,
    GO_T_STRING,
    // operators with a precedence, in the order of go_tok_precedence's table
    GO_T_LOR,
    GO_T_LAND,
    GO_T_EQL,
    GO_T_NEQ,
    GO_T_LSS,
    GO_T_LEQ,
    GO_T_GTR,
    GO_T_GEQ,
    GO_T_ADD,
    GO_T_SUB,
    GO_T_OR,
    GO_T_XOR,
    GO_T_MUL,
    GO_T_QUO,
    GO_T_REM,
    GO_T_SHL,
    GO_T_SHR,
    GO_T_AND,
    GO_T_AND_NOT,
    // assignments
    GO_T_ASSIGN,
    GO_T_DEFINE,
    GO_T_ADD_ASSIGN,
    GO_T_SUB_ASSIGN,
    GO_T_MUL_ASSIGN,
    GO_T_QUO_ASSIGN,
    GO_T_REM_ASSIGN,
    GO_T_AND_ASSIGN,
    GO_T_OR_ASSIGN,
    GO_T_XOR_ASSIGN,
    GO_T_SHL_ASSIGN,
    GO_T_SHR_ASSIGN,
    GO_T_AND_NOT_ASSIGN,
    GO_T_NOT,
    GO_T_TILDE,
    GO_T_ARROW,
    GO_T_SEND, // chan<-, only in GO_CHAN_TYPE
    GO_T_INC,
    GO_T_DEC,
    GO_T_LPAREN,
    GO_T_LBRACK,
    GO_T_LBRACE,
    GO_T_RPAREN,
    GO_T_RBRACK,
    GO_T_RBRACE,
    GO_T_COMMA,
    GO_T_PERIOD,
    GO_T_SEMICOLON,
    GO_T_COLON,
    GO_T_DOTS,
    // keywords
    GO_T_BREAK,
    GO_T_CASE,
    GO_T_CHAN,
    GO_T_CONST,
    GO_T_CONTINUE,
    GO_T_DEFAULT,
    GO_T_DEFER,
    GO_T_ELSE,
    GO_T_FALLTHROUGH,
    GO_T_FOR,
    GO_T_FUNC,
    GO_T_GO,
    GO_T_GOTO,
    GO_T_IF,
    GO_T_IMPORT,
    GO_T_INTERFACE,
    GO_T_MAP,
    GO_T_PACKAGE,
    GO_T_RANGE,
    GO_T_RETURN,
    GO_T_SELECT,
    GO_T_STRUCT,
    GO_T_SWITCH,
    GO_T_TYPE,
    GO_T_VAR,
    GO_TOKENS,
};

enum {
    GO_F_ELLIPSIS = 1, // a call's last argument is spread
    GO_F_SLICE3 = 2,
    GO_F_DEFAULT = 4,
    GO_F_ALIAS = 8,
};

struct go_node {
    uint8_t kind, op, flags, kids;
    uint32_t pos, end; // byte offsets in the source; end is past the last byte
    uint32_t sym;      // see the kinds
    struct go_node *next;
    struct go_node *kid[];
};

struct go_comment {
    uint32_t pos, end;
};

struct go_file {
    struct str path;   // as it is shown
    struct str source; // borrowed
    struct str package;
    struct go_node *decls; // list
    struct str *names;     // the name table; names[0] is "_"
    uint32_t n_names;
    uint32_t *global; // of the scan: the number of each name over all files
    struct go_comment *comments;
    uint32_t n_comments;
    uint32_t *lines; // offsets where lines begin
    uint32_t n_lines;
    // The first error, as "line:column: text"; NULL if the file is well-formed. Declarations with
    // an error are left out of `decls` or cut at the error.
    const char *error;
    uint32_t n_errors;
};

static inline struct str goast_name(const struct go_file *f, uint32_t sym)
{
    return f->names[sym];
}

static inline struct str goast_text(const struct go_file *f, const struct go_node *n)
{
    return str_sub(f->source, n->pos, n->end);
}

// Line and column (both from 1, the column in bytes) of an offset.
void goast_position(const struct go_file *f, uint32_t pos, uint32_t *ret_line,
                    uint32_t *ret_column);
// The same as the //line directive before it says, if there is one: what generators (cgo) wrote it
// from. *ret_file as it stands there; its column is 0 where none is known.
bool goast_line_directive(const struct go_file *f, uint32_t pos, struct str *ret_file,
                          uint32_t *ret_line, uint32_t *ret_column);
const char *goast_kind_name(unsigned kind);
