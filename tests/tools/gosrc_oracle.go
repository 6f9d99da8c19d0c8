// SPDX-License-Identifier: Apache-2.0
// What go/parser makes of the files named on stdin, in the form of gosrc_digest.c.
package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"sort"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		path := in.Text()
		fset := token.NewFileSet()
		src, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(out, path, "unreadable")
			continue
		}
		f, err := parser.ParseFile(fset, path, src, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			fmt.Fprintln(out, path, "error")
			continue
		}
		base := fset.File(f.Package).Base()
		count := map[string]int{}
		sum := map[string]uint64{}
		add := func(kind string, pos token.Pos, n int) {
			count[kind] += n
			sum[kind] += uint64(n * (int(pos) - base))
		}
		idents := 0
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case nil, *ast.File, *ast.FieldList, *ast.Comment:
				return true
			case *ast.CommentGroup:
				return false
			case *ast.Ident:
				idents++
				return true
			case *ast.IndexListExpr:
				add("IndexExpr", n.Pos(), 1)
				return true
			case *ast.SwitchStmt:
				add("BlockStmt", n.Body.Pos(), -1)
			case *ast.TypeSwitchStmt:
				add("BlockStmt", n.Body.Pos(), -1)
			case *ast.SelectStmt:
				add("BlockStmt", n.Body.Pos(), -1)
			}
			add(reflect.TypeOf(n).Elem().Name(), n.Pos(), 1)
			return true
		})
		kinds := []string{}
		for k := range count {
			if count[k] != 0 {
				kinds = append(kinds, k)
			}
		}
		sort.Strings(kinds)
		fmt.Fprintf(out, "%s Ident:%d", path, idents)
		for _, k := range kinds {
			fmt.Fprintf(out, " %s:%d:%d", k, count[k], sum[k])
		}
		fmt.Fprintln(out)
	}
}
