package network_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/network"
)

func TestIntentsAreSaidInWords(t *testing.T) {
	at := time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)
	i := network.Intent{
		Kind: network.SetValidators, By: "a.example", Validators: []string{"a.example", "b.example"}, State: network.Open, Until: at, Note: "so that both look",
		Approvals: []network.Voice{{Node: "a.example"}}, Declines: []network.Voice{{Node: "b.example", Reason: "not yet"}},
		Needs: []network.Quorum{{Of: network.Members, Have: 1, Need: 2}},
	}
	if got := i.Words(); got != "a.example proposes that these endorse: a.example, b.example." {
		t.Error(got)
	}
	want := []string{"note: so that both look", "members: 1 approved, 2 needed", "approved by a.example", "declined by b.example: not yet", "open until 2026-11-26 06:00 UTC"}
	if got := i.Facts(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, k := range []string{network.AdmitMember, network.RemoveMember, network.AddOrderer, network.RemoveOrderer, network.ReplaceOrderer, network.UpgradeContract} {
		i := network.Intent{Kind: k, By: "a.example", Subject: "c.example"}
		if got := i.Words(); strings.Contains(got, "does not know") || !strings.Contains(got, "c.example") {
			t.Error(got)
		}
	}
	later := network.Intent{Kind: "of-tomorrow", By: "a.example", State: "applied", ConcludedBy: "b.example", Concluded: at}
	if got := later.Words(); !strings.Contains(got, "Update it before you decide") {
		t.Error(got)
	}
	if got := later.Facts(); !slices.Equal(got, []string{"applied, said by b.example on 2026-11-26 06:00 UTC"}) {
		t.Errorf("%q", got)
	}
}
