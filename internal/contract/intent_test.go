package contract_test

import (
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
