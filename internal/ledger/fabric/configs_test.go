package fabric

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// histories are the configurations that a node keeps.
func histories(t *testing.T, h *Home) (all []*cb.Block) {
	t.Helper()
	k, err := h.history(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range k.Len() {
		b, err := k.Block(i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	return all
}

// lasting has a peer's ledger of 3 blocks for each of n configurations after the
// first, of which the third is one.
func (s *scene) lasting(t *testing.T, n int) {
	t.Helper()
	s.blocks = map[string]*cb.Block{"0": s.first}
	last := uint64(0)
	for i := range uint64(3*n + 1) {
		var b *cb.Block
		switch {
		case i == 0:
			continue
		case i%3 == 0:
			last = i
			b = configAt(t, s.first, i, i/3, channel.Name, s.member)
			s.config = b
		default:
			b = &cb.Block{Header: &cb.BlockHeader{Number: i}, Data: &cb.BlockData{}, Metadata: &cb.BlockMetadata{Metadata: [][]byte{pack(t, &cb.Metadata{Value: pack(t, &cb.OrdererBlockMetadata{LastConfig: &cb.LastConfig{Index: last}})})}}}
		}
		s.blocks[strconv.FormatUint(i, 10)] = b
	}
}

// However many configurations there are, a node comes to the newest: those that a
// walk back does not reach are looked for, and each that was checked is kept. What
// is said between goes on from there, and the file is what anybody can check.
func TestThereAreNotTooManyConfigurations(t *testing.T) {
	const n = walked + 20
	s := newScene(t)
	s.lasting(t, n)
	if err := s.reach(t); err != nil {
		t.Fatal(err)
	}
	missing := strconv.Itoa(3 * 30)
	away := s.blocks[missing]
	delete(s.blocks, missing)
	v := &view{far: true}
	if _, err := s.client.stepConfig(t.Context(), channel.Name, v); err == nil || len(histories(t, s.client)) != 30 {
		t.Errorf("with a block that is missing %d are kept (%v)", len(histories(t, s.client)), err)
	}
	s.blocks[missing] = away
	if err := s.reach(t); err != nil {
		t.Fatal(err)
	}
	s.asked = 0
	if _, err := s.client.stepConfig(t.Context(), channel.Name, v); err != nil || v.config.Sequence != n {
		t.Fatalf("sequence %d of %d: %v", v.config.Sequence, n, err)
	}
	if most := 2*walked + 10*12 + n; s.asked > most {
		t.Errorf("it asked for %d blocks, more than %d", s.asked, most)
	}
	k, err := s.client.history(channel.Name)
	if err != nil || k.Len() != n+1 {
		t.Fatalf("%d are kept (%v)", k.Len(), err)
	}
	defer k.Close()
	for at, want := range map[uint64]uint64{1: 0, 3: 0, 4: 1, 299: 99, 300: 99, 301: 100, 3*n + 9: n} {
		course, err := k.Course()
		if err != nil {
			t.Fatal(err)
		}
		if cfg, err := course.At(at); err != nil || cfg.Sequence != want {
			t.Errorf("block %d is by configuration %d, want %d (%v)", at, cfg.Sequence, want, err)
		}
		if before, err := k.Before(at); err != nil || uint64(before) != want+1 {
			t.Errorf("%d are before block %d, want %d (%v)", before, at, want+1, err)
		}
	}
}

// A peer that shows configurations without end is found out with the first.
func TestEndlessConfigurations(t *testing.T) {
	s := newScene(t)
	s.lasting(t, 40)
	s.config = configAt(t, s.first, 120, 40, channel.Name, nil)
	s.blocks["3"] = configAt(t, s.first, 3, 1, channel.Name, nil)
	if err := s.reach(t); err != nil {
		t.Fatal(err)
	}
	c, err := s.client.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	way, err := c.walkBack(t.Context(), 0, 120, 5)
	if err != nil || len(way.ahead) != 5 || way.from != 105 {
		t.Fatalf("%+v %v", way, err)
	}
	for _, last := range []uint64{0, 3, 60, 102, 105, 108, 117} {
		if at, err := way.after(t.Context(), last); err != nil || at != last+3 {
			t.Errorf("after %d comes %d (%v)", last, at, err)
		}
	}
	if at, err := way.after(t.Context(), 120); err == nil {
		t.Errorf("after the newest comes %d", at)
	}
	if _, err := s.client.stepConfig(t.Context(), channel.Name, &view{far: true}); err == nil || len(histories(t, s.client)) != 1 {
		t.Errorf("%d are kept (%v)", len(histories(t, s.client)), err)
	}
}

// A node that is killed while it writes goes on from what was whole, and two that
// find the same configuration at once keep it once.
func TestConfigurationsAreKeptWholeAndOnce(t *testing.T) {
	s := newScene(t)
	path := filepath.Join(s.client.Dir(), configsFile(channel.Name))
	s.lasting(t, 6)
	for i, torn := range []string{"", "\xff", "\x7f", "\x80\x08 half of it"} {
		if f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
			_, err = f.WriteString(torn)
			if err = errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
		}
		b := s.blocks[strconv.Itoa(3*(i+1))]
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if err := s.client.keep(channel.Name, b); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := histories(t, s.client); len(got) != i+2 || !same(got[i+1], b) {
			t.Errorf("after %q %d are kept, want %d", torn, len(got), i+2)
		}
	}
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.newest(channel.Name); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), path) {
		t.Errorf("where not even the first is whole: %v", err)
	}
}

// A member fills the configurations up. They are never all in memory.
func TestLargeConfigurationsAreReadOneAtATime(t *testing.T) {
	const n, size = 60, 2 << 20
	h := homeAt(t, "a.example", 9020, false)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	junk := make([]byte, size)
	if _, err := rand.Read(junk); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(n) {
		if err := h.keep(channel.Name, &cb.Block{Header: &cb.BlockHeader{Number: i + 1}, Data: &cb.BlockData{Data: [][]byte{junk}}}); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b, err := h.newest(channel.Name)
	if err != nil || b.GetHeader().GetNumber() != n {
		t.Fatalf("%d: %v", b.GetHeader().GetNumber(), err)
	}
	k, err := h.history(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if written, err := io.Copy(io.Discard, k.First(k.Len())); err != nil || written < n*size {
		t.Errorf("%d bytes are handed out (%v)", written, err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 6*size {
		t.Errorf("to read the newest and to hand out all took %d bytes of memory", took)
	}
	if _, err := block.NewHistory(bytes.NewReader([]byte("\xff\xff\xff\xff\x7fmore")), 9); err == nil {
		t.Error("a block of gigabytes is read")
	}
}
