package web

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/notice"
)

// Say says a sentence of the program, such as a fault's, in the language of a
// request. See [Catalogue.Say].
func (r *Renderer) Say(req *http.Request, format string, args ...any) string {
	return r.words.Say(r.words.Match("", req), format, args...)
}

// Told is what a notice says, in the language of a request.
func (r *Renderer) Told(req *http.Request, n *notice.Notice) string {
	return r.words.Told(r.words.Match("", req), n)
}

// Month names a month in the language of a request: "October 2026".
func (r *Renderer) Month(req *http.Request, t time.Time) string {
	return monthName(r.words.Match("", req), t.UTC().Month()) + " " + strconv.Itoa(t.UTC().Year())
}

// Say says a sentence in a language. Unlike [Catalogue.T] it says a [fault.Term]
// among its arguments in that language too, and a sentence the language lacks
// exactly as package fmt writes it.
func (c *Catalogue) Say(lang language.Tag, format string, args ...any) string {
	args = slices.Clone(args)
	for i, a := range args {
		if t, ok := a.(fault.Term); ok {
			args[i] = c.Kept(lang, string(t))
		}
	}
	if !c.Knows(lang, format) {
		return fmt.Sprintf(format, args...)
	}
	return c.T(lang, format, args...)
}

// Kept says a fault's sentence that was kept as English text: beside a track in
// the database, or by another process. What is not recognised stays as it is.
func (c *Catalogue) Kept(lang language.Tag, text string) string {
	if c.Knows(lang, text) {
		return c.T(lang, text)
	}
	for _, p := range c.kept[lang] {
		if args, ok := p.match(text); ok {
			return c.T(lang, p.key, args...)
		}
	}
	return text
}

// A pattern recognises what a format has become.
type pattern struct {
	key   string
	verbs []byte
	text  func() *regexp.Regexp // compiled when it is needed: most nodes never need most of them
}

var verb = regexp.MustCompile(`%[0-9]*[a-z%]`)

// newPattern makes the pattern of a format with the verbs %s, %v, %q and %d.
func newPattern(key string) pattern {
	p := pattern{key: key}
	var b strings.Builder
	rest := key
	for at := verb.FindStringIndex(rest); at != nil; at = verb.FindStringIndex(rest) {
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		v := rest[at[1]-1]
		switch v {
		case '%':
			b.WriteByte('%')
		case 'd':
			b.WriteString(`(\d+)`)
		case 'q':
			b.WriteString(`("(?:[^"\\]|\\.)*")`)
		default:
			b.WriteString(`(.+?)`)
		}
		if v != '%' {
			p.verbs = append(p.verbs, v)
		}
		rest = rest[at[1]:]
	}
	b.WriteString(regexp.QuoteMeta(rest))
	p.text = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)^` + b.String() + `$`) })
	return p
}

// longest puts the format that says most first: it leaves least to chance.
func longest(a, b pattern) int {
	return cmp.Or(cmp.Compare(len(b.key), len(a.key)), cmp.Compare(a.key, b.key))
}

// match returns the arguments that make the text of the format.
func (p pattern) match(text string) ([]any, bool) {
	found := p.text().FindStringSubmatch(text)
	if found == nil {
		return nil, false
	}
	args := make([]any, len(p.verbs))
	for i, s := range found[1:] {
		var err error
		switch args[i] = s; p.verbs[i] {
		case 'd':
			args[i], err = strconv.ParseInt(s, 10, 64)
		case 'q':
			args[i], err = strconv.Unquote(s)
		}
		if err != nil {
			return nil, false
		}
	}
	return args, true
}
