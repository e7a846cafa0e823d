package child

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A Line is what a child said.
type Line struct {
	Level  slog.Level
	Logger string // Fabric's name for the part of it that speaks
	Text   string
	Attrs  []slog.Attr // what Fabric adds in fields of their own
}

// Long lines are cut: nobody reads them, and a child must not fill our memory.
const (
	maxLine  = 64 << 10
	maxText  = 2000
	maxField = 500
)

// levels says what Fabric's levels are to the node's log. Its info tells an
// operator what it is doing, not what is the matter: ours at debug.
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelDebug, "warn": slog.LevelWarn,
	"error": slog.LevelError, "dpanic": slog.LevelError, "panic": slog.LevelError, "fatal": slog.LevelError,
}

// abbreviated are those levels on the console; what is none of them is debug.
var abbreviated = map[string]slog.Level{
	"DEBU": slog.LevelDebug, "INFO": slog.LevelDebug, "WARN": slog.LevelWarn,
	"ERRO": slog.LevelError, "DPAN": slog.LevelError, "PANI": slog.LevelError, "FATA": slog.LevelError,
}

// parse reads one line. Fabric writes JSON when FABRIC_LOGGING_FORMAT says so;
// what comes before that, and what the Go runtime says when a command
// crashes, is plain text.
func parse(line []byte) Line {
	line = bytes.TrimSpace(line)
	var fields map[string]json.RawMessage
	if len(line) == 0 || line[0] != '{' || json.Unmarshal(line, &fields) != nil {
		return plain(string(line))
	}
	take := func(key string) string {
		s := text(fields[key])
		delete(fields, key)
		return s
	}
	level, known := levels[take("level")]
	if !known {
		return plain(string(line))
	}
	l := Line{Level: level, Logger: take("name"), Text: short(take("msg"), maxText)}
	for _, more := range []string{"ts", "caller", "stacktrace", "errorVerbose"} { // where in Fabric's source: for its developers
		delete(fields, more)
	}
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		l.Attrs = append(l.Attrs, slog.String(short(k, maxField), short(text(fields[k]), maxField)))
	}
	return hush(l)
}

// console is how Fabric writes before it has read how it should.
var console = regexp.MustCompile(`^\S+ \S+ UTC [0-9a-f]+ ([A-Z]{4}) \[([^\]]*)\] \S+ -> (.*)$`)

// colour is an escape sequence of a terminal.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// plain is a line that is not JSON. Of what the Go runtime says at a crash the
// first line matters, and the rest is for Fabric's developers.
func plain(s string) Line {
	s = colour.ReplaceAllString(s, "")
	if m := console.FindStringSubmatch(s); m != nil {
		return Line{Level: cmp.Or(abbreviated[m[1]], slog.LevelDebug), Logger: m[2], Text: short(m[3], maxText)}
	}
	l := Line{Level: slog.LevelDebug, Text: short(s, maxText)}
	for _, last := range []string{"panic: ", "fatal error: ", "Error: ", "runtime: "} {
		if strings.HasPrefix(s, last) {
			l.Level = slog.LevelError
		}
	}
	return l
}

// text is a JSON string as it reads, and any other value as it is written.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// short makes s valid, one line and at most n bytes long.
func short(s string, n int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) <= n {
		return s
	}
	s = s[:n]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

// remembered is how many of a child's last words are kept for who asks why it
// ended.
const remembered = 8

// Said is one of the last things a child complained about.
type Said struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// An ear takes what a child writes, gives it to the log line by line, and
// remembers the last complaints.
type ear struct {
	role Role
	log  *slog.Logger
	rest []byte // the line that is not complete yet
	skip bool   // what is left of a line that was too long

	mu   sync.Mutex
	said []Said          // oldest first
	nags map[string]*nag // by what they say
}

// Write never fails: a log that cannot be written must not stop a child.
func (e *ear) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		line, more, whole := bytes.Cut(b, []byte{'\n'})
		if !e.skip {
			e.rest = append(e.rest, line[:min(len(line), maxLine-len(e.rest))]...)
		}
		b = more
		if whole || len(e.rest) == maxLine && !e.skip {
			e.hear(e.rest)
			e.rest, e.skip = e.rest[:0], !whole
		}
		if whole {
			e.skip = false
		}
	}
	return n, nil
}

// end takes a last line that was not ended.
func (e *ear) end() {
	if len(e.rest) > 0 {
		e.hear(e.rest)
	}
	e.rest, e.skip = nil, false
}

func (e *ear) hear(line []byte) {
	l := parse(line)
	if l.Text == "" {
		return
	}
	attrs := []slog.Attr{slog.String("from", string(e.role))}
	if l.Logger != "" {
		attrs = append(attrs, slog.String("part", l.Logger))
	}
	attrs = append(attrs, l.Attrs...)
	if l.Level < slog.LevelWarn {
		e.log.LogAttrs(context.Background(), l.Level, l.Text, attrs...)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now, level := time.Now(), l.Level
	more, quiet := e.known(l, now)
	if quiet {
		level = slog.LevelDebug
	} else if more > 0 {
		attrs = append(attrs, slog.Int("also", more)) // times since it was logged last
	}
	e.log.LogAttrs(context.Background(), level, l.Text, attrs...)
	if e.said = append(e.said, Said{At: now.UTC(), Text: l.whole()}); len(e.said) > remembered {
		e.said = e.said[1:]
	}
}

// since returns the last complaints from a time on, oldest first.
func (e *ear) since(t time.Time) []Said {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.said), func(s Said) bool { return s.At.Before(t) })
}
