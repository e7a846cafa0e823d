package document_test

import (
	"crypto/ed25519"
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/credit"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Who is paid for a release is said to servers that say who they are, with proofs
// that hold.
func TestCredits(t *testing.T) {
	s := newShelf()
	s.full.Tracks[0].Sheet = music.Sheet{Track: track, Version: 3, State: music.InForce, Since: fedtest.Moment, Shares: []music.Share{{Act: act, Bps: 10_000}}}
	s.full.Names = map[id.Act]music.ActRow{act: {ID: act, Name: "Low Tide"}}
	s.wallets = map[id.Act][]music.Wallet{act: {{Name: "Ada", Address: fedtest.Wallet, Bps: 10_000}}}
	n := fedtest.NewNode(t)
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := documents(n, s)
	d.Sign, d.Now = func(a id.Act) (string, ed25519.PrivateKey) {
		return form.ProofKey(form.Site{Origin: fedtest.Origin}.Act(a)), key
	}, n.Now
	d.Asker = func(r *http.Request) (string, error) {
		if r.Header.Get("Signature") == "" {
			return "", fault.New(fault.Unauthenticated, "Who asks?")
		}
		return "quay.example", nil
	}
	mux := http.NewServeMux()
	d.Register(mux)
	path := "/ap/releases/" + string(release) + "/credits"
	if res := get(mux, path, asked); res.Code != http.StatusUnauthorized {
		t.Errorf("without a signature: %d", res.Code)
	}
	res := signed(mux, path)
	got, proofs, err := credit.Read(res.Body.Bytes())
	if err != nil || res.Code != http.StatusOK || res.Header().Get("Cache-Control") != "no-store" || len(proofs) != 2 {
		t.Fatalf("%d %s: %v", res.Code, res.Body, err)
	}
	for _, p := range proofs {
		if err := p.Sealed.Verify(public); err != nil || !p.Sealed.Created.Equal(fedtest.Moment) || p.Act != "https://nine.example/ap/acts/"+string(act) {
			t.Errorf("%s: %v, %v", p.Act, p.Sealed.Created, err)
		}
	}
	if len(got.Sheets) != 1 || got.Sheets[0].Version != 3 || got.Payouts[0].Wallets[0] != (credit.Wallet{Address: fedtest.Wallet, Points: 10_000}) || got.ID != "https://nine.example"+path {
		t.Errorf("%+v", got)
	}
	if res := signed(mux, "/ap/releases/01KAZ0000000000000000000XX/credits"); res.Code != http.StatusNotFound {
		t.Errorf("of no release: %d", res.Code)
	}
}
