package fabric_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// said keeps what a node logs.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A peer whose data was moved away fetches everything, and the log has no errors of
// it: that it has what its organisation approved as a hash alone is as it should be.
func TestAPeerThatStartsAnewHasNoComplaints(t *testing.T) {
	dir, port := t.TempDir(), fabrictest.Ports(t)
	h := openIn(t, dir, "a.example", port, time.Now)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	n := start(t, h, "a.example")
	n.register(t)
	n.stop()
	data := filepath.Join(dir, "peer", "data")
	if err := os.Rename(data, data+".before"); err != nil {
		t.Fatal(err)
	}
	log := new(said)
	again, err := fabric.Open(fabric.Config{Dir: dir, Node: "a.example", Bin: fabrictest.Bin(t), Host: "127.0.0.1", Listen: "127.0.0.1", Port: port, Contracts: versions(t), Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	n = start(t, again, "a.example")
	eventually(t, "it works", n.ready)
	for range 5 {
		n.Wake()
		time.Sleep(500 * time.Millisecond)
	}
	if _, err := n.contract(t).Node(t.Context(), "a.example"); err != nil {
		t.Errorf("%s does not have what was recorded: %v", channel.Name, err)
	}
	n.stop()
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "level=ERROR") {
			t.Error(line)
		}
	}
}
