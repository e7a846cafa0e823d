package web_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
)

// unseen are the packages below internal whose faults no page shows, and why.
var unseen = map[string]string{
	"api":                  "its own faults are about requests that programs make",
	"app":                  "the command line and the configuration",
	"ledger/fabric/block":  "the command line: 9ten verify --block; an audit says that the ledger does not hold",
	"ledger/fabric/doctor": "the command line: 9ten ledger doctor",
	"ledger/fabric/org":    "the node's own files: the log and the command line",
	"listen":               "claims and keys come from scripts, which say it in their own words",
	"royalty":              "formats and proofs: a page shows them checked, or the audit fails",
	"royalty/wire":         "as royalty",
	"tlog":                 "the log's own files; what a page asks of it is in report",
}

// betweenNodes are the files of the contract about what nodes record by
// themselves, every day and month: their own node asks for nothing that is
// refused. What an operator decides and a listener contests is said in words.
var betweenNodes = []string{"act", "adoption", "anchor", "batch", "beacon", "brought", "carrier", "client", "forfeit", "moved", "pack", "params", "recorded", "relay", "settlement", "types"}

// shown are the fields that pages show as words when Go code fills them.
var shown = map[string]bool{"Label": true, "Help": true, "Text": true, "Title": true, "Go": true, "Remedy": true, "said": true}

// sayers are the functions that take a fault's format or a notice, and the
// place of it among their arguments.
var sayers = map[string]int{
	"fault.New": 1, "fault.On": 2, "fault.Wrap": 2, "fault.Later": 1, "fault.Term": 0,
	"v.say": 0, "v.words": 0, "v.base": 0, "v.goTo": 1, "v.back": 0,
}

// A source is the Go code of one package.
type source struct {
	files  map[string]*ast.File
	consts map[string]string
	takers map[string]int // functions of the package that hand an argument on to a sayer
	says   map[string]string
	blind  []string // sayers whose words cannot be followed
	set    *token.FileSet
}

// TestFaultsAndNoticesAreGerman reads the program: whatever a fault that can
// reach a page says, and whatever pages say in Go, has German words.
func TestFaultsAndNoticesAreGerman(t *testing.T) {
	_, _, words := newRenderer(t)
	for dir, why := range unseen {
		if len(read(t, filepath.Join("..", dir)).files) == 0 {
			t.Errorf("%s (%s) is no package", dir, why)
		}
	}
	n := 0
	err := filepath.WalkDir("..", func(dir string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() || unseen[strings.TrimPrefix(filepath.ToSlash(dir), "../")] != "" {
			return err
		}
		p := read(t, dir)
		if strings.HasSuffix(filepath.ToSlash(dir), "/contract") {
			for _, name := range betweenNodes {
				delete(p.files, filepath.Join(dir, name+".go"))
			}
		}
		p.collect()
		n += len(p.says)
		for _, s := range slices.Sorted(maps.Keys(p.says)) {
			if words.Missing(language.German, s) {
				t.Errorf("%s says %q, which strings/de-*.json lacks", p.says[s], s)
			}
		}
		for _, b := range p.blind {
			t.Errorf("%s: the format of this fault is neither written here nor an argument called so", b)
		}
		return nil
	})
	if err != nil || n < 500 {
		t.Errorf("%d sentences found, %v", n, err)
	}
}

func read(t *testing.T, dir string) *source {
	t.Helper()
	p := &source{files: map[string]*ast.File{}, consts: map[string]string{}, takers: map[string]int{}, says: map[string]string{}, set: token.NewFileSet()}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(p.set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		p.files[name] = f
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, name := range v.Names {
					if s, ok := p.text(v.Values[i]); ok && name.Obj != nil && name.Obj.Kind == ast.Con {
						p.consts[name.Name] = s
					}
				}
			}
			return true
		})
	}
	return p
}

// text returns the text that an expression is, when it is written out.
func (p *source) text(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil && x.Kind == token.STRING
	case *ast.BinaryExpr:
		a, aok := p.text(x.X)
		b, bok := p.text(x.Y)
		return a + b, aok && bok && x.Op == token.ADD
	case *ast.Ident:
		s, ok := p.consts[x.Name]
		return s, ok
	}
	return "", false
}

// collect finds what the package says.
func (p *source) collect() {
	for _, f := range p.files {
		p.forwards(f)
	}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CallExpr:
				p.call(x)
			case *ast.KeyValueExpr:
				if k, ok := x.Key.(*ast.Ident); ok && shown[k.Name] && f.Name.Name == "site" {
					p.say(x.Value)
				}
			case *ast.AssignStmt:
				p.assigned(x)
			case *ast.ValueSpec:
				p.table(x)
			}
			return true
		})
	}
	for _, s := range p.consts {
		if sentence.MatchString(s) {
			p.says[s] = p.name() + " (a constant)"
		}
	}
}

