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
