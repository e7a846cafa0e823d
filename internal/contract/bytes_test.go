package contract_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/michaelperna/9ten/internal/contract"
)

// TestIntentID fixes the bytes an intent is named by. The digests were computed
// with sha256sum over the bytes written out by hand.
func TestIntentID(t *testing.T) {
	for _, tt := range []struct {
		in   contract.IntentProposal
		want string
	}{
		{contract.IntentProposal{Kind: contract.AdmitMember, Subject: "b.example", Payload: []byte("group"), Note: "not part of it"}, "0c5cdc247f43ee634a38562e927dfbccb5a1fb9edbce0da3d415d61d030614c4"},
		{contract.IntentProposal{Kind: contract.SetValidators, Payload: []byte{0}}, "acbf8fee567cca967d6aae515349edfb6d4975a1921750701ab82299ee206347"},
	} {
		got, err := tt.in.ID()
		if err != nil || got.String() != tt.want {
			t.Errorf("%s %s: %s, %v, want %s", tt.in.Kind, tt.in.Subject, got, err, tt.want)
		}
	}
}

// TestAdoptionHash fixes what an adoption is named by, in the same way.
func TestAdoptionHash(t *testing.T) {
	f := contract.AdoptionFiling{Node: "a.example", Head: contract.Digest{1}, Height: 7, At: 258}
	const want = "b30e1f466a7b56f313bd5f252579ddf21271c65a19ca18da6cc880f457804f63"
	if got, err := f.Over([]contract.Digest{{2}, {3}}); err != nil || got.String() != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// TestSignedDay fixes the bytes that a node's log key signs for others to carry.
func TestSignedDay(t *testing.T) {
	a := contract.DayAnchor{Node: "a.example", Day: 20261124, Size: 5, Root: contract.Digest{1}, Books: contract.Digest{2}, Invoices: contract.Digest{3}, InvoiceCount: 4,
		Commit: contract.Digest{5}, Reveal: contract.Digest{6}, Proof: []contract.Digest{{7}}, Signature: []byte{8}}
	p := contract.DayPayments{Node: "a.example", Day: 20261124, Evidence: contract.Digest{1}, EvidenceCount: 2, Declared: contract.Digest{3}, DeclaredCount: 4,
		Received: 5, Refunded: 6, Signature: []byte{8}}
	for _, tt := range []struct {
		what   string
		encode func() ([]byte, error)
		want   string
	}{
		{"anchor", a.Encode, "3210b72b1e9c115132e38c3d648da5c8ccf15a7c00e078ba9d2a105dfe950911"},
		{"payments", p.Encode, "92507bb0cbdd51101d01146e5bd7d11544f0ff4aa0c52e5245b527abaa0ecd09"},
	} {
		b, err := tt.encode()
		if got := fmt.Sprintf("%x", sha256.Sum256(b)); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.what, got, err, tt.want)
		}
	}
	p.Refunded = -1
	if _, err := p.Encode(); err == nil {
		t.Error("a negative amount has bytes")
	}
}