// sentence tells constants that are said from others.
var sentence = regexp.MustCompile(`^[A-Z][^/]* .*\.$`)

func (p *source) name() string {
	for _, f := range p.files {
		return f.Name.Name
	}
	return ""
}

func (p *source) say(e ast.Expr) bool {
	s, ok := p.text(e)
	if ok && strings.Trim(s, " %svdq") != "" {
		p.says[s] = p.set.Position(e.Pos()).String()
	}
	return ok
}

// called names the function of a call as sayers do.
func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// place returns which argument of a call is said.
func (p *source) place(c *ast.CallExpr) (int, bool) {
	name := called(c)
	i, ok := sayers[name]
	if !ok {
		i, ok = p.takers[name]
	}
	return i, ok && i < len(c.Args)
}

// call takes what a call says.
func (p *source) call(c *ast.CallExpr) {
	i, ok := p.place(c)
	if !ok || p.say(c.Args[i]) || !strings.HasPrefix(called(c), "fault.") || called(c) == "fault.Term" {
		return
	}
	if x, ok := c.Args[i].(*ast.Ident); !ok || x.Name != "format" {
		p.blind = append(p.blind, p.set.Position(c.Pos()).String())
	}
}

// forwards finds the functions that hand one of their arguments to a sayer.
func (p *source) forwards(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.FuncDecl:
			p.taker(x.Name.Name, x.Type, x.Body)
		case *ast.AssignStmt:
			name, ok := x.Lhs[0].(*ast.Ident)
			if lit, isFunc := x.Rhs[0].(*ast.FuncLit); ok && isFunc {
				p.taker(name.Name, lit.Type, lit.Body)
			}
		}
		return true
	})
}

func (p *source) taker(name string, t *ast.FuncType, body *ast.BlockStmt) {
	at, n := map[string]int{}, 0
	for _, field := range t.Params.List {
		for _, param := range field.Names {
			at[param.Name], n = n, n+1
		}
	}
	if body == nil {
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if i, ok := sayers[called(c)]; ok && i < len(c.Args) {
			if x, ok := c.Args[i].(*ast.Ident); ok {
				if param, ok := at[x.Name]; ok {
					p.takers[name] = param
				}
			}
		}
		return true
	})
}

// assigned takes notices that wait in a variable called said.
func (p *source) assigned(a *ast.AssignStmt) {
	for i, l := range a.Lhs {
		if x, ok := l.(*ast.Ident); ok && x.Name == "said" && len(a.Rhs) == len(a.Lhs) {
			p.say(a.Rhs[i])
		}
	}
}

// table takes the words of tables called so: a map from a kind to its words.
func (p *source) table(v *ast.ValueSpec) {
	if len(v.Names) != 1 || len(v.Values) != 1 || !strings.HasSuffix(v.Names[0].Name, "Words") {
		return
	}
	if lit, ok := v.Values[0].(*ast.CompositeLit); ok {
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				p.say(kv.Value)
			}
		}
	}
}

var verbs = regexp.MustCompile(`%(?:\[(\d)\])?[0-9.]*([a-z%])`)

// samples are arguments for a key, and how each shows in a sentence.
func samples(key string) (args []any, seen []string) {
	for _, m := range verbs.FindAllStringSubmatch(key, -1) {
		n := len(args) + 1
		if i, err := strconv.Atoi(m[1]); err == nil && i != n {
			continue // said before
		}
		switch text := "x" + strconv.Itoa(n); m[2] {
		case "%":
		case "d":
			args, seen = append(args, 70+n), append(seen, strconv.Itoa(70+n))
		default:
			args, seen = append(args, text), append(seen, text)
		}
	}
	return args, seen
}

// TestGermanSaysWhatEnglishSays fills every sentence in.
func TestGermanSaysWhatEnglishSays(t *testing.T) {
	_, _, words := newRenderer(t)
	for _, key := range words.Keys(language.German) {
		args, seen := samples(key)
		got := words.Say(language.German, key, args...)
		if strings.Contains(got, "%!") || got == "" {
			t.Errorf("%q with %v is %q in German", key, args, got)
		}
		for _, s := range seen {
			if !strings.Contains(got, s) {
				t.Errorf("%q with %v is %q in German: %s is not said", key, args, got, s)
			}
		}
	}
}

