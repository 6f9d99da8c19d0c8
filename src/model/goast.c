// SPDX-License-Identifier: Apache-2.0
#include "model/goast.h"

void goast_position(const struct go_file *f, uint32_t pos, uint32_t *ret_line, uint32_t *ret_column)
{
    uint32_t lo = 0, hi = f->n_lines;
    while (hi - lo > 1) {
        uint32_t middle = lo + (hi - lo) / 2;
        if (f->lines[middle] <= pos)
            lo = middle;
        else
            hi = middle;
    }
    *ret_line = lo + 1;
    if (ret_column) *ret_column = f->n_lines ? pos - f->lines[lo] + 1 : 1;
}

struct directive {
    struct str file;
    uint32_t line, column; // 0: none is given
    uint32_t pos;          // of the byte that stands there
};

// "FILE:LINE" or "FILE:LINE:COLUMN"; without a file it is the one before.
static bool read_place(struct str text, struct directive *d)
{
    uint64_t last, before;
    size_t colon = str_rfind_char(text, ':');
    if (colon == STR_NPOS || !str_to_u64(str_sub(text, colon + 1, text.n), 10, &last)) return false;
    struct str rest = str_sub(text, 0, colon);
    colon = str_rfind_char(rest, ':');
    bool both = colon != STR_NPOS && str_to_u64(str_sub(rest, colon + 1, rest.n), 10, &before);
    if (both) rest = str_sub(rest, 0, colon);
    uint64_t line = both ? before : last;
    if (!line || line > INT32_MAX || last > INT32_MAX) return false;
    d->line = (uint32_t)line;
    d->column = both ? (uint32_t)last : 0;
    if (rest.n || !both) d->file = rest;
    return true;
}

static bool read_directive(const struct go_file *f, const struct go_comment *c, struct directive *d)
{
    struct str text = str_sub(f->source, c->pos, c->end);
    bool first = !c->pos || f->source.p[c->pos - 1] == '\n';
    if (str_starts(text, STR("//line ")) && first) {
        d->pos = c->end + 1;
        return read_place(str_trim(str_sub(text, 7, text.n)), d);
    }
    if (!str_starts(text, STR("/*line ")) || text.n < 9) return false;
    d->pos = c->end;
    return read_place(str_sub(text, 7, text.n - 2), d);
}

bool goast_line_directive(const struct go_file *f, uint32_t pos, struct str *ret_file,
                          uint32_t *ret_line, uint32_t *ret_column)
{
    struct directive d = { 0 };
    bool any = false;
    for (uint32_t i = 0; i < f->n_comments && f->comments[i].end <= pos; i++) {
        struct directive next = d;
        if (!read_directive(f, &f->comments[i], &next) || next.pos > pos) continue;
        d = next;
        any = true;
    }
    if (!any || !d.file.n) return false;
    uint32_t base_line, line, base_column, column;
    goast_position(f, d.pos, &base_line, &base_column);
    goast_position(f, pos, &line, &column);
    *ret_file = d.file;
    *ret_line = d.line + (line - base_line);
    *ret_column = line > base_line ? column : d.column ? d.column + (pos - d.pos) : 0;
    return true;
}

const char *goast_kind_name(unsigned kind)
{
    static const char *const names[GO_KINDS] = {
        [GO_BAD] = "Bad",
        [GO_IDENT] = "Ident",
        [GO_LIT] = "BasicLit",
        [GO_COMPOSITE] = "CompositeLit",
        [GO_FUNC_LIT] = "FuncLit",
        [GO_PAREN] = "ParenExpr",
        [GO_SELECTOR] = "SelectorExpr",
        [GO_INDEX] = "IndexExpr",
        [GO_SLICE] = "SliceExpr",
        [GO_TYPE_ASSERT] = "TypeAssertExpr",
        [GO_CALL] = "CallExpr",
        [GO_STAR] = "StarExpr",
        [GO_UNARY] = "UnaryExpr",
        [GO_BINARY] = "BinaryExpr",
        [GO_KEY_VALUE] = "KeyValueExpr",
        [GO_ARRAY_TYPE] = "ArrayType",
        [GO_STRUCT_TYPE] = "StructType",
        [GO_FUNC_TYPE] = "FuncType",
        [GO_INTERFACE_TYPE] = "InterfaceType",
        [GO_MAP_TYPE] = "MapType",
        [GO_CHAN_TYPE] = "ChanType",
        [GO_ELLIPSIS] = "Ellipsis",
        [GO_FIELD] = "Field",
        [GO_DECL_STMT] = "DeclStmt",
        [GO_EMPTY] = "EmptyStmt",
        [GO_LABELED] = "LabeledStmt",
        [GO_EXPR_STMT] = "ExprStmt",
        [GO_SEND] = "SendStmt",
        [GO_INC_DEC] = "IncDecStmt",
        [GO_ASSIGN] = "AssignStmt",
        [GO_GO] = "GoStmt",
        [GO_DEFER] = "DeferStmt",
        [GO_RETURN] = "ReturnStmt",
        [GO_BRANCH] = "BranchStmt",
        [GO_BLOCK] = "BlockStmt",
        [GO_IF] = "IfStmt",
        [GO_CASE] = "CaseClause",
        [GO_SWITCH] = "SwitchStmt",
        [GO_TYPE_SWITCH] = "TypeSwitchStmt",
        [GO_COMM] = "CommClause",
        [GO_SELECT] = "SelectStmt",
        [GO_FOR] = "ForStmt",
        [GO_RANGE] = "RangeStmt",
        [GO_GEN_DECL] = "GenDecl",
        [GO_IMPORT_SPEC] = "ImportSpec",
        [GO_VALUE_SPEC] = "ValueSpec",
        [GO_TYPE_SPEC] = "TypeSpec",
        [GO_FUNC_DECL] = "FuncDecl",
    };
    return kind < GO_KINDS ? names[kind] : "?";
}
