package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDeterministic keeps out of the contract what could make two peers come to
// different bytes: a clock, chance, the network, the environment, floats,
// goroutines and ranges over maps.
func TestDeterministic(t *testing.T) {
	fset := token.NewFileSet()
	files := sources(t, fset)
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", exports(t))}
	if _, err := conf.Check("contract", fset, files, info); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, problem := range impure(f, info) {
			t.Errorf("%s: %s", fset.Position(problem.at), problem.what)
		}
	}
}

// TestDetectorDetects puts an impure contract to the same test.
func TestDetectorDetects(t *testing.T) {
	const src = `package p
		import "time"
		func f(m map[string]int) (n int) {
			for _, v := range m { n += v }
			go func() {}()
			_ = time.Now()
			select {}
			return int(1.5 * float64(n))
		}`
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", exports(t))}
	if _, err := conf.Check("p", fset, []*ast.File{f}, info); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, p := range impure(f, info) {
		found[p.what] = true
	}
	for _, want := range []string{"a range over a map", "a goroutine", "the clock: time.Now", "a select", "a float"} {
		if !found[want] {
			t.Errorf("%s is not detected: %v", want, found)
		}
	}
}

type problem struct {
	at   token.Pos
	what string
}

func impure(f *ast.File, info *types.Info) (out []problem) {
	for _, imp := range f.Imports {
		path := strings.Trim(imp.Path.Value, `"`)
		for _, never := range []string{"math/rand", "crypto/rand", "os", "net", "sync", "runtime", "unsafe", "reflect", "syscall"} {
			if path == never || strings.HasPrefix(path, never+"/") {
				out = append(out, problem{imp.Pos(), "imports " + path})
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			out = append(out, problem{n.Pos(), "a goroutine"})
		case *ast.SelectStmt:
			out = append(out, problem{n.Pos(), "a select"})
		case *ast.RangeStmt:
			if _, ok := info.Types[n.X].Type.Underlying().(*types.Map); ok {
				out = append(out, problem{n.Pos(), "a range over a map"})
			}
		case *ast.Ident:
			if o, ok := info.Uses[n].(*types.Func); ok && o.Pkg() != nil {
				switch name := o.Pkg().Path() + "." + o.Name(); {
				case o.Pkg().Path() == "time" && (o.Name() == "Now" || o.Name() == "Since" || o.Name() == "Until" || o.Name() == "Sleep" || o.Name() == "After" || o.Name() == "Local"):
					out = append(out, problem{n.Pos(), "the clock: " + name})
				case o.Pkg().Path() == "maps":
					out = append(out, problem{n.Pos(), "a range over a map: " + name})
				}
			}
		}
		if e, ok := n.(ast.Expr); ok {
			if b, ok := basic(info.Types[e].Type); ok && b.Info()&(types.IsFloat|types.IsComplex) != 0 {
				out = append(out, problem{e.Pos(), "a float"})
			}
		}
		return true
	})
	return out
}

func basic(t types.Type) (*types.Basic, bool) {
	if t == nil {
		return nil, false
	}
	b, ok := t.Underlying().(*types.Basic)
	return b, ok
}

// sources parses the contract and the client beside it.
func sources(t *testing.T, fset *token.FileSet) (out []*ast.File) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	if len(out) < 8 {
		t.Fatalf("only %d files: the contract was not put to the test", len(out))
	}
	return out
}

// exports finds compiled export data through the go command.
func exports(t *testing.T) func(string) (io.ReadCloser, error) {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		at[p.ImportPath] = p.Export
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(at[path]) }
}
