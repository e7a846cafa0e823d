package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// panics are the places that may panic: none of them is reached by input.
var panics = map[string]string{
	"internal/money/money.go":                   "days of a month that the caller counted",
	"internal/ledger/fabric/channel/channel.go": "a number and two strings of bytes can always be encoded",
	"internal/ledger/fabric/channel/group.go":   "messages of ours without required fields, their text checked on the way in",
	"internal/jobs/runner.go":                   "wiring: a kind of job is handled once",
	"internal/app/http.go":                      "hands on net/http's own way of ending an answer",
	"internal/contract/contracttest/world.go":   "a test's world",
}

// sources calls do with every file of ours that is not a test and not made by
// a tool.
func sources(t *testing.T, do func(path string, set *token.FileSet, f *ast.File)) {
	t.Helper()
	const root = "../.."
	n := 0
	for _, top := range []string{"internal", "cmd", "web"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/testdata/") {
				return err
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil || ast.IsGenerated(f) {
				return err
			}
			n++
			short, err := filepath.Rel(root, path)
			do(filepath.ToSlash(short), set, f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 100 {
		t.Errorf("only %d files seen: the rules were not put to the test", n)
	}
}

// Nothing happens because a package is linked in, and nobody shares what
// changes.
func TestNoHiddenState(t *testing.T) {
	vars := map[string]map[string]bool{} // by folder: names of package-level variables
	sources(t, func(path string, _ *token.FileSet, f *ast.File) {
		dir := filepath.Dir(path)
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				for _, name := range s.(*ast.ValueSpec).Names {
					if name.Name == "_" {
						continue
					}
					if vars[dir] == nil {
						vars[dir] = map[string]bool{}
					}
					vars[dir][name.Name] = true
				}
				if v := s.(*ast.ValueSpec); locks(v.Type) {
					t.Errorf("%s: %s is shared by everybody who links the package: put it into what owns it", path, v.Names[0].Name)
				}
			}
		}
	})
	sources(t, func(path string, set *token.FileSet, f *ast.File) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init() runs because a package is linked in: call it from where it is needed", path)
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				for _, id := range changed(n) {
					if vars[filepath.Dir(path)][id.Name] && (id.Obj == nil || f.Scope.Lookup(id.Name) == id.Obj) {
						t.Errorf("%v: %s is a package-level variable that changes: put it into what owns it", set.Position(id.Pos()), id.Name)
					}
				}
				return true
			})
		}
	})
}

// locks reports whether a variable of the type is made to change.
func locks(typ ast.Expr) bool {
	s, ok := typ.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := s.X.(*ast.Ident)
	return ok && (pkg.Name == "sync" || pkg.Name == "atomic")
}

// changed are the variables that a statement assigns to, or to a part of.
func changed(n ast.Node) (out []*ast.Ident) {
	var left []ast.Expr
	switch s := n.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			left = s.Lhs
		}
	case *ast.IncDecStmt:
		left = []ast.Expr{s.X}
	}
	for _, e := range left {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.SelectorExpr:
				e = x.X
				continue
			case *ast.Ident:
				out = append(out, x)
			}
			break
		}
	}
	return out
}

// No input makes the node fall over.
func TestNoPanic(t *testing.T) {
	sources(t, func(path string, set *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if fn, ok := call.Fun.(*ast.Ident); ok && fn.Name == "panic" && panics[path] == "" {
				t.Errorf("%v: return a fault instead, or say in this test why no input gets here", set.Position(call.Pos()))
			}
			return true
		})
	})
}

// Whoever calls something from another package can read what to know of it,
// and a file can be read in one sitting.
func TestSourcesCanBeRead(t *testing.T) {
	sources(t, func(path string, set *token.FileSet, f *ast.File) {
		if n := set.Position(f.End()).Line; n > 520 {
			t.Errorf("%s has %d lines: about 500 are enough for one noun", path, n)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !plain(d.Name.Name) {
					t.Errorf("%v: %s has no comment", set.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if x, ok := s.(*ast.TypeSpec); ok && x.Name.IsExported() && d.Doc == nil && x.Doc == nil && x.Comment == nil {
						t.Errorf("%v: %s has no comment", set.Position(x.Pos()), x.Name.Name)
					}
				}
			}
		}
	})
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if p, ok := typ.(*ast.StarExpr); ok {
		typ = p.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}

// plain are methods that an interface of the standard library describes.
func plain(name string) bool {
	switch name {
	case "Error", "Unwrap", "String", "Close", "Read", "Write", "Len", "Less", "Swap", "ServeHTTP", "WriteHeader", "Format", "Seek", "ReadAt", "ReadFrom":
		return true
	}
	return false
}
