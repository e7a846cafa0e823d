package fabric

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A member writes the address of its peer alone. One that nobody can call keeps no
// node from the peers of the others.
func TestAnAddressThatCannotBeCalled(t *testing.T) {
	h, bad, good := atHome(t, "a.example", time.Now), atHome(t, "b.example", time.Now), atHome(t, "c.example", time.Now)
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	called := make(chan struct{})
	go func() {
		if c, err := at.Accept(); err == nil {
			close(called)
			_ = c.Close()
		}
	}()
	var founders []channel.Founder
	for _, m := range []*Home{h, bad, good} {
		own, err := m.IntroduceByFile("")
		if err != nil {
			t.Fatal(err)
		}
		switch m {
		case bad:
			own.Member.Host = "q.z" // what it writes later, see below
		case good:
			own.Member.Host, own.Member.Port = "127.0.0.1", at.Addr().(*net.TCPAddr).Port
		}
		founders = append(founders, channel.Founder{Member: own.Member, Consenter: *own.Orderer})
	}
	first, err := channel.Founding{Channel: channel.Name, Founders: founders}.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	first.Data.Data[0] = bytes.ReplaceAll(first.Data.Data[0], []byte("q.z"), []byte("%zz"))
	cfg, err := channel.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	h.cache[channel.Name] = &view{block: first, config: cfg}
	h.Prefer([]string{"b.example", "c.example"})
	if _, err := h.reach(t.Context(), channel.Name); !errors.Is(err, errNobody) {
		t.Errorf("of two that do not answer: %v", err)
	}
	select {
	case <-called:
	case <-time.After(5 * time.Second):
		t.Error("the other was not called")
	}
}