func TestKeptSentencesAreRecognised(t *testing.T) {
	_, _, words := newRenderer(t)
	for _, tt := range []struct{ text, want string }{
		{"This is a video. Export its sound as FLAC or WAV and upload that.", "Das ist ein Video. Exportiere seinen Ton als FLAC oder WAV und lade den hoch."},
		{"This file is damaged at 3:07. Export the track again.", "Diese Datei ist bei 3:07 beschädigt. Exportiere das Stück neu."},
		{`"a \"b\".mp3" is the same file as track 2, "Ebb". It was not added twice.`, `„a "b".mp3“ ist dieselbe Datei wie Stück 2, „Ebb“. Sie wurde nicht noch einmal hinzugefügt.`},
		{"This file has a sample rate of 384000 Hz, which no player can play. Export it at 44.1 or 48 kHz.", "Diese Datei hat eine Abtastrate von 384.000 Hz, die kein Abspieler spielen kann. Exportiere sie mit 44,1 oder 48 kHz."},
		{"A moderator's own words.", "A moderator's own words."},
	} {
		if got := words.Kept(language.German, tt.text); got != tt.want {
			t.Errorf("%q is kept as %q, want %q", tt.text, got, tt.want)
		}
		if got := words.Kept(language.English, tt.text); got != tt.text {
			t.Errorf("English makes %q of %q", got, tt.text)
		}
	}
}

func TestFaultsAreSaidInTheLanguage(t *testing.T) {
	_, _, words := newRenderer(t)
	say := func(lang language.Tag, err error) string {
		format, args := fault.Words(err)
		return words.Say(lang, format, args...)
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fault.New(fault.Conflict, "%v is not settled.", calendar.Period(202610)), "2026-10 ist nicht abgerechnet."},
		{fault.New(fault.Invalid, "%s has %d characters; %d are the most it can have.", fault.Term("The title"), 1301, 300), "Der Titel hat 1.301 Zeichen; höchstens 300 sind möglich."},
		{fault.About("amount", fault.New(fault.Invalid, "%q is no amount: write dollars like 10 or 9.50.", "ten")), "„ten“ ist kein Betrag: Schreib Dollar wie 10 oder 9.50."},
		{fault.New(fault.Conflict, "The trees of %v do not fit together: %s", calendar.Period(202610), fault.Term("The title")), "Die Bäume von 2026-10 passen nicht zusammen: Der Titel"},
		{fault.New(fault.Invalid, "%v is below one cent and is not booked.", money.Micro(2140000)), "$2.14 ist weniger als ein Cent und wird nicht gebucht."},
		{errors.New("sql: broken"), "Auf diesem Knoten ging etwas schief. Näheres steht im Protokoll des Knotens."},
		{fault.New(fault.Invalid, "A sentence of tomorrow: %05d.", 7), "A sentence of tomorrow: 00007."},
	} {
		if got := say(language.German, tt.err); got != tt.want {
			t.Errorf("%v is %q in German, want %q", tt.err, got, tt.want)
		}
		if got := say(language.English, tt.err); got != fault.Message(tt.err) {
			t.Errorf("%v is %q in English", tt.err, got)
		}
	}
}

var (
	scripted = regexp.MustCompile(`\bt\(\s*"((?:[^"\\]|\\.)+)"`)
	either   = regexp.MustCompile(`\bt\([^"()]+ \? "((?:[^"\\]|\\.)+)" : "((?:[^"\\]|\\.)+)"`)
	tabled   = regexp.MustCompile(`(?s)const sentences\b.*?\n};`)
	inQuotes = regexp.MustCompile(`"((?:[^"\\]|\\.)+)"`)
	german   = regexp.MustCompile(`(?m)^  (?:"((?:[^"\\]|\\.)+)"|(\w+)):`)
)

// TestScriptsAreGerman looks for the words of the scripts in their own table.
func TestScriptsAreGerman(t *testing.T) {
	files, err := filepath.Glob("../../web/src/*.ts")
	if err != nil {
		t.Fatal(err)
	}
	says, knows := map[string]string{}, map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(filepath.Base(f), "words") {
			for _, m := range german.FindAllStringSubmatch(string(b), -1) {
				knows[m[1]+m[2]] = true
			}
			continue
		}
		for _, m := range scripted.FindAllStringSubmatch(string(b), -1) {
			says[m[1]] = f
		}
		for _, m := range either.FindAllStringSubmatch(string(b), -1) {
			says[m[1]], says[m[2]] = f, f
		}
		for _, m := range inQuotes.FindAllStringSubmatch(tabled.FindString(string(b)), -1) {
			says[m[1]] = f
		}
	}
	for _, s := range slices.Sorted(maps.Keys(says)) {
		if !knows[s] {
			t.Errorf("%s says %q, which web/src/words*.ts lack", says[s], s)
		}
	}
	if len(says) < 80 {
		t.Errorf("only %d sentences found", len(says))
	}
}
