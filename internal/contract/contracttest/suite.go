// Package contracttest holds the tests of the contract in a form that any
// ledger can be put through: the embedded one, or a network.
//
// They need no clock that can be moved. What has to be over is over, because
// the periods they settle lie months back.
package contracttest

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
)

// Roles a client may have.
const (
	Admin  = "admin"
	Client = "client"
	Peer   = "peer" // may not write
)

// A Network is an empty ledger and its clients.
type Network interface {
	// As returns the contract as an identity of a node's organisation calls it.
	As(node, role string) contract.Client
	// Now is the network's time.
	Now() time.Time
}

// Run puts fresh ledgers through all tests.
func Run(t *testing.T, open func(*testing.T) Network) {
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"registry", registry},
		{"key rotation", rotation},
		{"operation ids", operations},
		{"who may write", callers},
		{"who may read", readers},
		{"acts and merges", acts},
		{"intents", intents},
		{"approvals", approvals},
		{"past intents", pastIntents},
		{"clusters", clusters},
		{"relay", relay},
		{"anchors", anchors},
		{"beacon of one", beaconAlone},
		{"beacon of three", beaconTogether},
		{"payments", payments},
		{"operator's part", operator},
		{"a month", month},
		{"settlement refused", refusals},
		{"payout batch", batch},
		{"in vain", forfeits},
		{"fault: split", faultSplit},
		{"fault: split after the end", faultLate},
		{"fault: leaf", faultLeaf},
		{"fault: line", faultLine},
		{"fault: sum", faultSum},
		{"fault: root", faultRoot},
		{"fault: invariant", faultInvariant},
		{"fault: row", faultRow},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, newWorld(t, open(t)))
		})
	}
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"adoption", adoption},
		{"adoption refused", adoptionRefused},
		{"adoption in the middle of a day", adoptionOpen},
		{"adoption before a day is fixed", adoptionRevealed},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, bareWorld(t, open(t))) })
	}
}

// RunSplit puts a network that is split into channels through its tests: open
// returns the empty ledger on a channel of a name, each name once.
func RunSplit(t *testing.T, open func(t *testing.T, channel string) Network) {
	federation, north := open(t, "federation"), open(t, contract.ClusterChannel("north"))
	t.Run("two clusters of two", func(t *testing.T) {
		split(t, federation, map[string]Network{"north": north, "south": open(t, contract.ClusterChannel("south"))})
	})
	t.Run("functions and channels", func(t *testing.T) { channels(t, federation, north) })
	t.Run("a node with a past", func(t *testing.T) { past(t, open(t, "past"), open(t, contract.ClusterChannel("past"))) })
}

// wants fails the test unless err is of the kind; Internal stands for no error.
func wants(t *testing.T, what string, err error, k fault.Kind) {
	t.Helper()
	switch {
	case k == fault.Internal && err != nil:
		t.Fatalf("%s: %v", what, err)
	case k != fault.Internal && !fault.Is(err, k):
		t.Errorf("%s: got %v (%v), want %v", what, err, fault.KindOf(err), k)
	}
}

const fine = fault.Internal

func one[T any](v T, err error) error { return err }
