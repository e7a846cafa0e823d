package royalty

import (
	"bytes"
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
	"slices"
	"strings"
	"testing"
)

// allowed are the imports of a pure package: ground, encodings, hashes, and the
// two libraries of notes and proofs.
var allowed = []string{
	"bytes", "cmp", "embed", "crypto/ed25519", "crypto/hmac", "crypto/sha256", "encoding/base64", "encoding/binary",
	"encoding/hex", "encoding/json", "errors", "fmt", "io", "math", "math/bits", "slices", "strconv", "strings", "unicode/utf8",
	"golang.org/x/mod/sumdb/note", "golang.org/x/mod/sumdb/tlog", "golang.org/x/text/unicode/norm",
	"github.com/michaelperna/9ten/internal/calendar", "github.com/michaelperna/9ten/internal/fault",
	"github.com/michaelperna/9ten/internal/id", "github.com/michaelperna/9ten/internal/money",
	"github.com/michaelperna/9ten/internal/royalty/wire",
}

// forbidden are functions of allowed packages that bring in chance or time.
var forbidden = []string{"crypto/ed25519.GenerateKey", "golang.org/x/mod/sumdb/note.GenerateKey", "github.com/michaelperna/9ten/internal/id.Random16", "github.com/michaelperna/9ten/internal/id.New"}

// TestPure holds the package against its promise: the same input gives the same
// bytes, everywhere and always.
func TestPure(t *testing.T) {
	for _, dir := range []string{".", "wire"} {
		for _, why := range impurities(t, dir, "") {
			t.Error(why)
		}
	}
}

// TestPureCanFail gives the check something to find.
func TestPureCanFail(t *testing.T) {
	for want, src := range map[string]string{
		"map":       `package p; func f(m map[int]int) { for range m {} }`,
		"goroutine": `package p; func f() { go f() }`,
		"channel":   `package p; func f(c chan int) { <-c }`,
		"float":     `package p; func f(a int) int { return int(1.5 * float64(a)) }`,
		"import":    `package p; import "time"; var now = time.Now`,
		"chance":    `package p; import "crypto/ed25519"; var g = ed25519.GenerateKey`,
		"state":     `package p; var n int; func f() { n++ }`,
	} {
		if got := impurities(t, "", src); len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: found %q", want, got)
		}
	}
}

// impurities type-checks a folder's files, or src, and says what is impure.
func impurities(t *testing.T, dir, src string) (found []string) {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	if src != "" {
		files = append(files, must[*ast.File](t)(parser.ParseFile(fset, "src.go", src, 0)))
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, n := range names {
		if src == "" && !strings.HasSuffix(n, "_test.go") {
			files = append(files, must[*ast.File](t)(parser.ParseFile(fset, n, nil, 0)))
		}
	}
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object)}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", exports(t))}
	pkg, err := conf.Check("p", fset, files, info)
	if err != nil {
		t.Fatal(err)
	}
	say := func(n ast.Node, why string) {
		found = append(found, fset.Position(n.Pos()).String()+": "+why)
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			inspect(n, info, pkg, say)
			return true
		})
	}
	return found
}

func inspect(n ast.Node, info *types.Info, pkg *types.Package, say func(ast.Node, string)) {
	switch n := n.(type) {
	case *ast.ImportSpec:
		if path := strings.Trim(n.Path.Value, `"`); !slices.Contains(allowed, path) {
			say(n, "import of "+path+", which is not on the list of pure ones")
		}
	case *ast.GoStmt:
		say(n, "a goroutine makes the order of things a matter of chance")
	case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
		say(n, "a channel makes the order of things a matter of chance")
	case *ast.RangeStmt:
		if _, ok := info.Types[n.X].Type.Underlying().(*types.Map); ok {
			say(n, "a map is iterated in another order each time")
		}
	case *ast.Ident:
		obj := info.Uses[n]
		if obj == nil || obj.Pkg() == nil {
			return
		}
		if name := obj.Pkg().Path() + "." + obj.Name(); slices.Contains(forbidden, name) || obj.Pkg().Path() == "time" {
			say(n, name+" brings in chance or time")
		}
		if v, ok := obj.(*types.Var); ok && v.Parent() == pkg.Scope() && v.Name() != "Standard" && v.Name() != "vectors" {
			say(n, "the variable "+v.Name()+" is state outside the arguments")
		}
	case ast.Expr:
		if b, ok := info.Types[n].Type.(*types.Basic); ok && b.Info()&(types.IsFloat|types.IsComplex) != 0 {
			say(n, "a float is rounded in ways of its own")
		}
	}
}

// exports finds the compiled imports, as the go command has them in its cache.
func exports(t *testing.T) func(string) (io.ReadCloser, error) {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", "time"}, allowed...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for line := range bytes.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(string(line)), "\t")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, errors.New(path + " is not on the list of pure imports")
		}
		return os.Open(files[path])
	}
}
