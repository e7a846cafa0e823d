package inbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
)

// What nobody signed is not read at any length: it would fill the memory.
func TestGoodbyeOfThousands(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	if _, err := w.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"type":"Delete","actor":"` + ada.ID + `","object":"` + ada.ID + `","tag":[{}` + strings.Repeat(",{}", 300_000) + `]}`)
	if got := w.send(ada.Request(sig.Cavage, body, w.Now().Add(-2*time.Hour))); got != http.StatusUnauthorized {
		t.Errorf("signed too long ago: %d", got)
	}
	if got := w.send(ada.Request(sig.Cavage, body, w.Now())); got != http.StatusRequestEntityTooLarge {
		t.Errorf("signed: %d", got)
	}
}

// endless is a body of which nobody sees the end, and how much of it was read.
type endless struct{ read int64 }

func (e *endless) Read(b []byte) (int, error) {
	if e.read >= 50<<20 {
		return 0, io.EOF
	}
	for i := range b {
		b[i] = ' '
	}
	e.read += int64(len(b))
	return len(b), nil
}

// Of a body without end no more is read than a document has at most.
func TestBodyWithoutEnd(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	r := ada.Request(sig.Cavage, []byte("{}"), w.Now())
	body := &endless{}
	r.Body, r.ContentLength = io.NopCloser(body), -1
	if got := w.send(r); got != http.StatusRequestEntityTooLarge || body.read > 2*vocab.MaxBytes {
		t.Errorf("%d, %d bytes were read", got, body.read)
	}
}
