package fabric_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// While another program has its orderer's port a node, which looks at its channel
// all the time, tries the orderer in the pauses that it tells of, and at once with
// other certificates. It is well once the port is free.
func TestCrashesArePaused(t *testing.T) {
	h, port := openAt(t, "a.example")
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	n := start(t, h, "a.example")
	// again waits until the orderer is tried again after so many crashes, and
	// returns how long after the last.
	again := func(crashes int) (after time.Duration) {
		t.Helper()
		often(t, 2*time.Millisecond, fmt.Sprintf("the orderer is tried again after crash %d", crashes), func() error {
			s := n.Child(child.Orderer)
			if s.Crashes < crashes || s.Crashes == crashes && s.PID == 0 {
				return fmt.Errorf("%+v", s)
			}
			if s.Crashes > crashes {
				t.Fatalf("crash %d was not seen", crashes)
			}
			after = s.Since.Sub(s.Exit.At)
			return nil
		})
		return after
	}
	pause := 200 * time.Millisecond
	for crashes := 1; crashes <= 5; crashes++ {
		if after := again(crashes); after < pause {
			t.Errorf("after crash %d it is tried again in %v, not in %v", crashes, after, pause)
		}
		pause *= 2
	}
	eventually(t, "it crashes once more", func() error {
		s := n.Child(child.Orderer)
		if s.Crashes < 6 {
			return fmt.Errorf("%+v", s)
		}
		if last := s.Exit.Said[len(s.Exit.Said)-1].Text; !strings.Contains(last, "address already in use") {
			t.Errorf("its last words are %q", last)
		}
		return nil
	})
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Renew(true); err != nil {
		t.Fatal(err)
	}
	if after := again(6); after >= pause {
		t.Errorf("with another certificate it is tried again after %v only", after)
	}
	eventually(t, "it works", n.ready)
}

// A peer that hangs is named as what it is, and the orderer beside it as well; it
// is nobody else's program on its port, and the node that runs need not be started.
func TestHangingPeer(t *testing.T) {
	n := found(t, "a.example")
	pid := n.PID(child.Peer)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }() // so that it stops when asked
	eventually(t, "the peer hangs, the orderer is well", func() error {
		servers, err := n.Servers(t.Context())
		if err != nil || len(servers) != 2 || servers[0].Well || !servers[1].Well {
			return fmt.Errorf("%+v (%w)", servers, err)
		}
		return nil
	})
	list, err := n.Examine(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		switch f.Name {
		case "ports", "orderer", "orderers":
			if !f.OK {
				t.Errorf("%+v", f)
			}
		case "peer":
			if f.OK || !strings.Contains(f.Detail, fmt.Sprintf("process %d", pid)) || strings.Contains(f.Remedy, "9ten serve") {
				t.Errorf("%+v", f)
			}
		}
	}
}
