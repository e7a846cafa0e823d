package child

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	const panicked = `{"level":"panic","ts":1764135000.1,"name":"nodeCmd","caller":"node/start.go:231","msg":"could not start\nthe peer","stacktrace":"main.main\n\t/x.go:1"}`
	for line, want := range map[string]Line{
		panicked: {Level: slog.LevelError, Logger: "nodeCmd", Text: "could not start the peer"},
		`{"level":"info","ts":1,"name":"endorser","caller":"x","msg":"finished"}`:                                                              {Level: slog.LevelDebug, Logger: "endorser", Text: "finished"},
		`{"level":"warn","name":"gossip","msg":"lost","channel":"nineten","n":3,"error":"no route"}`:                                           {Level: slog.LevelWarn, Logger: "gossip", Text: "lost", Attrs: []slog.Attr{slog.String("channel", "nineten"), slog.String("error", "no route"), slog.String("n", "3")}},
		`{"level":"error","name":"core.comm","msg":"Server TLS handshake failed in 3.2ms with error EOF","remote address":"203.0.113.9:4411"}`: {Level: slog.LevelDebug, Logger: "core.comm", Text: "Server TLS handshake failed in 3.2ms with error EOF", Attrs: []slog.Attr{slog.String("remote address", "203.0.113.9:4411")}},
		`{"level":"error","name":"core.comm","msg":"Server TLS handshake failed in 3.2ms with error remote error: tls: bad certificate"}`:      {Level: slog.LevelWarn, Logger: "core.comm", Text: "Server TLS handshake failed in 3.2ms with error remote error: tls: bad certificate"},
		`{"level":"error","name":"gateway","msg":"PeersForEndorsement failed.","error":"No metadata was found for chaincode nineten"}`:         {Level: slog.LevelDebug, Logger: "gateway", Text: "PeersForEndorsement failed.", Attrs: []slog.Attr{slog.String("error", "No metadata was found for chaincode nineten")}},
		`{"level":"error","name":"gateway","msg":"PeersForEndorsement failed.","error":"no peers"}`:                                            {Level: slog.LevelError, Logger: "gateway", Text: "PeersForEndorsement failed.", Attrs: []slog.Attr{slog.String("error", "no peers")}},
		`{"level":"warn","name":"gossip.comm","msg":"Authentication failed: Could not acquire policy manager for channel nineten"}`:            {Level: slog.LevelDebug, Logger: "gossip.comm", Text: "Authentication failed: Could not acquire policy manager for channel nineten"},
		`{"level":"fatal","msg":"x"}`:            {Level: slog.LevelError, Text: "x"},
		`{"level":"loud","msg":"x"}`:             {Level: slog.LevelDebug, Text: `{"level":"loud","msg":"x"}`},
		`{"level":`:                              {Level: slog.LevelDebug, Text: `{"level":`},
		"panic: assignment to entry in nil map":  {Level: slog.LevelError, Text: "panic: assignment to entry in nil map"},
		"Error: failed to initialize operations": {Level: slog.LevelError, Text: "Error: failed to initialize operations"},
		"goroutine 1 [running]:":                 {Level: slog.LevelDebug, Text: "goroutine 1 [running]:"},
		"\tgithub.com/x/y.go:12 +0x1d":           {Level: slog.LevelDebug, Text: "github.com/x/y.go:12 +0x1d"},
		"":                                       {Level: slog.LevelDebug},
		"a\x00\xffb":                             {Level: slog.LevelDebug, Text: "a\x00\uFFFDb"},
		"\x1b[34m2026-11-26 05:27:16.130 UTC 0001 INFO\x1b[0m [localconfig] \x1b[34;1mload\x1b[0m -> unset":       {Level: slog.LevelDebug, Logger: "localconfig", Text: "unset"},
		"\x1b[31m2026-11-26 05:27:16.130 UTC 00a1 PANI\x1b[0m [main] \x1b[31;1mInitCmd\x1b[0m -> Cannot run peer": {Level: slog.LevelError, Logger: "main", Text: "Cannot run peer"},
	} {
		if diff := cmp.Diff(want, parse([]byte(line)), cmp.Comparer(func(a, b slog.Attr) bool { return a.Equal(b) })); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

// What a child says arrives line by line, however it is cut up, at its level,
// and the last complaints are kept.
func TestEar(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	e := &ear{role: Orderer, log: log}
	said := `{"level":"info","name":"a","msg":"noise"}
{"level":"warn","name":"consensus","msg":"one","error":"why"}
` + strings.Repeat("x", 3*maxLine) + `
{"level":"error","name":"b","msg":"two"}
panic: three`
	for len(said) > 0 {
		n := min(7, len(said))
		if m, err := e.Write([]byte(said[:n])); m != n || err != nil {
			t.Fatal(m, err)
		}
		said = said[n:]
	}
	e.end()
	const want = `level=WARN msg=one from=orderer part=consensus error=why
level=ERROR msg=two from=orderer part=b
level=ERROR msg="panic: three" from=orderer
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	var texts []string
	for _, s := range e.since(time.Time{}) {
		texts = append(texts, s.Text)
	}
	if diff := cmp.Diff([]string{"one: why", "two", "panic: three"}, texts); diff != "" {
		t.Error(diff)
	}
	for range 2 * remembered {
		e.hear([]byte("Error: again"))
	}
	if n := len(e.since(time.Time{})); n != remembered {
		t.Errorf("%d complaints remembered, %d wanted", n, remembered)
	}
	if n := len(e.since(time.Now().Add(time.Minute))); n != 0 {
		t.Errorf("%d complaints from the future", n)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"level":"warn","name":"gossip","msg":"lost","n":3,"error":"no route"}`))
	f.Add([]byte("\x1b[34m2026-11-26 05:27:16.130 UTC 0001 INFO\x1b[0m [localconfig] \x1b[34;1mload\x1b[0m -> unset"))
	f.Add([]byte("panic: x"))
	f.Fuzz(func(t *testing.T, line []byte) {
		l := parse(line)
		if l.Level != slog.LevelDebug && l.Level != slog.LevelWarn && l.Level != slog.LevelError {
			t.Errorf("level %v", l.Level)
		}
		texts := []string{l.Text}
		for _, a := range l.Attrs {
			texts = append(texts, a.Key, a.Value.String())
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r") || len(s) > maxText+len("…") {
				t.Errorf("not fit for a log: %q", s)
			}
		}
	})
}
