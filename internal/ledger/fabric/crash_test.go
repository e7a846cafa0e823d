package fabric_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
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
		eventually(t, fmt.Sprintf("the orderer is tried again after crash %d", crashes), func() error {
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
